{#- As int_measures__daily, over the last 30 days and the 30 before: people are counted once in a period. -#}
{#- What dbt's graph declares is not there when this is linted. -#}
-- noqa: disable=ST03,ST11,LT02,LT09
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
{%- set today = 'cast(' ~ as_of() ~ ' as date)' %}
{%- set windows = {'': none} %}
{%- for name, offset in metric_offsets().items() %}
{%- do windows.update({'__' ~ name ~ '_before': offset}) %}
{%- endfor %}

with

periods as (

    select
        'current' as period,
        {{ dbt.dateadd('day', -29, today) }} as since,
        {{ today }} as until
    union all
    select
        'previous' as period,
        {{ dbt.dateadd('day', -59, today) }} as since,
        {{ dbt.dateadd('day', -30, today) }} as until

),

-- each period itself, everything up to its end, and both as long before as some metric looks back
windows as (

    {%- for name, offset in windows.items() %}
    {%- set since = dbt.dateadd(offset.granularity, -offset.count, 'since') if offset else 'since' %}
    {%- set until = dbt.dateadd(offset.granularity, -offset.count, 'until') if offset else 'until' %}
    select
        period,
        '{{ name }}' as ending,
        cast({{ since }} as date) as since,
        cast({{ until }} as date) as until
    from periods
    union all
    select
        period,
        '__to_date{{ name }}' as ending,
        cast('0001-01-01' as date) as since,
        cast({{ until }} as date) as until
    from periods
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

{%- for facts in metric_facts() %}

{{ facts.name }}_rows as (

    {{ metric_fact_rows(facts) }}

),

{{ facts.name }}_periods as (

    select
        windows.period,
        windows.ending,
        {{- metric_measure_columns(facts) }}
    from {{ facts.name }}_rows
    inner join windows on {{ facts.name }}_rows.measured_on between windows.since and windows.until
    group by windows.period, windows.ending

),
{%- endfor %}

measured as (

    {%- for facts in metric_facts() %}
    {{ metric_long(facts, facts.name ~ '_periods', ['period', 'ending']) }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select cast(null as varchar) as period
    {%- endfor %}

),

final as (

    select
        periods.period
        {%- for name in metric_series() %},
        sum(case when measured.measure || measured.ending = '{{ name }}' then measured.value end) as {{ name }}
        {%- endfor %}
    from periods
    left join measured on periods.period = measured.period
    group by periods.period

)

select * from final
