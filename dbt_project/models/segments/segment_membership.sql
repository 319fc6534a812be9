with

membership as (

    {%- for segment in marts_segment_names() %}
    select
        customer_id,
        '{{ segment }}' as segment_name,
        '{{ marts_segment_meta(segment).channel }}' as channel,
        reason
    from {{ ref('segment_' ~ segment) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from membership
