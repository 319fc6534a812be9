"""What is wrong is gathered from every room and told once, and once more when it is right again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts import AlertReport
from ingestion.loader import load
from orchestration import holds
from orchestration.alerting import tell
from orchestration.dbt_process import NodeResult
from orchestration.sources import SOURCES
from segments.contracts import Segment, SegmentContract
from segments.release import Run, release_segments
from warehouse.connections import open_state, open_warehouse
from warehouse.pull_record import PullRecord, record_pull
from warehouse.settings import Settings

STOCK = "SKU,Product,Location,On hand,Reserved,Reorder level,Unit cost,Last counted\n"
JANUARY = datetime(2026, 1, 1, 6)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("CDP_ALERT_WEBHOOK_URL", "CDP_ALERT_SMTP_URL"):
        monkeypatch.delenv(name, raising=False)
    return Settings(data_dir=tmp_path, as_of=JANUARY)


def deliver(settings: Settings, day: str, rows: str) -> None:
    path = settings.landing_dir / "inventory" / f"stock_{day}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STOCK + rows)
    with open_warehouse(settings) as connection:
        load(connection, settings.landing_dir, SOURCES, loaded_at=settings.now())


def changes(report: AlertReport) -> tuple[set[str], set[str]]:
    raised, recovered = (
        {f"{a.kind} {a.subject}" for a in part} for part in (report.raised, report.recovered)
    )
    return raised, recovered


def later(settings: Settings, **delta: int) -> Settings:
    return settings.model_copy(update={"as_of": settings.now() + timedelta(**delta)})


def test_a_late_source_is_told_once_and_once_when_it_delivers(settings: Settings) -> None:
    deliver(settings, "2026-01-01", "S1,Throw,Shop,3,0,1,9.50,2026-01-01\n")
    assert changes(tell(settings)) == (set(), set())
    much_later = later(settings, days=90)
    assert changes(tell(much_later)) == ({"late source:inventory"}, set())
    assert changes(tell(much_later)) == (set(), set())
    deliver(much_later, "2026-04-01", "S1,Throw,Shop,2,0,1,9.50,2026-04-01\n")
    assert changes(tell(much_later)) == (set(), {"late source:inventory"})


def test_a_source_that_shrinks_is_told_once_and_once_when_it_is_whole_again(settings: Settings) -> None:
    whole = "".join(f"S{n},Throw,Shop,3,0,1,9.50,2026-01-01\n" for n in range(20))
    deliver(settings, "2026-01-01", whole)
    assert changes(tell(settings)) == (set(), set())
    next_day = later(settings, days=1)
    deliver(next_day, "2026-01-02", whole[: whole.index("S3,")])
    report = tell(next_day)
    assert changes(report) == ({"shrinking source:inventory"}, set())
    assert report.raised[0].sentence.startswith("stock: 3 rows, where 20 are usual.")
    assert changes(tell(next_day)) == (set(), set())
    day_after = later(settings, days=2)
    deliver(day_after, "2026-01-03", whole.replace(",3,0,", ",2,0,"))
    assert changes(tell(day_after)) == (set(), {"shrinking source:inventory"})


def test_too_many_rejected_rows_are_told_until_they_are_right(settings: Settings) -> None:
    deliver(
        settings, "2026-01-01", "S1,Throw,Shop,3,0,1,9.50,2026-01-01\nS2,Lamp,Shop,many,0,1,9.50,2026-01-01\n"
    )
    report = tell(settings)
    assert changes(report) == ({"rejected source:inventory"}, set())
    assert "50.0% of the newest rows were rejected; 0.0% are allowed." in report.raised[0].sentence
    assert changes(tell(settings)) == (set(), set())
    next_day = later(settings, days=1)
    deliver(
        next_day, "2026-01-02", "S1,Throw,Shop,3,0,1,9.50,2026-01-01\nS2,Lamp,Shop,4,0,1,9.50,2026-01-02\n"
    )
    assert changes(tell(next_day)) == (set(), {"rejected source:inventory"})


def test_a_refused_file_is_told_until_a_good_one_takes_its_place(settings: Settings) -> None:
    path = settings.landing_dir / "inventory" / "stock_2026-01-01.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    with open_warehouse(settings) as connection:
        load(connection, settings.landing_dir, SOURCES, loaded_at=settings.now())
    report = tell(settings)
    assert changes(report) == ({"refused source:inventory"}, set())
    assert "is empty" in report.raised[0].sentence
    deliver(settings, "2026-01-01", "S1,Throw,Shop,3,0,1,9.50,2026-01-01\n")
    assert changes(tell(settings)) == (set(), {"refused source:inventory"})


def test_a_run_that_stopped_a_failed_test_and_a_failed_pull_are_told(settings: Settings) -> None:
    failed = NodeResult("test.cdp.unique_orders.abc", "fail", "3 rows, among them anna@example.org", 3, 0.1)
    with open_warehouse(settings) as connection:
        holds.record_results(connection, "after_identity", [failed], is_subset=False)
    with open_state(settings) as state:
        record_pull(state, PullRecord("till", JANUARY, "failed", 0, "The database did not answer."))
        record_pull(
            state, PullRecord("crm", JANUARY, "not configured", 0, "Set CDP_CRM_TOKEN to connect it.")
        )
    report = tell(settings, stopped="The step raw_tables stopped: the disk is full")
    expected = {"stopped run:nightly", "failing test:unique_orders", "failed source:till"}
    assert changes(report) == (expected, set())
    assert not any("anna@example.org" in alert.sentence for alert in report.raised)
    with open_warehouse(settings) as connection:
        holds.record_results(connection, "after_identity", [], is_subset=False)
    with open_state(settings) as state:
        record_pull(state, PullRecord("till", JANUARY, "pulled", 2, ""))
    assert changes(tell(settings)) == (set(), expected)


def release_tea(settings: Settings, people: int) -> None:
    contract = SegmentContract(
        title="Tea lovers", owner="rosa", purpose="marketing", channel=["email"], size_band=(1, 9), largest_change=1,
        identity_confidence="standard", holdout_share=0, sources={},
    )  # fmt: skip
    tea = Segment("tea_lovers", '"segments"."segment_tea_lovers"', "segment_tea_lovers.sql", "", contract)
    with open_warehouse(settings, with_state=True) as connection:
        connection.execute("create schema if not exists segments")
        connection.execute(
            "create or replace table segments.segment_tea_lovers as "
            f"select 'c' || n as customer_id, 'Drinks tea.' as reason from range({people}) as t(n)"
        )
        release_segments(connection, {"tea_lovers": tea}, Run(f"{people}", settings.now()))


def test_a_held_segment_is_told_once_and_once_when_it_is_released(settings: Settings) -> None:
    release_tea(settings, 5)
    assert changes(tell(settings)) == (set(), set())
    next_day = later(settings, days=1)
    release_tea(next_day, 40)
    report = tell(next_day)
    assert changes(report) == ({"withheld segment:tea_lovers"}, set())
    assert report.raised[0].sentence == "Tea lovers: it came out with 40 people where rosa expects 1 to 9."
    assert changes(tell(next_day)) == (set(), set())
    release_tea(later(settings, days=2), 6)
    assert changes(tell(later(settings, days=2))) == (set(), {"withheld segment:tea_lovers"})
