"""How good the customers are, measured against a file that says which record is which person.

Measures and the exact-match baseline only; nothing here changes a customer.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from identity.errors import QualityBelowFloor, TruthUnreadable
from identity.neighbourhoods import Edges, neighbourhoods
from identity.outputs import EVALUATION_DDL
from identity.workspace import first_row
from warehouse.connections import transaction

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
    truth = read_truth(truth_path)
    measured = {
        METHODS[0]: resolved_clusters(connection),
        METHODS[1]: exact_clusters(connection),
        **{method: resolved_clusters(connection, column) for method, column in TIERS.items()},
    }
    metrics = [
        Metric(method, name, value)
        for method, found in measured.items()
        for name, value in measure(found, truth).items()
    ]
    _write(connection, metrics)
    return metrics


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
    """record_id (source:source_key) → person_id."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise TruthUnreadable(
            f"The truth file {path} could not be read: {error.strerror}. Check the path."
        ) from error
    lacking = {"source", "source_key", "person_id"} - set(rows[0] if rows else ())
    if lacking:
        raise TruthUnreadable(
            f"The truth file {path} lacks {', '.join(sorted(lacking))}. It needs the columns source, source_key, person_id."
        )
    return {f"{row['source']}:{row['source_key']}": row["person_id"] for row in rows}


def measure(clusters: Mapping[str, str], truth: Mapping[str, str]) -> dict[str, float]:
    """Measures of a clustering (record → cluster) over the records in both.

    Pairwise: shares over pairs of records. B-cubed: averages over records (Bagga and Baldwin 1998). Exact clusters:
    share of persons whose records form one cluster with nobody else's. Over-merges: clusters holding several persons.
    """
    records = [record for record in clusters if record in truth]
    cells = Counter((clusters[record], truth[record]) for record in records)
    found = Counter(clusters[record] for record in records)
    real = Counter(truth[record] for record in records)
    together = sum(_pairs(count) for count in cells.values())
    precision = _share(together, sum(map(_pairs, found.values())))
    recall = _share(together, sum(map(_pairs, real.values())))
    b_precision = _share(
        sum(count * count / found[cluster] for (cluster, _), count in cells.items()), len(records)
    )
    b_recall = _share(sum(count * count / real[person] for (_, person), count in cells.items()), len(records))
    exact = sum(count == found[cluster] == real[person] for (cluster, person), count in cells.items())
    persons_in = Counter(cluster for cluster, _ in cells)
    return {
        "precision": precision,
        "recall": recall,
        "f1": _harmonic(precision, recall),
        "b_cubed_precision": b_precision,
        "b_cubed_recall": b_recall,
        "b_cubed_f1": _harmonic(b_precision, b_recall),
        "exact_cluster_rate": _share(exact, len(real)),
        "largest_cluster": float(max(found.values(), default=0)),
        "over_merges": float(sum(count > 1 for count in persons_in.values())),
        "records": float(len(records)),
        "persons": float(len(real)),
        "customers": float(len(found)),
    }


def resolved_clusters(connection: duckdb.DuckDBPyConnection, column: str = "customer_id") -> dict[str, str]:
    """record → customer, or its group of another confidence, as published."""
    return dict(connection.execute(f"select record_id, {column} from identity.identity_clusters").fetchall())


def exact_clusters(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """record → cluster, as a business without identity resolution has it: records joined by an equal email or an equal phone."""
    rows = connection.execute(
        "select record_id, email, phone from intermediate.int_identity__records order by record_id"
    ).fetchall()
    first: dict[tuple[str, str], int] = {}
    left, right = [], []
    for number, (_, email, phone) in enumerate(rows):
        for kind, value in (("email", email), ("phone", phone)):
            if value:
                left.append(first.setdefault((kind, value), number))
                right.append(number)
    edges = Edges(np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), np.ones(len(left)))
    labels = neighbourhoods(edges, len(rows), largest=max(len(rows), 1), least=0.0)
    return {record: str(label) for (record, _, _), label in zip(rows, labels.tolist(), strict=True)}


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


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _share(part: float, whole: float) -> float:
    """A share; of nothing, all is right."""
    return part / whole if whole else 1.0


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
