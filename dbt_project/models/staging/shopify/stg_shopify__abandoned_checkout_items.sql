with delivered as (
    select
        *,
        -- only the first line of a checkout is dated, and its lines follow each other
        max(case when created_at is not null then _row end) over (
            partition by _load_id order by _row rows between unbounded preceding and current row
        ) as first_row
    from {{ source('raw', 'shopify_abandoned_checkouts') }}
),

filled as (
    select
        *,
        max({{ clean_text('id') }}) over (partition by _load_id, first_row) as checkout_id,
        row_number() over (partition by _load_id, first_row order by _row) as line_number
    from delivered
    where first_row is not null
),

ranked as (
    select
        *,
        dense_rank() over (
            partition by checkout_id order by _delivered_at desc, _load_id desc, first_row desc
        ) as version
    from filled
),

cleaned as (
    select
        checkout_id,
        line_number,
        lineitem_sku as sku,
        lineitem_name as product_name,
        coalesce({{ parse_count('lineitem_quantity') }}, 0) as quantity,
        {{ parse_money('lineitem_price') }} as price_amount
    from ranked
    where version = 1
)

select * from cleaned
