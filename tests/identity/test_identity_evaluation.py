"""The measures against an example worked by hand, and the baseline beside them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from identity_people import Record, record, run, stores

from identity import evaluate
from identity.errors import QualityBelowFloor, TruthUnreadable
from identity.evaluation import hold_floors, measure, newest_figures


def test_measures_of_an_example_worked_by_hand() -> None:
    # persons {a b c} and {d e}; clusters {a b} {c d} {e}
    truth = {"a": "1", "b": "1", "c": "1", "d": "2", "e": "2"}
    found = {"a": "x", "b": "x", "c": "y", "d": "y", "e": "z"}
    measured = measure(found, truth)
    assert measured["precision"] == pytest.approx(1 / 2)  # pairs ab, cd; ab is right
    assert measured["recall"] == pytest.approx(1 / 4)  # pairs ab ac bc de; ab was found
    assert measured["f1"] == pytest.approx(1 / 3)
    assert measured["b_cubed_precision"] == pytest.approx((1 + 1 + 1 / 2 + 1 / 2 + 1) / 5)
    assert measured["b_cubed_recall"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5)
    assert measured["exact_cluster_rate"] == 0
    assert measured["largest_cluster"] == 2
    assert measured["over_merges"] == 1


def test_perfect_clusters_measure_one() -> None:
    truth = {"a": "1", "b": "1", "c": "2"}
    measured = measure({"a": "x", "b": "x", "c": "y"}, truth)
    assert {measured[name] for name in ("precision", "recall", "f1", "b_cubed_f1", "exact_cluster_rate")} == {
        1.0
    }
    assert measured["over_merges"] == 0


def test_both_methods_are_measured_and_kept(tmp_path: Path) -> None:
    spouses = {"last_name": "ashdown", "email": "ashdowns@example.com", "phone": "+447700900001"}
    records = [
        record("shopify_customers", "1", first_name="amelia", **spouses),
        record("square_customers", "2", first_name="oscar", **spouses),
        record("zendesk_requesters", "3", first_name="amelia", **spouses),
    ]
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "source,source_key,person_id,kind\nshopify_customers,1,p1,person\nsquare_customers,2,p2,person\n"
        "zendesk_requesters,3,p1,person\n"
    )
    with stores(tmp_path) as connection:
        run(connection, records, "r1")
        values = {(metric.method, metric.metric): metric.value for metric in evaluate(connection, truth)}
        kept = connection.execute(
            "select count(*) from identity.identity_evaluation where run_id = 'r1'"
        ).fetchall()
    assert values["resolved", "f1"] == 1.0
    assert values["exact email or phone", "precision"] == pytest.approx(1 / 3)
    assert values["exact email or phone", "over_merges"] == 1
    assert kept == [(len(values),)]


def test_every_run_is_kept_and_the_newest_is_held_to_its_floors(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("source,source_key,person_id\nshopify_customers,1,p1\nsquare_customers,2,p2\n")
    namesakes = [
        record(
            "shopify_customers", "1", first_name="amelia", last_name="ashdown", email="amelia@example.com"
        ),
        record("square_customers", "2", first_name="amelia", last_name="ashdown", email="amelia@example.com"),
    ]
    with stores(tmp_path) as connection:
        assert newest_figures_of(connection, namesakes[:1], "r1", truth)["precision"] == 1
        figures = newest_figures_of(connection, namesakes, "r2", truth)
        kept = connection.execute(
            "select run_id, count(distinct method) from identity.identity_evaluation group by 1 order by 1"
        ).fetchall()
    assert kept == [("r1", 4), ("r2", 4)]
    hold_floors(figures, {"recall": 0.9, "no such figure": 1.0})
    hold_floors({}, {"precision": 0.9})
    with pytest.raises(QualityBelowFloor, match=r"precision 0\.0000 < 0\.9.*identity/matching\.yml"):
        hold_floors(figures, {"precision": 0.9, "recall": 0.9})


def newest_figures_of(
    connection: duckdb.DuckDBPyConnection, records: list[Record], run_id: str, truth: Path
) -> dict[str, float]:
    run(connection, records, run_id)
    evaluate(connection, truth)
    return newest_figures(connection)


def test_a_missing_truth_file_is_told_by_name(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        run(connection, [record("shopify_customers", "1", first_name="amelia")], "r1")
        with pytest.raises(TruthUnreadable, match=r"nowhere\.csv could not be read"):
            evaluate(connection, tmp_path / "nowhere.csv")
