with

loads as (

    select
        load_id,
        cast(loaded_at as date) as measured_on,
        source,
        coalesce(status, '') = 'loaded' and coalesce(rows_rejected, 0) = 0 as needed_nobody
    from {{ source('raw', 'loads') }}

)

select * from loads
