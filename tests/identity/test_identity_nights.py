"""Thirty nights of arrivals, changes, deletions, merges and corrections: incremental equals full, and no id is lost."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_people import NOW, Record, customers, put, record, shop, stores

from identity import resolve, rules
from identity.assignment import resolve_redirects

NIGHTS = 30
TABLES = {
    "identity_clusters": "*",
    "identity_edges": "*",
    "identity_evidence": "*",
    "identity_redirects": "* exclude (changed_at)",
    "identity_ledger": "* exclude (occurred_at)",
    "identity_vanished": "*",
}


class Business:
    """Records as the sources hold them, changing from night to night the way a seed says."""

    def __init__(self, seed: int, people: int) -> None:
        self.draw = random.Random(seed)
        self.records = {entry["record_id"]: entry for entry in shop(people, seed)}
        self.waiting = [entry for entry in shop(people * 2, seed) if entry["record_id"] not in self.records]
        self.gone: list[Record] = []
        self.serial = 0

    def pass_a_day(self) -> None:
        for happens in (self._arrive, self._change, self._delete, self._return, self._copy, self._bridge):
            if self.draw.random() < 0.6:
                happens()

    def decision(self) -> tuple[str, str, str] | None:
        """Now and then somebody decides about a pair."""
        if self.draw.random() < 0.7:
            return None
        left, right = self.draw.sample(sorted(self.records), 2)
        return self.draw.choice(["must_link", "cannot_link"]), left, right

    def _arrive(self) -> None:
        for entry in self.waiting[: self.draw.randint(1, 4)]:
            self.records[entry["record_id"]] = entry
        self.waiting = self.waiting[4:]

    def _change(self) -> None:
        entry = self._any()
        field = self.draw.choice(
            ["first_name", "last_name", "email", "phone", "city", "postcode", "birth_date", "loyalty_id"]
        )
        self.records[entry["record_id"]] = {**entry, field: self.draw.choice([None, self._any().get(field)])}

    def _delete(self) -> None:
        for _ in range(self.draw.randint(1, 3)):
            self.gone.append(self.records.pop(self._any()["record_id"]))

    def _return(self) -> None:
        if self.gone:
            entry = self.gone.pop(self.draw.randrange(len(self.gone)))
            self.records[entry["record_id"]] = entry

    def _copy(self) -> None:
        """The same person again, equal in everything, from another source."""
        self._add(self._any())

    def _bridge(self) -> None:
        """A record with two people's fields, or a shared value."""
        one, other = self._any(), self._any()
        self._add({**one, "phone": other.get("phone"), "email": other.get("email") or one.get("email")})

    def _add(self, values: Record) -> None:
        self.serial += 1
        entry = {**values, **record("late", str(self.serial))}
        self.records[entry["record_id"]] = entry

    def _any(self) -> Record:
        return self.records[self.draw.choice(sorted(self.records))]


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    return {
        name: sorted(connection.execute(f"select {columns} from identity.{name}").fetchall(), key=repr)
        for name, columns in TABLES.items()
    }


def _check_ids(connection: duckdb.DuckDBPyConnection, before: dict[str, str], run_id: str) -> None:
    """Every id ever given out is live, or leads to one living id, or is retired; changes of id are in the ledger."""
    status = dict(
        connection.execute("select customer_id, status from state_store.identity.customers").fetchall()
    )
    redirects = dict(
        connection.execute(
            "select old_customer_id, customer_id from state_store.identity.redirects"
        ).fetchall()
    )
    final = resolve_redirects(redirects)
    after = customers(connection)
    living = set(after.values())
    assert living == {customer for customer, state in status.items() if state == "live"}
    for customer in status:
        end = final.get(customer, customer)
        assert end in living or status[end] == "retired"
    told = set()
    for record_ids, customer, related in connection.execute(
        "select json_extract_string(evidence, '$.records[*]'), customer_id, related_customer_id"
        " from identity.identity_ledger where run_id = ?",
        [run_id],
    ).fetchall():
        told |= {(name, c) for name in record_ids for c in (customer, related)}
    for name, customer in after.items():
        if before.get(name, customer) != customer:
            assert (name, customer) in told, f"{name} was re-keyed in silence"


def _live_through(directory: Path, business: Business, nights: int) -> None:
    with stores(directory / "nightly") as nightly, stores(directory / "full") as full:
        for night in range(nights):
            before = customers(nightly) if night else {}
            decision = business.decision() if night else None
            if night:
                business.pass_a_day()
            records = list(business.records.values())
            is_full = _pass_a_night(nightly, night, records, decision, full=False)
            assert is_full == (night == 0)
            _pass_a_night(full, night, business.draw.sample(records, len(records)), decision, full=True)
            found, expected = _tables(nightly), _tables(full)
            for name in TABLES:
                assert found[name] == expected[name], f"{name} differs on night {night}"
            _check_ids(nightly, before, f"n{night}")


def _pass_a_night(
    connection: duckdb.DuckDBPyConnection,
    night: int,
    records: list[Record],
    decision: tuple[str, str, str] | None,
    *,
    full: bool,
) -> bool:
    put(connection, records)
    if decision:
        kind, left, right = decision
        connection.execute(
            "insert into state_store.identity.decisions values (?, ?, ?, ?, ?, 'tester', null)",
            [f"night {night}", left, right, kind, NOW + timedelta(days=night)],
        )
    return resolve(connection, run_id=f"n{night}", as_of=NOW + timedelta(days=night), full=full).is_full


def test_thirty_nights_give_what_full_runs_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = tuple(replace(rule, limit=3) for rule in rules.BLOCKING_RULES)  # keys open and close every night
    monkeypatch.setattr(rules, "BLOCKING_RULES", narrow)
    _live_through(tmp_path, Business(seed=11, people=90), nights=30)


@settings(max_examples=2, deadline=None)  # a busy machine must not fail a property
@given(seed=st.integers(0, 10_000))
def test_any_history_gives_what_full_runs_give(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    _live_through(tmp_path_factory.mktemp("history"), Business(seed, people=120), nights=4)
