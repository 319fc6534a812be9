-- What decided last in consent_history is what consents says now, for everybody who stated anything.
with

newest as (

    select * from {{ ref('consent_history') }}
    where valid_to is null

),

stated as (

    select * from {{ ref('consents') }}
    where rule in ('stated', 'follows email')

)

select coalesce(newest.customer_id, stated.customer_id) as customer_id
from newest
full outer join stated
    on
        newest.customer_id = stated.customer_id
        and newest.purpose = stated.purpose
        and newest.channel = stated.channel
where
    newest.customer_id is null
    or stated.customer_id is null
    or newest.status <> stated.status
    or newest.proof <> stated.proof
