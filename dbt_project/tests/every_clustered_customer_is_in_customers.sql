-- Customers of the identity step that are missing from the mart, or in it without a record.
with

resolved as (

    select distinct customer_id
    from {{ source('identity', 'identity_clusters') }}

)

select coalesce(resolved.customer_id, customers.customer_id) as customer_id
from resolved
full outer join {{ ref('customers') }} as customers on resolved.customer_id = customers.customer_id
where resolved.customer_id is null or customers.customer_id is null
