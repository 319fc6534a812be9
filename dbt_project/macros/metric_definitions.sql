{#-
    What the metric blocks (models/metrics/definitions/) and the semantic models (models/metrics/measured/) say, read from
    dbt's own graph: there is no second list of metrics, measures or dimensions. dbt knows its graph when it runs, not
    while it reads files: everything here is empty then, and models name what they depend on in a comment.
-#}

{#- dbt's graph, or what a unit test gives in its stead: dbt shows unit tests an empty one. -#}
{% macro metric_graph() -%}
    {{ return(var('metric_graph', none) or graph) }}
{%- endmacro %}

{#- The metrics that people read, by area and name (dbt's graph has them in any order); those that dbt makes of measures
    have no unit. -#}
{% macro metric_blocks() -%}
    {%- set blocks = [] -%}
    {%- if execute -%}
        {%- set areas = ['money', 'customers', 'marketing', 'sales', 'service', 'operations', none] -%}
        {%- for area in areas -%}
            {%- for metric in metric_graph().metrics.values() | sort(attribute='name')
                if metric.config.meta.unit and metric.config.meta.get('area') == area -%}
                {%- do blocks.append(metric) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(blocks) }}
{%- endmacro %}

{#- The semantic models that have measures. -#}
{% macro metric_facts() -%}
    {%- set facts = [] -%}
    {%- if execute -%}
        {%- for semantic_model in metric_graph().semantic_models.values() if semantic_model.measures -%}
            {%- do facts.append(semantic_model) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(facts) }}
{%- endmacro %}

{#- The semantic model of customers: its dimensions are everybody's who has a customer. -#}
{% macro metric_customer_dimensions() -%}
    {{ return(
        metric_graph().semantic_models['semantic_model.' ~ project_name ~ '.customers'].dimensions | map(attribute='name') | list
    ) }}
{%- endmacro %}

{% macro metric_model_of(semantic_model) -%}
    {{ return(semantic_model.refs[0].name) }}
{%- endmacro %}

{#- The SQL of a thing with a name and perhaps an `expr`. -#}
{% macro metric_expr(thing) -%}
    {{ return(thing.expr or thing.name) }}
{%- endmacro %}

{% macro metric_time_expr(semantic_model) -%}
    {%- for dimension in semantic_model.dimensions if dimension.name == semantic_model.defaults.agg_time_dimension -%}
        {{ return(metric_expr(dimension)) }}
    {%- endfor -%}
{%- endmacro %}

{#- The customer in a semantic model's table; none where its rows are nobody's. -#}
{% macro metric_customer_expr(semantic_model) -%}
    {%- for entity in semantic_model.entities if entity.name == 'customer' -%}
        {{ return(metric_expr(entity)) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{#- {dimension: SQL} of a semantic model: its own, and its customers'. Without a value it is `unknown`. -#}
{% macro metric_dimensions(semantic_model) -%}
    {%- set dimensions = {} -%}
    {%- if metric_customer_expr(semantic_model) -%}
        {%- for name in metric_customer_dimensions() -%}
            {%- do dimensions.update({name: 'customer__' ~ name}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for dimension in semantic_model.dimensions if dimension.type == 'categorical' -%}
        {%- do dimensions.update({dimension.name: metric_expr(dimension)}) -%}
    {%- endfor -%}
    {%- for name, sql in dimensions.items() -%}
        {%- do dimensions.update({name: "coalesce(cast(" ~ sql ~ " as varchar), 'unknown')"}) -%}
    {%- endfor -%}
    {{ return(dimensions) }}
{%- endmacro %}

{#- `1 year` → `1_year`: how a series of that long before is called. -#}
{% macro metric_offset_name(offset) -%}
    {{ return(offset.count ~ '_' ~ offset.granularity) }}
{%- endmacro %}

{#-
    A metric as SQL over series of measures: `revenue`, `first_purchases__to_date`, `revenue__1_year_before`. Series are
    added to `series` as {name: {measure, is_cumulative, offset}}. What was not measured counts as 0, except where the
    owner has to supply it (`needs_input`): then there is no figure.
-#}
{% macro metric_expression(metric, series, offset=none, needs_input=false) -%}
    {%- set blocks = metric_graph().metrics -%}
    {%- set needs_input = needs_input or metric.config.meta.needs_input -%}
    {%- set prefix = 'metric.' ~ project_name ~ '.' -%}
    {%- if metric.type in ('simple', 'cumulative') -%}
        {%- set measure = metric.type_params.measure.name -%}
        {%- set name = measure ~ ('__to_date' if metric.type == 'cumulative' else '')
            ~ ('__' ~ metric_offset_name(offset) ~ '_before' if offset else '') -%}
        {%- do series.update({name: {
            'measure': measure, 'is_cumulative': metric.type == 'cumulative', 'offset': offset
        }}) -%}
        {{ return(name if needs_input else 'coalesce(' ~ name ~ ', 0)') }}
    {%- elif metric.type == 'ratio' -%}
        {%- set over = metric_expression(
            blocks[prefix ~ metric.type_params.numerator.name], series, offset, needs_input) -%}
        {%- set under = metric_expression(
            blocks[prefix ~ metric.type_params.denominator.name], series, offset, needs_input) -%}
        {{ return('(' ~ over ~ ' / nullif(' ~ under ~ ', 0))') }}
    {%- else -%}
        {%- set parts = [] -%}
        {%- set formula = namespace(text=metric.type_params.expr) -%}
        {%- for input in metric.type_params.metrics -%}
            {%- do parts.append(metric_expression(
                blocks[prefix ~ input.name], series, input.offset_window or offset, needs_input)) -%}
            {%- set formula.text = modules.re.sub(
                '\\b' ~ (input.alias or input.name) ~ '\\b', '<' ~ loop.index0 ~ '>', formula.text) -%}
        {%- endfor -%}
        {%- for part in parts -%}
            {%- set formula.text = formula.text | replace('<' ~ loop.index0 ~ '>', part) -%}
        {%- endfor -%}
        {{ return('(' ~ formula.text ~ ')') }}
    {%- endif -%}
{%- endmacro %}

{#- Every series that some metric is made of: {name: {measure, is_cumulative, offset}}. -#}
{% macro metric_series() -%}
    {%- set series = {} -%}
    {%- for metric in metric_blocks() -%}
        {%- do metric_expression(metric, series) -%}
    {%- endfor -%}
    {{ return(series) }}
{%- endmacro %}

{#- {name: offset} of every stretch of time that some metric looks back. -#}
{% macro metric_offsets() -%}
    {%- set offsets = {} -%}
    {%- for one in metric_series().values() if one.offset -%}
        {%- do offsets.update({metric_offset_name(one.offset): one.offset}) -%}
    {%- endfor -%}
    {{ return(offsets) }}
{%- endmacro %}

{#- A metric with its expressions, as a row of metric_definitions. -#}
{% macro metric_row(metric) -%}
    {%- set prefix = 'metric.' ~ project_name ~ '.' -%}
    {%- set series = {} -%}
    {%- set row = {'expression': metric_expression(metric, series), 'numerator': none, 'denominator': none} -%}
    {%- set needs_input = metric.config.meta.needs_input -%}
    {%- if metric.type == 'ratio' -%}
        {%- do row.update({
            'numerator': metric_expression(
                metric_graph().metrics[prefix ~ metric.type_params.numerator.name], {}, none, needs_input),
            'denominator': metric_expression(
                metric_graph().metrics[prefix ~ metric.type_params.denominator.name], {}, none, needs_input),
        }) -%}
    {%- elif metric.type != 'derived' -%}
        {%- do row.update({'numerator': row.expression}) -%}
    {%- endif -%}
    {#- it has a value where one of these has: looking back alone makes no day -#}
    {%- set own = [] -%}
    {%- for name, one in series.items() if not one.offset -%}
        {%- do own.append(name) -%}
    {%- endfor -%}
    {%- do row.update({'own_series': own}) -%}
    {{ return(row) }}
{%- endmacro %}

{#- What an owner can supply: the columns of measured_inputs. -#}
{% macro marts_owner_inputs() -%}
    {{ return([
        'market_size', 'operating_costs', 'cost_of_goods', 'hours_available', 'hours_worked', 'cost_before', 'cost_now'
    ]) }}
{%- endmacro %}

{#- A text as SQL literal, or null. -#}
{% macro metric_literal(text) -%}
    {{ return("'" ~ text | replace("'", "''") ~ "'" if text else 'cast(null as varchar)') }}
{%- endmacro %}
