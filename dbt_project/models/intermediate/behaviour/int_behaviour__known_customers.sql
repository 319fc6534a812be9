with

clusters as (

    select distinct customer_id from {{ source('identity', 'identity_clusters') }}

),

appearances as (

    select
        customer_id,
        min(occurred_at) as appeared_at
    from {{ ref('customer_timeline') }}
    group by customer_id

),

-- today everybody is known; on a past day only who had done something by then
known as (

    select
        dates.as_of_at,
        dates.is_now,
        clusters.customer_id
    from {{ ref('int_behaviour__dates') }} as dates
    cross join clusters
    left join appearances on clusters.customer_id = appearances.customer_id
    where dates.is_now or appearances.appeared_at <= dates.as_of_at

)

select * from known
