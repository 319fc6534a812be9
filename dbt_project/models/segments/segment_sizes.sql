with

declared as (

    {%- for segment in marts_segment_names() %}
    {%- set contract = marts_segment_meta(segment) %}
    select
        '{{ segment }}' as segment_name,
        '{{ contract.title }}' as title,
        '{{ contract.channel }}' as channel,
        {{ contract.size_band[0] }} as smallest_expected_size,
        {{ contract.size_band[1] }} as largest_expected_size
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        segment_name,
        count(*) as member_count
    from {{ ref('segment_membership') }}
    group by segment_name

),

sizes as (

    select
        declared.*,
        coalesce(counted.member_count, 0) as member_count,
        coalesce(counted.member_count, 0)
        between declared.smallest_expected_size and declared.largest_expected_size as is_within_band
    from declared
    left join counted on declared.segment_name = counted.segment_name

)

select * from sizes
