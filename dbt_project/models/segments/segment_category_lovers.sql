with

facts as (

    select * from {{ ref('int_customer__order_facts') }}

),

members as (

    select
        customer_id,
        'Spent ' || cast(cast(floor(favourite_category_share * 100) as integer) as varchar) || ' % on '
        || favourite_category || ', in ' || {{ marts_count_text('favourite_category_order_count', 'order') }}
        || '.' as reason,
        favourite_category,
        favourite_category_share
    from facts
    where
        favourite_category_order_count >= {{ var('category_lovers_minimum_orders') }}
        and favourite_category_share >= {{ var('category_lovers_minimum_share') }}

)

select * from members
