with

customers as (

    select * from {{ ref('customers') }}

),

members as (

    select
        customer_id,
        'Lives in ' || coalesce(postcode, city, country) || '.' as reason,
        city,
        postcode,
        country
    from customers
    where
        {{ marts_one_of('country', var('local_countries'), if_empty='true') }}
        and {{ marts_one_of('city', var('local_cities'), if_empty='true') }}
        and {{ marts_starts_with('postcode', var('local_postcode_starts')) }}

)

select * from members
