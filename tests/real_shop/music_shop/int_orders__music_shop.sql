with

purchases as (

    select * from {{ ref('stg_music_shop__purchases') }}

),

shaped as (

    select {{ order_columns(
        'music_shop', 'order_id', 'record_id', 'purchased_at', 'total_amount', item_count='item_count'
    ) }}
    from purchases

)

select * from shaped
