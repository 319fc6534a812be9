with

claims as (

    {% for group_name, segments in var('priority_groups').items() %}
    {%- set outer = loop %}
    {%- for segment in segments %}
    -- depends_on: {{ ref('segment_' ~ segment) }}
    select
        '{{ group_name }}' as group_name,
        '{{ segment }}' as segment_name,
        {{ loop.index }} as priority
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
    {% endfor %}

),

ranked as (

    select
        claims.group_name,
        members.customer_id,
        claims.segment_name,
        claims.priority,
        members.is_holdout,
        row_number() over (
            partition by claims.group_name, members.customer_id order by claims.priority asc
        ) as claim_order
    from claims
    inner join {{ ref('segment_membership') }} as members on claims.segment_name = members.segment_name

),

final as (

    select
        group_name,
        customer_id,
        segment_name,
        priority,
        is_holdout
    from ranked
    where claim_order = 1

)

select * from final
