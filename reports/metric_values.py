"""Values of metrics over any period, by day, week or month and by a dimension, from the published measures.

People are counted anew over each period, never added up from days: somebody who returned twice is one returning customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from reports.errors import UnknownDimension, UnknownMetric, nearest
from reports.periods import Grain, Period
from reports.published import read_rows, to_date

_DEFINITIONS = """
    select metric, title, numerator_measure, denominator_measure, unit, better, formula
    from metrics.metric_definitions
"""
# rows of one measure: the day, what it is told apart by, and an amount to add or a person to count
_ALL = """
    select measured_on, 'all' as part, counted_id, amount from intermediate.int_measures__united where measure = $measure
"""
_BY = """
    select measured_on, {part} as part, {counted} as counted_id, {amount} as amount
    from metrics.measured_orders as o {join} where $measure is not null
"""
_VALUE = """
    select {bucket} as bucket, part, coalesce(sum(amount), count(distinct counted_id))::double as value
    from ({rows}) where measured_on between $since and $until group by all
"""


@dataclass(frozen=True)
class Metric:
    """A metric's definition; without a denominator it is its numerator."""

    name: str
    title: str
    numerator: str
    denominator: str | None
    unit: str
    better: str
    formula: str


@dataclass(frozen=True)
class MetricValue:
    """A metric over one stretch of days and one value of a dimension (`all` without); None where it divides by 0."""

    since: date
    part: str
    value: float | None


def read_metrics(connection: duckdb.DuckDBPyConnection) -> dict[str, Metric]:
    """Every published metric by name, in the order of the definitions. Raises NotPublished."""
    return {str(row["metric"]): Metric(*row.values()) for row in read_rows(connection, _DEFINITIONS)}


def find_metric(connection: duckdb.DuckDBPyConnection, name: str) -> Metric:
    """The metric of that name. Raises UnknownMetric with the nearest name, NotPublished."""
    metrics = read_metrics(connection)
    if name not in metrics:
        raise UnknownMetric(
            f"There is no metric {name!r}{nearest(name, metrics)} There are: {', '.join(sorted(metrics)) or 'none'}."
        )
    return metrics[name]


def read_dimensions(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """What each metric can be told apart by; a metric without dimensions is not in it."""
    rows = read_rows(
        connection, "select distinct metric, dimension from metrics.metrics_by_dimension order by all"
    )
    dimensions: dict[str, list[str]] = {}
    for row in rows:
        dimensions.setdefault(row["metric"], []).append(row["dimension"])
    return dimensions


def check_dimension(connection: duckdb.DuckDBPyConnection, metric: Metric, dimension: str) -> None:
    """Raises UnknownDimension, naming those that the metric has and those metrics that have some."""
    known = read_dimensions(connection)
    if dimension in known.get(metric.name, ()):
        return
    if metric.name in known:
        raise UnknownDimension(
            f"{metric.name} cannot be told apart by {dimension!r}{nearest(dimension, known[metric.name])} "
            f"It has: {', '.join(known[metric.name])}."
        )
    raise UnknownDimension(
        f"{metric.name} cannot be told apart by anything yet. These can: {', '.join(sorted(known))}."
    )


def read_values(
    connection: duckdb.DuckDBPyConnection,
    metric: Metric,
    period: Period,
    *,
    grain: Grain | None = None,
    dimension: str | None = None,
) -> list[MetricValue]:
    """The metric over the period, or per day, week (from Monday) or month of it; by the values of a dimension or for all.

    Without a dimension every stretch has a value, with one those that have orders; by date, then by name. Raises NotPublished,
    UnknownDimension.
    """
    if dimension is not None:
        check_dimension(connection, metric, dimension)
    numerators = _measure(connection, metric.numerator, period, grain, dimension)
    denominators = (
        _measure(connection, metric.denominator, period, grain, dimension) if metric.denominator else None
    )
    keys = {*numerators, *(denominators or ())}
    if dimension is None:
        keys |= {(bucket, "all") for bucket in _buckets(connection, period, grain)}
    return [
        MetricValue(max(bucket, period.since), part, _divide(numerators, denominators, (bucket, part)))
        for bucket, part in sorted(keys)
    ]


_Key = tuple[date, str]


def _divide(over: dict[_Key, float], under: dict[_Key, float] | None, key: _Key) -> float | None:
    if under is None:
        return over.get(key, 0.0)
    return over.get(key, 0.0) / under[key] if under.get(key) else None


def _measure(
    connection: duckdb.DuckDBPyConnection,
    measure: str,
    period: Period,
    grain: Grain | None,
    dimension: str | None,
) -> dict[_Key, float]:
    bucket = f"date_trunc('{grain}', measured_on)" if grain else "$since"
    rows = _ALL if dimension is None else _by(connection, measure, dimension)
    found = connection.execute(
        _VALUE.format(bucket=bucket, rows=rows),
        {"measure": measure, "since": period.since, "until": period.until},
    ).fetchall()
    return {(to_date(start), part): value for start, part, value in found}


def _by(connection: duckdb.DuckDBPyConnection, measure: str, dimension: str) -> str:
    # measure and dimension are names that the published tables told, never what somebody typed
    is_people = read_rows(
        connection, f'select typeof(any_value("{measure}")) as type from metrics.measured_orders'
    )
    is_segment = dimension == "segment"
    column, nothing = f'o."{measure}"', "null"
    counted, amount = (column, nothing) if is_people[0]["type"] == "VARCHAR" else (nothing, column)
    return _BY.format(
        part="coalesce(m.segment_name, 'none')" if is_segment else f'o."{dimension}"',
        counted=counted,
        amount=amount,
        join="left join segments.segment_membership as m using (customer_id)" if is_segment else "",
    )


def _buckets(connection: duckdb.DuckDBPyConnection, period: Period, grain: Grain | None) -> list[date]:
    if grain is None:
        return [period.since]
    rows = connection.execute(
        f"select unnest(generate_series(date_trunc('{grain}', $1::date), $2::date, interval 1 {grain}))",
        [period.since, period.until],
    ).fetchall()
    return [to_date(start) for (start,) in rows]
