"""Values of metrics over any period, by day, week or month and by a dimension, from the published measures.

People are counted anew over each period, never added up from days: somebody who returned twice is one returning customer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

import duckdb

from reports.errors import NotPublished, UnknownDimension, UnknownMetric, nearest
from reports.metric_sql import Measure, series_of, values_sql
from reports.periods import Grain, Period
from reports.published import read_rows, to_date

_DEFINITIONS = """
    select metric, title, unit, better, formula, expression, needs_data, needs_input from metrics.metric_definitions order by place
"""
_MEASURES = "select * from metrics.metric_measures where dimension = $1"
_DIMENSIONS = "select measure, dimension from metrics.metric_measures where dimension <> 'all' order by all"


@dataclass(frozen=True)
class Metric:
    """A metric's definition; `expression` is SQL over series of measures."""

    name: str
    title: str
    unit: str
    better: str
    formula: str
    expression: str
    needs_data: str | None
    needs_input: str | None


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
    """The metric of that name or title, however it is written. Raises UnknownMetric with the nearest name, NotPublished."""
    metrics = read_metrics(connection)
    known = {plain_name(metric.title): metric for metric in metrics.values()} | metrics
    if plain_name(name) not in known:
        raise UnknownMetric(
            f"There is no metric {name!r}{nearest(plain_name(name), metrics)} There are: {', '.join(sorted(metrics)) or 'none'}. "
            "`cdp metric` says what each means."
        )
    return known[plain_name(name)]


def plain_name(text: str) -> str:
    """A metric or dimension as its name is written: Email open rate → email_open_rate."""
    return "_".join(re.findall(r"[a-z0-9]+", text.lower()))


def read_dimensions(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """What each metric can be told apart by: what all of its measures have. A metric without dimensions is not in it."""
    by_measure: dict[str, set[str]] = {}
    for row in read_rows(connection, _DIMENSIONS):
        by_measure.setdefault(row["measure"], set()).add(row["dimension"])
    measures = _measures(connection, "all")
    dimensions: dict[str, list[str]] = {}
    for metric in read_metrics(connection).values():
        known = [by_measure.get(one.measure, set()) for one in series_of(metric.expression, measures)]
        if known and set.intersection(*known):
            dimensions[metric.name] = sorted(set.intersection(*known))
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

    Without a dimension every stretch has a value, with one those that have rows; by date, then by name. Raises NotPublished,
    UnknownDimension.
    """
    if dimension is not None:
        check_dimension(connection, metric, dimension)
    measures = _measures(connection, dimension or "all")
    series = series_of(metric.expression, measures)
    if not series:
        raise NotPublished(f"No published measure makes {metric.name}. Run `cdp run`, then look again.")
    starts = _buckets(connection, period, grain)
    sinces = [max(start, period.since) for start in starts]
    untils = [*(start - timedelta(days=1) for start in starts[1:]), period.until]
    sql = values_sql(metric.expression, series, {one.measure: measures[one.measure] for one in series})
    found = connection.execute(sql, {"starts": starts, "sinces": sinces, "untils": untils}).fetchall()
    return [MetricValue(max(to_date(start), period.since), part, value) for start, part, value in found]


def why_none(metric: Metric, values: Sequence[MetricValue]) -> str:
    """The sentence that says what there must be for a value that is missing; nothing where none is."""
    missing = [value for value in values if value.value is None]
    if metric.needs_input and len(missing) == len(values):
        return (
            f"{metric.title} needs input: add {metric.needs_input} for these months to dbt_project/seeds/owner_inputs.csv, "
            "then run `cdp run`."
        )
    if not missing or not metric.needs_data:
        return ""
    return f"– where there was too little to count: {metric.title} needs {metric.needs_data}."


def _measures(connection: duckdb.DuckDBPyConnection, dimension: str) -> dict[str, Measure]:
    names = [field.name for field in fields(Measure)]
    return {
        row["measure"]: Measure(**{name: row[name] for name in names})
        for row in read_rows(connection, _MEASURES, [dimension])
    }


def _buckets(connection: duckdb.DuckDBPyConnection, period: Period, grain: Grain | None) -> list[date]:
    if grain is None:
        return [period.since]
    rows = connection.execute(
        f"select unnest(generate_series(date_trunc('{grain}', $1::date), $2::date, interval 1 {grain}))",
        [period.since, period.until],
    ).fetchall()
    return [to_date(start) for (start,) in rows]
