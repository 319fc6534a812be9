{#-
    Rows that break a rule which every row should keep; several rules are one query (`and`). Unknown counts as broken.
    Other companies' tools send the odd strange row: a few are a warning, a hundred mean that the source has changed.
-#}
{% test holds(model, rule) %}
{{ config(warn_if='>0', error_if='>=100') }}
select *
from {{ model }}
where not coalesce({{ rule }}, false)
{% endtest %}
