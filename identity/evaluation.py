"""How good the customers are, measured against a file that says which record is which person.

Measures and the exact-match baseline only; nothing here changes a customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from identity.errors import QualityBelowFloor, TruthUnreadable
from identity.neighbourhoods import Edges, neighbourhoods
from identity.outputs import EVALUATION_DDL
from identity.workspace import count_rows, first_row
from warehouse.connections import transaction
from warehouse.sql_text import path_literal

METHODS = ("resolved", "exact email or phone")
TIERS = {"resolved strictly": "strict_id", "resolved loosely": "loose_id"}


@dataclass(frozen=True)
class Metric:
    """One measured number: shares are 0–1, counts are counts."""

    method: str
    metric: str
    value: float


def evaluate(connection: duckdb.DuckDBPyConnection, truth_path: Path) -> list[Metric]:
    """Measure `identity.identity_clusters` in each confidence, and joining equal emails or phones alone, against the truth.

    Reads `intermediate.int_identity__records`; adds the newest run to `identity.identity_evaluation`. The truth is a CSV with
    columns source, source_key, person_id; records that it does not name are left out. Raises TruthUnreadable.
    """
    _load_truth(connection, truth_path)
    metrics = [
        Metric(method, name, value)
        for method, figures in measure_methods(connection, "truth").items()
        for name, value in figures.items()
    ]
    connection.execute("drop table truth")
    _write(connection, metrics)
    return metrics


def measure_methods(connection: duckdb.DuckDBPyConnection, truth: str) -> dict[str, dict[str, float]]:
    """What `measure_tables` finds of `identity.identity_clusters` in each confidence, and of joining equal emails or phones alone."""
    _label_exact(connection)
    clusterings = {
        method: f"(select record_id, {column} as cluster from identity.identity_clusters)"
        for method, column in {METHODS[0]: "customer_id", **TIERS}.items()
    }
    clusterings[METHODS[1]] = "exact_clusters"
    figures = {method: measure_tables(connection, found, truth) for method, found in clusterings.items()}
    connection.execute("drop table exact_clusters")
    return figures


def newest_figures(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """What was measured of the newest run, method `resolved`; empty where no truth is known."""
    rows = connection.execute(
        "select metric, value from identity.identity_evaluation where method = ? and run_id ="
        " (select run_id from identity.identity_runs order by run_number desc limit 1)",
        [METHODS[0]],
    ).fetchall()
    return dict(rows)


def hold_floors(figures: Mapping[str, float], floors: Mapping[str, float]) -> None:
    """Raise QualityBelowFloor where a measured figure is below its floor; figures that were not measured pass."""
    below = [
        f"{name} {figures[name]:.4f} < {least:g}"
        for name, least in floors.items()
        if name in figures and figures[name] < least
    ]
    if below:
        raise QualityBelowFloor(
            f"The matching is not good enough to go on with: {', '.join(below)}. `cdp identity evaluate` lists what was"
            " joined wrongly; limits, rules and floors are in identity/matching.yml."
        )


def read_truth(path: Path) -> dict[str, str]:
    """record_id (source:source_key) → person_id. Raises TruthUnreadable."""
    with duckdb.connect() as connection:
        _load_truth(connection, path)
        return dict(connection.execute("select record_id, person from truth").fetchall())


def _load_truth(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Create temp table `truth(record_id, person)`. Raises TruthUnreadable."""
    reader = f"read_csv({path_literal(path)}, all_varchar = true, header = true, delim = ',', quote = '\"')"
    try:
        found = {str(row[0]) for row in connection.execute(f"describe from {reader}").fetchall()}
    except duckdb.Error as error:
        raise TruthUnreadable(
            f"The truth file {path} could not be read: {str(error).splitlines()[0]}. Check the path."
        ) from error
    if lacking := {"source", "source_key", "person_id"} - found:
        raise TruthUnreadable(
            f"The truth file {path} lacks {', '.join(sorted(lacking))}. It needs the columns source, source_key, person_id."
        )
    connection.execute(
        f"create or replace temp table truth as select source || ':' || source_key as record_id, max(person_id) as person"
        f" from {reader} group by all"
    )


def measure(clusters: Mapping[str, str], truth: Mapping[str, str]) -> dict[str, float]:
    """As `measure_tables`, of record → cluster and record → person."""
    with duckdb.connect() as connection:
        connection.register("found", _labels(clusters, "cluster"))
        connection.register("known", _labels(truth, "person"))
        return measure_tables(connection, "found", "known")


def measure_methods_against(
    connection: duckdb.DuckDBPyConnection, truth: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    """As `measure_methods`, of record → person."""
    connection.register("known", _labels(truth, "person"))
    figures = measure_methods(connection, "known")
    connection.unregister("known")
    return figures


def _labels(labels: Mapping[str, str], name: str) -> pa.Table:
    texts = {"record_id": list(labels), name: list(labels.values())}
    return pa.table(texts, schema=pa.schema([(column, pa.string()) for column in texts]))


def measure_tables(connection: duckdb.DuckDBPyConnection, clusters: str, truth: str) -> dict[str, float]:
    """Measures of the relation `clusters(record_id, cluster)` over the records that `truth(record_id, person)` has too.

    Pairwise: shares over pairs of records. B-cubed: averages over records (Bagga and Baldwin 1998). Exact clusters:
    share of persons whose records form one cluster with nobody else's. Over-merges: clusters holding several persons.
    """
    cursor = connection.execute(_MEASURES.format(clusters=clusters, truth=truth))
    names = [column[0] for column in cursor.description or ()]
    found = {name: float(value) for name, value in zip(names, cursor.fetchall()[0], strict=True)}
    precision = _share(found["together"], found["pairs_found"])
    recall = _share(found["together"], found["pairs_known"])
    b_precision = _share(found["precisions"], found["records"])
    b_recall = _share(found["recalls"], found["records"])
    return {
        "precision": precision,
        "recall": recall,
        "f1": _harmonic(precision, recall),
        "b_cubed_precision": b_precision,
        "b_cubed_recall": b_recall,
        "b_cubed_f1": _harmonic(b_precision, b_recall),
        "exact_cluster_rate": _share(found["exact"], found["persons"]),
        **{
            name: found[name]
            for name in ("largest_cluster", "over_merges", "records", "persons", "customers")
        },
    }


# sums of fractions are rounded: in which order the engine adds them up must not show
_MEASURES = """
    with cells as (
        select cluster, person, count(*) as n from {clusters} join {truth} using (record_id) group by all
    ),
    found as (select cluster, sum(n) as n, count(*) as persons from cells group by cluster),
    known as (select person, sum(n) as n from cells group by person),
    sides as (
        select cells.n, found.n as in_cluster, known.n as of_person
        from cells join found using (cluster) join known using (person)
    )
    select
        (select coalesce(sum(n * (n - 1)), 0) from found) as pairs_found,
        (select coalesce(sum(n * (n - 1)), 0) from known) as pairs_known,
        (select coalesce(max(n), 0) from found) as largest_cluster,
        (select count(*) from found where persons > 1) as over_merges,
        (select count(*) from found) as customers,
        (select count(*) from known) as persons,
        coalesce(sum(n), 0) as records,
        coalesce(sum(n * (n - 1)), 0) as together,
        coalesce(round(sum(n * n / in_cluster), 6), 0) as precisions,
        coalesce(round(sum(n * n / of_person), 6), 0) as recalls,
        count(*) filter (n = in_cluster and n = of_person) as exact
    from sides
"""


def resolved_clusters(connection: duckdb.DuckDBPyConnection, column: str = "customer_id") -> dict[str, str]:
    """record → customer, or its group of another confidence, as published."""
    return dict(connection.execute(f"select record_id, {column} from identity.identity_clusters").fetchall())


def _label_exact(connection: duckdb.DuckDBPyConnection) -> None:
    """Create temp table `exact_clusters(record_id, cluster)`, as a business without identity resolution has it: records
    joined by an equal email or an equal phone."""
    connection.execute(
        "create or replace temp table exact_clusters as"
        " select record_id, email, phone, row_number() over (order by record_id) - 1 as cluster"
        " from intermediate.int_identity__records"
    )
    pairs = connection.execute(
        " union all ".join(
            f"select min(cluster) over (partition by {field}) as first, cluster as other"
            f" from exact_clusters where {field} <> ''"
            for field in ("email", "phone")
        )
    ).fetchnumpy()
    count = count_rows(connection, "exact_clusters")
    first, other = (np.asarray(pairs[name], np.int64) for name in ("first", "other"))
    edges = Edges(first, other, np.ones(len(first)))
    labels = neighbourhoods(edges, count, largest=max(count, 1), least=0.0)
    connection.register("labels", pa.table({"cluster": np.arange(count), "label": labels}))
    connection.execute(
        "create or replace temp table exact_clusters as"
        " select record_id, label::varchar as cluster from exact_clusters join labels using (cluster)"
    )
    connection.unregister("labels")


def _write(connection: duckdb.DuckDBPyConnection, metrics: list[Metric]) -> None:
    newest = first_row(
        connection, "select run_id from identity.identity_runs order by run_number desc limit 1"
    )
    ((warehouse,),) = connection.execute("select current_database()").fetchall()
    with transaction(connection):
        connection.execute(EVALUATION_DDL.format(warehouse=warehouse))
        connection.execute(
            "delete from identity.identity_evaluation where run_id is not distinct from ?",
            [newest[0] if newest else None],
        )
        connection.executemany(
            "insert into identity.identity_evaluation values (?, ?, ?, ?)",
            [[newest[0] if newest else None, m.method, m.metric, m.value] for m in metrics],
        )


def _share(part: float, whole: float) -> float:
    """A share; of nothing, all is right."""
    return part / whole if whole else 1.0


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
