"""How the result would change with another cut: the same weighed pairs clustered again at each of several cuts.

Reads what the last resolution left in `identity_cache`; weighs nothing and writes nothing but scratch tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import duckdb

from identity import cache, graph, history, rules
from identity.errors import SweepImpossible
from identity.evaluation import measure
from identity.trials import trial
from identity.workspace import first_row, workspace

# finer around the shipped cut, where most is decided
CUTS = (-6.0, -5.0, -4.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)


@dataclass(frozen=True)
class SweepPoint:
    """What `evaluation.measure` found with one cut, in bits."""

    cut: float
    measured: dict[str, float]


def sweep(
    connection: duckdb.DuckDBPyConnection,
    truth: Mapping[str, str],
    *,
    cuts: Iterable[float] = CUTS,
    state: str = "state_store",
) -> list[SweepPoint]:
    """Cluster the last resolution's pairs at each cut and measure the result against record → person.

    `connection` is the warehouse that was resolved, with the state attached. Raises SweepImpossible when the
    warehouse has not kept the weighed pairs.
    """
    with workspace(connection) as warehouse:
        _recall(connection, warehouse)
        decisions = history.read_decisions(connection, state)
        must = graph.profile_pairs(connection, decisions.must_link)
        cannot = graph.profile_pairs(connection, decisions.cannot_link)
        points = []
        for cut in cuts:
            with trial(replace(rules.LIMITS, cut=cut)):
                graph.find_clusters(connection, must, cannot)
            rows = connection.execute(
                "select record_id, label::varchar from present join clusters using (id)"
            ).fetchall()
            points.append(SweepPoint(cut, measure(dict(rows), truth)))
    return points


def _recall(connection: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    """The scratch tables that `graph.find_clusters` reads, from what was kept of all profiles."""
    kept = f'"{warehouse}".identity_cache'
    found = first_row(
        connection,
        "select count(*) from duckdb_tables() where database_name = ? and schema_name = 'identity_cache'",
        [warehouse],
    )
    if found is None or found[0] < len(cache.TABLES) + 1:
        raise SweepImpossible(
            "The warehouse has not kept the pairs of the last resolution. Run `cdp run` first, or measure a file with --records."
        )
    connection.execute(f"create or replace table present as select record_id, id from {kept}.records")
    connection.execute(f"create or replace table stirred as select id, profile, label from {kept}.profiles")
    connection.execute(f"create or replace table scored as from {kept}.scored")
