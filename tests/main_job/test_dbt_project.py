"""The dbt project: its unit tests, and the promises that every model makes about itself."""

from __future__ import annotations

import json
import shutil

import pytest

SEGMENT_CONTRACT = {"title", "owner", "purpose", "channel", "size_band", "largest_change", "identity_confidence", "holdout_share"}  # fmt: skip


@pytest.fixture(scope="module")
def manifest(first_run, tmp_path_factory):
    target = tmp_path_factory.mktemp("parsed")
    first_run.installation.python("-m", "dbt.cli.main", "parse", "--quiet", "--target-path", str(target))
    return json.loads((target / "manifest.json").read_text())


@pytest.fixture(scope="module")
def models(manifest):
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


def test_the_unit_tests_of_the_models_pass(first_run, tmp_path):
    """dbt compares each model's SQL with rows written by hand; it needs tables only for their column types."""
    shutil.copy(first_run.installation.data_dir / "warehouse.duckdb", tmp_path / "warehouse.duckdb")
    finished = first_run.installation.python(
        "-m", "dbt.cli.main", "test", "--select", "test_type:unit",
        CDP_DATA_DIR=str(tmp_path), DBT_LOG_PATH=str(tmp_path),
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout[-4000:]
    assert "PASS=" in finished.stdout and "PASS=0" not in finished.stdout


def test_every_model_says_its_grain_and_who_owns_it(models):
    assert len(models) > 60
    without = [
        name
        for name, node in models.items()
        if not node["description"].strip().startswith("One row") or not node["config"]["meta"].get("owner")
    ]
    assert without == []


def test_what_tools_and_people_read_keeps_a_contract(models):
    names = [name for name in models if name.startswith("sync_")]
    names += ["customers", "orders", "consents", "suppressions"]
    assert len(names) >= 10
    assert [name for name in names if not models[name]["config"]["contract"]["enforced"]] == []


def test_every_segment_states_its_contract(models):
    segments = [
        name for name, node in models.items() if node["fqn"][1] == "segments" and name.startswith("segment_")
    ]
    assert len(segments) >= 10
    assert [n for n in segments if set(models[n]["config"]["meta"]["segment"]) < SEGMENT_CONTRACT] == []


def test_personal_data_is_marked_where_tools_and_people_read_it(models):
    for name in ("customers", "sync_mailchimp_contacts", "sync_meta_lapsed_buyers"):
        for column in ("email", "first_name", "last_name"):
            assert models[name]["columns"][column]["config"]["meta"]["pii"].startswith("user.")


def test_the_declared_columns_of_what_python_fills_are_those_it_has(first_run, manifest):
    """Of a raw table, columns are declared in ingestion; here are only the ones that platform tables have."""
    rows = first_run.installation.warehouse(
        "select schema_name, table_name, column_name from duckdb_columns()"
    )
    real: dict[str, set[str]] = {}
    for schema, table, column in rows:
        real.setdefault(f"{schema}.{table}", set()).add(column)
    declared = {
        f"{source['schema']}.{source['identifier']}": set(source["columns"])
        for source in manifest["sources"].values()
        if source["columns"] and source["schema"] in ("identity", "state", "raw")
    }
    assert len(declared) >= 15
    assert {name: columns ^ real[name] for name, columns in declared.items() if columns != real[name]} == {}
