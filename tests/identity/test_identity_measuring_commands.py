"""`cdp identity evaluate` and `cdp identity preview` as they are typed, on a file and on a published run."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from identity_people import run, shop

from cli.identity import identity
from identity.errors import IdentityError, LimitInvalid, QualityBelowFloor, TruthUnreadable
from identity.evaluation_page import render_page, sweep_chart
from identity.mistakes import OverMerge
from identity.sweep import SweepPoint
from warehouse.connections import open_warehouse
from warehouse.errors import WarehouseError
from warehouse.publishing import publish
from warehouse.settings import Settings

PEOPLE = shop(60)
FIELDS = ("first_name", "last_name", "email", "phone", "street", "city", "postcode", "birth_date")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CDP_DATA_DIR", str(tmp_path / "data"))
    return Settings.load()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    with path.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow([*FIELDS, "who"])
        writer.writerows([[entry.get(name, "") for name in FIELDS] + [entry["person"]] for entry in PEOPLE])
    return path


def _type(*words: str, expect: type[Exception] | None = None) -> Result:
    result = CliRunner().invoke(identity, list(words))
    if expect is None:
        assert result.exit_code == 0, result.output
    else:
        assert isinstance(result.exception, expect), result.output
    return result


def test_a_labelled_file_is_measured_and_leaves_nothing_but_the_page(
    home: Settings, file: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    output = _type("evaluate", "--records", str(file), "--truth", "who", "--page", str(page)).output
    assert "truth = who" in output
    assert re.search(r"precision +1\.0000", output)
    assert re.search(r"B³ f1 +0\.9", output)
    assert "Written to" in output
    text = page.read_text()
    assert "people.csv" in text
    assert text.count("<svg") == 1
    assert "<script" not in text
    assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?!#)", text)
    assert not home.data_dir.exists()


def test_a_figure_below_its_floor_fails_the_command(home: Settings, file: Path) -> None:
    words = ("evaluate", "--records", str(file), "--truth", "who", "--floor")
    assert "B³ f1" in _type(*words, "precision=0.9").output
    _type(*words, "f1=1.01", expect=QualityBelowFloor)
    assert "knows precision, recall" in CliRunner().invoke(identity, [*words, "kappa=1"]).output


def test_columns_need_a_file_and_a_map_needs_two_sides(home: Settings, file: Path) -> None:
    assert "give one with --records" in CliRunner().invoke(identity, ["evaluate", "--truth", "who"]).output
    result = CliRunner().invoke(
        identity, ["evaluate", "--records", str(file), "--truth", "who", "--map", "email"]
    )
    assert "--map needs OURS=THEIRS" in result.output
    _type("evaluate", "--records", str(file), expect=TruthUnreadable)


def test_without_a_truth_the_last_run_cannot_be_measured(home: Settings) -> None:
    result = _type("evaluate", expect=TruthUnreadable)
    assert "Measure a labelled file with --records" in str(result.exception)


def _publish(settings: Settings) -> None:
    with open_warehouse(settings, with_state=True) as connection:
        run(connection, PEOPLE, "r1")
        for schema in ("marts", "segments"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            """
            create table marts.orders as
            select 'o' || record_id as order_id, record_id, customer_id, true as is_purchase, 10.0 as net_revenue_amount,
                timestamp '2026-10-20' as ordered_at, date '2026-10-20' as order_date
            from identity.identity_clusters
            """
        )
        connection.execute(
            "create table segments.segment_membership as"
            " select distinct 'everyone' as segment_name, customer_id from identity.identity_clusters"
        )
        publish(connection, settings.published_path)


def test_the_last_run_is_measured_and_previewed(home: Settings, tmp_path: Path) -> None:
    _publish(home)
    truth = home.sandbox_dir / "truth" / "records.csv"
    truth.parent.mkdir(parents=True)
    rows = [f"{entry['source']},{entry['source_key']},{entry['person']}" for entry in PEOPLE]
    truth.write_text("\n".join(["source,source_key,person_id", *rows]) + "\n")
    page = tmp_path / "page.html"
    output = _type("evaluate", "--page", str(page)).output
    assert "How good is the matching of the last run" in output
    assert "<svg" in page.read_text()

    output = _type("preview", "--set", "cut=8", "--without", "twins").output
    assert "With cut 0 → 8, no rule twins" in output
    assert re.search(r"0 customers would come of several; [1-9]\d* would fall apart", output)
    assert "Would split" in output
    assert re.search(r"everyone +\d+ +0 +[1-9]", output)
    assert re.search(r"Average order value, last 30 days +10 +10", output)


def test_wrong_limits_and_a_missing_run_are_told(home: Settings) -> None:
    _type("preview", "--set", "cutt=1", expect=LimitInvalid)
    _type("preview", "--without", "nobody", expect=IdentityError)
    _type("preview", "--set", "cut=1", expect=WarehouseError)


def test_the_page_lists_wrong_merges_and_shows_no_markup_of_theirs() -> None:
    figures = dict.fromkeys(
        (
            "precision",
            "recall",
            "f1",
            "b_cubed_precision",
            "b_cubed_recall",
            "b_cubed_f1",
            "exact_cluster_rate",
        ),
        0.5,
    )
    figures |= dict.fromkeys(("largest_cluster", "over_merges", "records", "persons", "customers"), 2.0)
    merges = [OverMerge(f"c{n}", {"<b>": ["f:1", "f:2"], "q": ["f:3"]}) for n in range(120)]
    html = render_page("a <i>file</i>", {"resolved": figures}, [], merges, made_at=datetime(2026, 10, 31, 12))
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "… and 20 more" in html
    assert "<svg" not in html


def test_the_chart_has_a_point_per_figure_and_cut() -> None:
    measured = {"precision": 1.0, "recall": 0.5, "f1": 0.66667, "b_cubed_f1": 0.7}
    spec = sweep_chart([SweepPoint(0.0, measured), SweepPoint(1.0, measured)])
    rows = max(spec["datasets"].values(), key=len)
    assert len(rows) == 8
    assert {row["figure"] for row in rows} == {"precision", "recall", "F1", "B³ F1"}
