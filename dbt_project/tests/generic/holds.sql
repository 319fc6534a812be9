{#- Rows that break a rule which every row must keep; several rules are one query (`and`). Unknown counts as broken. -#}
{% test holds(model, rule) %}
select *
from {{ model }}
where not coalesce({{ rule }}, false)
{% endtest %}
