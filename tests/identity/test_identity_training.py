"""Learning on request: a new version beside the old ones, people's decisions as labels, and a page about it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from identity_people import NOW, customers, run, shop, stores

from cli.identity import identity
from identity import resolve
from identity.errors import ModelUnknown
from identity.model_page import render_page
from identity.training import read_model, read_models, retrain

PEOPLE = shop(160)


def _share(settings: dict[str, Any], field: str, label: str) -> float:
    comparison = next(c for c in settings["comparisons"] if c["output_column_name"] == field)
    level = next(entry for entry in comparison["comparison_levels"] if entry["label_for_charts"] == label)
    return float(level["m_probability"])


def _decide(connection: duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]], decision: str) -> None:
    connection.executemany(
        "insert into state_store.identity.decisions values (?, ?, ?, ?, ?, 'tester', null)",
        [[f"{decision} {n}", *sorted(pair), decision, NOW] for n, pair in enumerate(pairs)],
    )


def _models(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    """The versions, through the catalog that the warehouse has attached."""
    connection.execute("use state_store")
    try:
        read_model(connection)
        return read_models(connection)
    finally:
        connection.execute("use warehouse")


def test_a_new_version_is_used_from_the_next_run_on_and_re_keys_nobody_by_itself(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        assert run(connection, PEOPLE, "first").model_version == 1
        before = customers(connection)
        assert retrain(connection, run_id="asked", as_of=NOW + timedelta(days=1)).version == 2
        assert customers(connection) == before
        report = resolve(connection, run_id="second", as_of=NOW + timedelta(days=2))
        assert (report.model_version, report.is_full, report.trained) == (2, True, False)
        assert customers(connection) == before
        settings = connection.execute(
            "select count(distinct settings::varchar) from state_store.identity.models"
        ).fetchone()
        assert settings == (1,), "the same records and decisions must give the same model"


def test_pairs_decided_to_be_one_person_teach_how_a_persons_records_agree(tmp_path: Path) -> None:
    with stores(tmp_path / "data") as connection:
        run(connection, PEOPLE, "first")
        named = [entry for entry in PEOPLE if entry.get("last_name")]
        pairs = [
            (a["record_id"], b["record_id"])
            for a, b in zip(named, named[40:], strict=False)
            if a["last_name"][:3] != b["last_name"][:3] and a["first_name"][:2] != b["first_name"][:2]
        ]
        _decide(connection, pairs[:100], "must_link")
        _decide(connection, pairs[100:103], "cannot_link")
        labelled = retrain(connection, run_id="asked", as_of=NOW).settings
        newest, first = _models(connection)
        assert newest.diagnostics["labels"] == {"same": 100, "different": 3}
        assert first.diagnostics["labels"] == {"same": 0, "different": 0}
        for field in ("first_name", "last_name"):
            gained = _share(labelled, field, "different") - _share(first.settings, field, "different")
            assert 0.1 < gained < 0.3  # a quarter of the pairs learnt from, nearly all of them different


def test_weights_start_from_how_many_records_of_a_person_there_are(tmp_path: Path) -> None:
    firsts = {entry["person"]: entry for entry in reversed(shop(400)) if "last_name" in entry}
    again = [
        {**entry, "record_id": f"again:{n}", "source": "again"} for n, entry in enumerate(firsts.values())
    ]
    changed = [{**entry, "city": None, "email": None} for entry in again[:40]]
    with stores(tmp_path / "hardly any") as connection:
        run(connection, [*firsts.values(), *changed], "first")
        few = _models(connection)[0].diagnostics["mates_per_record"]
    with stores(tmp_path / "many") as connection:
        run(connection, shop(160), "first")
        many = _models(connection)[0].diagnostics["mates_per_record"]
    assert few == pytest.approx(2 * len(changed) / (len(firsts) + len(changed)), rel=0.4)
    assert many > 3 * few


def test_every_version_can_be_looked_at_offline(tmp_path: Path) -> None:
    with stores(tmp_path / "data") as connection:
        run(connection, PEOPLE, "first")
        stored = _models(connection)[0]
    page = render_page(stored, made_at=NOW)
    assert "<svg" in page and "<script" not in page and 'src="http' not in page
    assert "very similar" in page and "l.email = r.email" in page
    # a name in the picture's own black would not be seen where the page is dark
    assert set(re.findall(r'<text[^>]* fill="([^"]*)"', page)) == {"currentColor"}


def test_the_commands_train_list_and_write_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_DATA_DIR", str(tmp_path / "data"))
    with stores(tmp_path / "data") as connection:
        run(connection, PEOPLE, "first")
    page = tmp_path / "model.html"
    trained = CliRunner().invoke(identity, ["train", "--page", str(page)], catch_exceptions=False)
    assert "Version 2 was learnt from" in trained.output.replace("\n", " ") and page.exists()
    listed = CliRunner().invoke(identity, ["models"], catch_exceptions=False).output
    assert "of 5" in listed
    with pytest.raises(ModelUnknown, match="There are 2, 1"):
        CliRunner().invoke(identity, ["models", "--version", "9"], catch_exceptions=False)
