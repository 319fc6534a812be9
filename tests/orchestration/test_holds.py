"""What a failed test or model holds back: every audience built on it, and no other."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.dbt_process import NodeResult
from orchestration.holds import (
    blocked_syncs,
    broken_segments,
    held_syncs,
    read_failures,
    read_results,
    record_results,
)

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


SEGMENTED = {
    "nodes": {
        "model.cdp.customers": {"name": "customers", "fqn": ["cdp", "marts", "customers"]},
        "model.cdp.orders": {"name": "orders", "fqn": ["cdp", "marts", "orders"]},
        "model.cdp.segment_vip": {"name": "segment_vip", "fqn": ["cdp", "segments", "segment_vip"]},
        "model.cdp.segment_tea": {"name": "segment_tea", "fqn": ["cdp", "segments", "segment_tea"]},
        "model.cdp.sync_vip": {"name": "sync_vip", "fqn": ["cdp", "syncs", "sync_vip"]},
        "model.cdp.sync_tea": {"name": "sync_tea", "fqn": ["cdp", "syncs", "sync_tea"]},
        "test.cdp.orders_unique": {"name": "orders_unique"},
        "test.cdp.customers_unique": {"name": "customers_unique"},
    },
    "exposures": {"exposure.cdp.vip": {"name": "vip"}, "exposure.cdp.tea": {"name": "tea"}},
    "parent_map": {
        "exposure.cdp.vip": ["model.cdp.sync_vip"],
        "exposure.cdp.tea": ["model.cdp.sync_tea"],
        "model.cdp.sync_vip": ["model.cdp.segment_vip", "model.cdp.customers"],
        "model.cdp.sync_tea": ["model.cdp.segment_tea", "model.cdp.customers"],
        "model.cdp.segment_vip": ["model.cdp.orders"],
        "model.cdp.segment_tea": [],
        "test.cdp.orders_unique": ["model.cdp.orders"],
        "test.cdp.customers_unique": ["model.cdp.customers"],
    },
}


def decide(warehouse, **decisions: str) -> None:
    """The newest decision about each segment, as a release leaves it in the warehouse."""
    warehouse.execute("create schema if not exists state")
    warehouse.execute(
        "create or replace table state.segment_decisions (segment_name text, status text, title text, reasons text)"
    )
    for name, status in decisions.items():
        warehouse.execute(
            "insert into state.segment_decisions values (?, ?, ?, 'it came out with 9 people')",
            [name, status, name.upper()],
        )


def test_a_segment_that_was_never_released_holds_its_sync(warehouse):
    assert set(blocked_syncs(warehouse, SEGMENTED)) == {"vip", "tea"}
    decide(warehouse, vip="released")
    assert set(blocked_syncs(warehouse, SEGMENTED)) == {"tea"}


def test_a_held_segment_holds_its_sync_and_no_other_with_its_reasons(warehouse):
    decide(warehouse, vip="held", tea="released")
    [(sync, why)] = blocked_syncs(warehouse, SEGMENTED).items()
    assert sync == "vip"
    assert "the segment VIP is held: it came out with 9 people" in why and "cdp segment release vip" in why


def test_a_segment_that_was_let_pass_opens_its_sync_but_not_for_what_the_sync_reads_itself(warehouse):
    failed = [result("test.cdp.orders_unique", "fail")]
    record_results(warehouse, "after", failed, is_subset=False)
    assert set(broken_segments(SEGMENTED, read_failures(warehouse))) == {"vip"}
    decide(warehouse, vip="released", tea="released")
    assert blocked_syncs(warehouse, SEGMENTED) == {}
    failed = [result("test.cdp.customers_unique", "fail")]
    record_results(warehouse, "after", failed, is_subset=False)
    assert set(blocked_syncs(warehouse, SEGMENTED)) == {"vip", "tea"}
