"""Nights of loading as Dagster sees them: which sources delivered, and whether rejected rows are looked after."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.raw_tables import DELIVERING_SOURCES, raw_tables
from orchestration.sources import SOURCES, freshness, source_key
from warehouse.settings import Settings

STOCK = "SKU,Product,Location,On hand,Reserved,Reorder level,Unit cost,Last counted\n"
INVENTORY = dg.AssetKey(["landing", "inventory"])


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CDP_DATA_DIR", str(tmp_path))
    folder = Settings.load().landing_dir / "inventory"
    folder.mkdir(parents=True)
    return folder


def night(monkeypatch: pytest.MonkeyPatch, day: int) -> tuple[set[dg.AssetKey], bool]:
    """One load: which sources were said to have delivered, and whether the stock's rejected rows are few."""
    monkeypatch.setenv("CDP_AS_OF", f"2026-01-{day:02}")
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([raw_tables, *DELIVERING_SOURCES], instance=instance)
    sources = {source_key(source) for source in SOURCES}
    delivered = {event.asset_key for event in result.get_asset_materialization_events()} & sources
    checks = result.get_asset_check_evaluations()
    (rejects,) = [
        c for c in checks if c.check_name == "few_rows_were_rejected" and "inventory" in str(c.asset_key)
    ]
    return delivered, rejects.passed


def test_a_source_is_fresh_when_it_delivered_and_rejects_count_until_they_are_looked_after(
    landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = "S1,Throw,Shop,3,0,1,9.50,2026-01-01\n"
    (landing / "stock_2026-01-01.csv").write_text(STOCK + good + "S2,Lamp,Shop,many,0,1,9.50,2026-01-01\n")
    assert night(monkeypatch, 1) == ({INVENTORY}, False)
    assert night(monkeypatch, 2) == (set(), False)
    (landing / "stock_2026-01-03.csv").write_text(STOCK + good + "S2,Lamp,Shop,4,0,1,9.50,2026-01-03\n")
    assert night(monkeypatch, 3) == ({INVENTORY}, True)


def test_every_source_is_late_after_its_own_time() -> None:
    assert {spec.key: spec.freshness_policy for spec in DELIVERING_SOURCES} == {
        source_key(source): freshness(source) for source in SOURCES
    }
