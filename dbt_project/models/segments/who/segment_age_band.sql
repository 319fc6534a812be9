with

customers as (

    select
        *,
        {{ marts_age('birth_date') }} as age
    from {{ ref('customers') }}
    where birth_date is not null

),

members as (

    select
        customer_id,
        'Is ' || cast(age as varchar) || ' years old.' as reason,
        age
    from customers
    where age between {{ var('age_band_from') }} and {{ var('age_band_until') }}

)

select * from members
