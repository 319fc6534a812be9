with

claims as (

    {%- for claim in marts_priority_claims() %}
    -- depends_on: {{ ref('segment_' ~ claim.segment) }}
    select
        '{{ claim.group }}' as group_name,
        '{{ claim.segment }}' as segment_name,
        {{ claim.priority }} as priority
    {{ 'union all' if not loop.last }}
    {%- endfor %}

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
