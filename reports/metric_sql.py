"""SQL for one metric over any stretches of days, made of what the published tables say it is made of.

Names and expressions come from `metrics.metric_definitions` and `metrics.metric_measures`, never from what somebody typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# a measure, perhaps added up to a day, perhaps of some time before: revenue, revenue__to_date__1_year_before
_SERIES = re.compile(r"(?P<measure>\w+?)(?P<to_date>__to_date)?(?:__(?P<count>\d+)_(?P<unit>[a-z]+)_before)?")

_VALUES = """
    with buckets as (select unnest($starts::date[]) as bucket, unnest($sinces::date[]) as since, unnest($untils::date[]) as until),
    series as ({series}),
    parts as ({parts}),
    pivoted as (
        select p.bucket, p.part, {columns}
        from parts as p left join series as s on p.bucket = s.bucket and p.part = s.part group by all
    )
    select bucket, part, ({expression})::double as value from pivoted order by all
"""
_SERIES_ROWS = """
    select '{name}' as series, b.bucket, {part} as part, {value}::double as value
    from buckets as b join ({rows}) as f on f.counted_day between {first} and {last} group by all
"""


@dataclass(frozen=True)
class Measure:
    """Where a measure's rows are, and how they are added up and told apart: a row of metric_measures."""

    measure: str
    table_name: str
    time_expression: str
    aggregation: str
    expression: str
    dimension: str
    dimension_expression: str
    customer_expression: str | None


@dataclass(frozen=True)
class Series:
    """A measure as a metric's expression uses it."""

    name: str
    measure: str
    is_cumulative: bool
    interval: str | None


def series_of(expression: str, measures: Mapping[str, object]) -> list[Series]:
    """The series named in an expression, in its order."""
    found: dict[str, Series] = {}
    for word in re.findall(r"[a-z_]\w*", expression):
        parts = _SERIES.fullmatch(word)
        if parts and parts["measure"] in measures:
            interval = f"{parts['count']} {parts['unit']}" if parts["count"] else None
            found[word] = Series(word, parts["measure"], parts["to_date"] is not None, interval)
    return list(found.values())


def values_sql(expression: str, series: list[Series], measures: Mapping[str, Measure]) -> str:
    """Rows bucket, part, value; parameters starts, sinces and untils are the buckets' first and last days."""
    dimension = next(iter(measures.values())).dimension
    parts = "select bucket, 'all' as part from buckets"
    if dimension != "all":
        own = ", ".join(f"'{one.name}'" for one in series if not one.interval)
        parts = f"select distinct bucket, part from series where series in ({own})"
    return _VALUES.format(
        series=" union all ".join(_series_sql(one, measures[one.measure]) for one in series),
        parts=parts,
        columns=", ".join(f"max(s.value) filter (s.series = '{one.name}') as {one.name}" for one in series),
        expression=expression,
    )


def _series_sql(one: Series, measure: Measure) -> str:
    back = f" - interval '{one.interval}'" if one.interval else ""
    counts = measure.aggregation == "count_distinct"
    return _SERIES_ROWS.format(
        name=one.name,
        part="f.counted_part",
        value="count(distinct f.counted)" if counts else "sum(f.counted)",
        rows=_rows_sql(measure),
        first="date '0001-01-01'" if one.is_cumulative else f"b.since{back}",
        last=f"b.until{back}",
    )


def _rows_sql(measure: Measure) -> str:
    """One row per row of the measured table: its day, the value of its dimension, what is added or counted."""
    customer = measure.customer_expression
    columns, joined = ["t.*"], ""
    if customer and measure.dimension == "segment":
        columns.append("coalesce(m.segment_name, 'none') as segment_name")
        joined = f"left join segments.segment_membership as m on t.{customer} = m.customer_id"
    elif customer:
        names = sorted(set(re.findall(r"\bcustomer__(\w+)", measure.dimension_expression)))
        columns += [f'c."{name}" as customer__{name}' for name in names]
        joined = f"left join metrics.measured_customers as c on t.{customer} = c.customer_id" if names else ""
    return (
        f"select ({measure.time_expression})::date as counted_day, {measure.dimension_expression} as counted_part,"
        f" {measure.expression} as counted from (select {', '.join(columns)} from {measure.table_name} as t {joined})"
    )
