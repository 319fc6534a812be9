"""The project's own segments: every one has a contract, drafts of new ones are read by dbt, scored ones fill with scores."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.compiling import checked_out
from orchestration.errors import DbtFailed
from orchestration.segment_sources import unread_sources
from orchestration.sources import SOURCES
from segments.contracts import find_segment, read_segments, require_contracts
from segments.definitions import define
from segments.drafts import write_draft
from segments.errors import DraftRefused
from warehouse.settings import PROJECT_DIR


def test_every_segment_of_the_folder_is_one_with_a_contract(compiled):
    found = read_segments(compiled.manifest, [source.name for source in SOURCES])
    files = {path.stem.removeprefix("segment_") for path in (PROJECT_DIR / "dbt_project/models/segments").rglob("segment_*.sql")}  # fmt: skip
    assert set(found) == files | {"tea_lovers"}
    assert len(files) >= 40
    require_contracts(found)
    assert unread_sources(compiled.manifest, found, SOURCES) == []


def test_a_draft_is_read_by_dbt_with_its_contract_and_unit_test(compiled):
    found = find_segment(read_segments(compiled.manifest), "tea_lovers")
    assert found.contract and (found.contract.title, found.contract.owner) == ("Tea lovers", "rosa")
    assert any(
        test.endswith("tea_lovers_has_a_customer_on_each_side") for test in compiled.manifest["unit_tests"]
    )
    definition = define(found, compiled.models, "draft")
    assert definition and "customers" in definition.models


def test_nothing_is_overwritten_and_a_name_is_a_name(project):
    folder = project / "dbt_project" / "models" / "segments"
    with pytest.raises(DraftRefused, match="is there already"):
        write_draft(folder, "segment_tea_lovers", title="", owner="marketing")
    with pytest.raises(DraftRefused, match="cannot be a segment's name"):
        write_draft(folder, "Tea lovers", title="", owner="marketing")


def test_a_predictive_segment_fills_when_there_are_scores(compiled):
    sql = compiled.models["segment_likely_to_churn"].sql
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse; create schema warehouse.marts")
        connection.execute(
            "create table warehouse.marts.customer_rfm as from (values ('anna', 0.6::double), ('ben', 0.59)) as t(customer_id, churn_probability)"
        )
        assert connection.execute(sql).fetchall() == [
            ("anna", "Will stop buying with a probability of 60 %.", 0.6)
        ]


def test_a_combination_is_made_of_segments(compiled):
    found = read_segments(compiled.manifest)["win_back_by_email"]
    assert set(found.built_from) == {
        "lapsed_buyers", "engaged_subscribers", "active_visitors", "unhappy_customers", "do_not_contact",
    }  # fmt: skip


def test_a_revision_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DbtFailed, match="no dbt project at revision 'nowhere'"), checked_out("nowhere"):
        pass
