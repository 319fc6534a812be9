{#- One select per semantic model, made of what it declares; dbt must be told what may be among them. -#}
-- depends_on: {{ ref('measured_customers') }}
-- depends_on: {{ ref('measured_orders') }}
-- depends_on: {{ ref('measured_items') }}
-- depends_on: {{ ref('measured_visits') }}
-- depends_on: {{ ref('measured_emails') }}
-- depends_on: {{ ref('measured_ads') }}
-- depends_on: {{ ref('measured_ratings') }}
-- depends_on: {{ ref('measured_recommendations') }}
-- depends_on: {{ ref('measured_tickets') }}
-- depends_on: {{ ref('measured_deals') }}
-- depends_on: {{ ref('measured_activity') }}
-- depends_on: {{ ref('measured_deliveries') }}
-- depends_on: {{ ref('measured_inputs') }}
-- depends_on: {{ ref('segment_membership') }}
{%- set keys = ['measured_on', 'dimension', 'dimension_value'] %}

with

{%- for facts in metric_facts() %}
{%- set dimensions = metric_dimensions(facts) %}

{{ facts.name }}_rows as (

    {{ metric_fact_rows(facts) }}

),

{{ facts.name }}_told_apart as (

    select
        *
        {%- for name, sql in dimensions.items() %},
        {{ sql }} as by_{{ name }}
        {%- endfor %}
    from {{ facts.name }}_rows

),

{{ facts.name }}_days as (

    select
        measured_on,
        {% if dimensions %}case
            {%- for name in dimensions %}
            when grouping(by_{{ name }}) = 0 then '{{ name }}'
            {%- endfor %}
            else 'all'
        end{% else %}'all'{% endif %} as dimension,
        coalesce({% for name in dimensions %}by_{{ name }}, {% endfor %}'all') as dimension_value,
        {{- metric_measure_columns(facts) }}
    from {{ facts.name }}_told_apart
    group by grouping sets (
        (measured_on)
        {%- for name in dimensions %},
        (measured_on, by_{{ name }})
        {%- endfor %}
    )
    {%- if metric_customer_expr(facts) %}
    -- somebody in two segments counts in both
    union all
    select
        facts.measured_on,
        'segment' as dimension,
        coalesce(members.segment_name, 'none') as dimension_value,
        {{- metric_measure_columns(facts) }}
    from {{ facts.name }}_rows as facts
    left join (
        select
            customer_id as member_id,
            segment_name
        from {{ ref('segment_membership') }}
    ) as members on facts.{{ metric_customer_expr(facts) }} = members.member_id
    group by 1, 2, 3
    {%- endif %}

),
{%- endfor %}

final as (

    {%- for facts in metric_facts() %}
    {{ metric_long(facts, facts.name ~ '_days', keys) }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select cast(null as date) as measured_on
    {%- endfor %}

)

select * from final
