"""What a failed test or model holds back: every audience built on it, and no other."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.dbt_process import NodeResult
from orchestration.holds import held_syncs, read_failures, read_results, record_results

MANIFEST = {
    "nodes": {
        name: {"name": name.split(".")[-1]}
        for name in (
            "model.cdp.orders",
            "model.cdp.segment_vip",
            "model.cdp.sync_vip",
            "model.cdp.carts",
            "model.cdp.sync_carts",
            "test.cdp.orders_unique",
            "test.cdp.reviews_unique",
        )
    },
    "exposures": {"exposure.cdp.vip": {"name": "vip"}, "exposure.cdp.carts": {"name": "carts"}},
    "parent_map": {
        "exposure.cdp.vip": ["model.cdp.sync_vip"],
        "model.cdp.sync_vip": ["model.cdp.segment_vip"],
        "model.cdp.segment_vip": ["model.cdp.orders"],
        "exposure.cdp.carts": ["model.cdp.sync_carts"],
        "model.cdp.sync_carts": ["model.cdp.carts"],
        "test.cdp.orders_unique": ["model.cdp.orders"],
        "test.cdp.reviews_unique": ["model.cdp.reviews"],
    },
}


@pytest.fixture
def warehouse():
    with duckdb.connect() as connection:
        yield connection


def result(unique_id: str, status: str, message: str = "") -> NodeResult:
    return NodeResult(unique_id, status, message, failures=int(status == "fail"), seconds=0.1)


def test_nothing_is_held_before_anything_failed(warehouse):
    assert held_syncs(MANIFEST, read_failures(warehouse)) == {}


@pytest.mark.parametrize(
    ("node", "status"),
    [
        ("test.cdp.orders_unique", "fail"),
        ("test.cdp.orders_unique", "error"),
        ("model.cdp.segment_vip", "error"),
        ("model.cdp.sync_vip", "skipped"),
    ],
)
def test_a_failure_upstream_holds_that_sync_and_no_other(warehouse, node, status):
    record_results(
        warehouse, "after", [result(node, status), result("model.cdp.carts", "success")], is_subset=False
    )
    holds = held_syncs(MANIFEST, read_failures(warehouse))
    assert set(holds) == {"vip"}
    assert node.split(".")[-1] in holds["vip"]


def test_a_test_speaks_about_the_model_it_is_written_beside(warehouse):
    relation = "test.cdp.carts_have_orders"
    manifest = {
        **MANIFEST,
        "nodes": {
            **MANIFEST["nodes"],
            relation: {"name": "carts_have_orders", "attached_node": "model.cdp.carts"},
        },
        "parent_map": {**MANIFEST["parent_map"], relation: ["model.cdp.carts", "model.cdp.orders"]},
    }
    record_results(warehouse, "after", [result(relation, "fail")], is_subset=False)
    assert set(held_syncs(manifest, read_failures(warehouse))) == {"carts"}
    record_results(warehouse, "after", [result(relation, "skipped")], is_subset=False)
    assert held_syncs(manifest, read_failures(warehouse)) == {}


def test_a_warning_and_a_failure_elsewhere_hold_nothing(warehouse):
    found = [result("test.cdp.orders_unique", "warn"), result("test.cdp.reviews_unique", "fail")]
    record_results(warehouse, "after", found, is_subset=False)
    assert held_syncs(MANIFEST, read_failures(warehouse)) == {}


def test_building_a_part_keeps_what_is_known_of_the_rest(warehouse):
    failed = [result("test.cdp.orders_unique", "fail", "2 rows"), result("model.cdp.carts", "success")]
    record_results(warehouse, "after", failed, is_subset=False)
    record_results(warehouse, "after", [result("model.cdp.carts", "error")], is_subset=True)
    assert {r.unique_id: r.status for r in read_results(warehouse, "after")} == {
        "test.cdp.orders_unique": "fail",
        "model.cdp.carts": "error",
    }
    record_results(warehouse, "after", [result("test.cdp.orders_unique", "pass")], is_subset=False)
    assert [r.status for r in read_results(warehouse, "after")] == ["pass"]
