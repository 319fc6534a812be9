with

rates as (

    select * from {{ ref('exchange_rates') }}
    where to_currency = '{{ var("shop_currency") }}'

),

periods as (

    select
        currency,
        rate,
        cast(valid_from_date as timestamp) as valid_from_at,
        coalesce(
            cast(lead(valid_from_date) over (partition by currency order by valid_from_date) as timestamp),
            timestamp '9999-12-31 00:00:00'
        ) as valid_until_at
    from rates

)

select * from periods
