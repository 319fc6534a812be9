"""The asset graph as a whole: one piece, no stubs, everything described, owned and checked."""

from __future__ import annotations

import os
import subprocess
import sys

import dagster as dg
import pytest

from orchestration.errors import DbtFailed
from reports.lineage.errors import UnreadableModel


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    from cli.home import prepare_dagster_home
    from warehouse.settings import Settings

    folder = tmp_path_factory.mktemp("graph")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CDP_DATA_DIR", str(folder))
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        prepare_dagster_home(Settings.load())
        from orchestration.definitions import defs

        yield defs()
        os.environ.pop("DAGSTER_HOME", None)


def upstream(graph, key: dg.AssetKey) -> set[dg.AssetKey]:
    found: set[dg.AssetKey] = set()
    waiting = [key]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys - found:
            found.add(parent)
            waiting.append(parent)
    return found


def test_nothing_in_the_graph_is_a_stub(definitions):
    from orchestration.asset_graph import broken_links

    assert broken_links(definitions) == []


def test_every_model_is_built_wherever_the_command_is_started(definitions, tmp_path):
    """Folders of models are looked for in the project: from elsewhere none was found, and old tables were sent."""
    from orchestration.defs import dbt_models

    told = "print(*(len(set(part.keys)) for part in (d.before_identity, d.after_identity, d.after_release)))"
    from_elsewhere = subprocess.run(
        [sys.executable, "-c", f"import orchestration.defs.dbt_models as d; {told}"],
        cwd=tmp_path, env={**os.environ, "DBT_TARGET_PATH": str(tmp_path / "target")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    parts = (dbt_models.before_identity, dbt_models.after_identity, dbt_models.after_release)
    assert from_elsewhere.stdout.split() == [str(len(set(part.keys))) for part in parts]
    assert "0" not in from_elsewhere.stdout.split()


def test_a_mistyped_name_is_found():
    from orchestration.asset_graph import broken_links

    broken = dg.Definitions(assets=[dg.AssetSpec("orders", deps=["raw_oders"])])
    [sentence] = broken_links(broken)
    assert "raw_oders" in sentence and "orders" in sentence


def test_the_meta_audience_goes_back_to_the_shopify_file(definitions):
    graph = definitions.resolve_asset_graph()
    ancestors = upstream(graph, dg.AssetKey("meta_lapsed_buyers"))
    path = [
        ["landing", "shopify", "orders"],
        ["raw", "shopify_orders"],
        ["stg_shopify__orders"],
        ["int_identity__records"],
        ["identity", "identity_clusters"],
        ["orders"],
        ["segment_lapsed_buyers"],
        ["sync_meta_lapsed_buyers"],
    ]
    assert {dg.AssetKey(key) for key in path} <= ancestors


def test_every_asset_has_a_group_an_owner_and_a_description(definitions):
    specs = list(definitions.resolve_all_asset_specs())
    assert [spec.key for spec in specs if not (spec.group_name and spec.owners and spec.description)] == []
    assert {spec.group_name for spec in specs} >= {
        "landing", "raw", "staging", "intermediate", "identity", "marts", "metrics", "segments", "syncs", "activation",
    }  # fmt: skip


def test_every_table_has_a_freshness_policy(definitions):
    made = [spec for spec in definitions.resolve_all_asset_specs() if spec.group_name != "landing"]
    assert [spec.key for spec in made if spec.freshness_policy is None] == []


def test_every_data_test_is_a_check(definitions):
    from orchestration import dbt_process
    from orchestration.dbt_graph import check_key

    tests = [key for key, node in dbt_process.manifest()["nodes"].items() if node["resource_type"] == "test"]
    checks = definitions.resolve_asset_graph().asset_check_keys
    assert tests
    assert [test for test in tests if check_key(dbt_process.manifest(), test) not in checks] == []


def test_every_sync_is_an_asset_of_the_main_job(definitions):
    from orchestration.defs.destination_syncs import SYNCS

    job = definitions.resolve_job_def("main")
    keys = job.asset_layer.executable_asset_keys
    assert {dg.AssetKey(sync.name) for sync in SYNCS} <= set(keys)
    assert [schedule.name for schedule in definitions.schedules] == ["nightly"]


def test_column_lineage_names_assets_that_exist(definitions):
    from orchestration.column_lineage import column_graph
    from orchestration.defs.dbt_models import MANIFEST, table_lineage

    # compiled in a process of its own: dbt leaves its log open when it is called twice in one
    subprocess.run(
        [sys.executable, "-m", "cli.main", "trace", "orders.order_id"], check=True, capture_output=True
    )
    keys = definitions.resolve_asset_graph().get_all_asset_keys()
    lineages = {
        node["name"]: table_lineage(node["name"])
        for node in MANIFEST["nodes"].values()
        if node["resource_type"] == "model"
    }
    deps = {
        dep.asset_key
        for lineage in lineages.values()
        if lineage
        for origins in lineage.deps_by_column.values()
        for dep in origins
    }
    assert len(deps) > 60 and deps <= keys
    email = lineages["sync_mailchimp_contacts"].deps_by_column["email"]
    assert email == [dg.TableColumnDep(dg.AssetKey("customers"), "email")]
    assert set(lineages) <= set(column_graph().tables)


@pytest.mark.parametrize("cause", [UnreadableModel, DbtFailed])
def test_a_model_that_cannot_be_traced_or_compiled_does_not_stop_the_night(definitions, monkeypatch, cause):
    from orchestration.defs import dbt_models

    asked = []

    def unreadable():
        asked.append("the whole project, which takes seconds")
        raise cause("The columns of orders cannot be traced: Unknown column: x.")

    dbt_models._untraceable.cache_clear()
    monkeypatch.setattr(dbt_models, "column_graph", unreadable)
    warnings = []
    context = type("Context", (), {"log": type("Log", (), {"warning": staticmethod(warnings.append)})})
    assert dbt_models._origins(dg.AssetKey("orders")) == dbt_models._origins(dg.AssetKey("customers")) == {}
    dbt_models._tell_untraceable(context)
    assert warnings == ["The columns of orders cannot be traced: Unknown column: x."]
    assert len(asked) == 1
    dbt_models._untraceable.cache_clear()
