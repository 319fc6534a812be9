with

interactions as (

    select * from {{ ref('int_timeline__purchases') }}
    union all
    select * from {{ ref('int_timeline__visits_and_mails') }}
    union all
    select * from {{ ref('int_timeline__conversations') }}
    union all
    select * from {{ ref('int_timeline__loyalty_and_store') }}

),

final as (

    select
        customer_id,
        occurred_at,
        channel,
        interaction,
        sentence,
        amount,
        currency,
        source,
        source_table,
        source_id,
        interaction || ':' || source_table || ':' || source_id || '@' || {{ marts_epoch_text('occurred_at') }}
            as interaction_id
    from interactions
    where customer_id is not null and occurred_at is not null

)

select * from final
