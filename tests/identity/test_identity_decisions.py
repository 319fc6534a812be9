"""What people decide is kept, mirrored from Git, exported, and obeyed for as long as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from identity_people import customers, record, run, stores

from identity.decisions import COLUMNS, Decision, decide, export_file, mirror_file, read_decided, read_file
from identity.errors import DecisionInvalid
from identity.review import DOUBT_BITS, read_queue

AT = datetime(2026, 10, 31, 9)
A, B, C = "shopify_customers:1", "square_customers:2", "hubspot_contacts:3"
ANNA = {"first_name": "anna", "last_name": "kettering"}
RECORDS = [
    record("shopify_customers", "1", **ANNA, email="anna.k@example.com"),
    record("square_customers", "2", **ANNA, phone="+447700911111"),
    record("hubspot_contacts", "3", **ANNA, email="anna.k@example.com", phone="+447700911111"),
]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with stores(tmp_path) as opened:
        opened.execute(
            "create schema marts; create table marts.customers (customer_id text, total_spend_amount double)"
        )
        run(opened, RECORDS, "r1")
        yield opened


@pytest.fixture
def state(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same stores with the state as the place where unqualified names are looked up."""
    connection.execute("use state_store")
    yield connection
    connection.execute("use warehouse")


def verdict(left: str, right: str, decision: str, minutes: int = 0, by: str = "owner") -> Decision:
    return Decision(left, right, decision, AT + timedelta(minutes=minutes), by)  # type: ignore[arg-type]


def test_a_split_stays_until_it_is_taken_back(connection: duckdb.DuckDBPyConnection) -> None:
    assert len(set(customers(connection).values())) == 1
    for night, decision in enumerate(["cannot_link", "cannot_link", "withdrawn"], start=2):
        connection.execute("use state_store")
        decide(connection, verdict(A, B, decision, night))
        connection.execute("use warehouse")
        run(connection, RECORDS, f"r{night}")
        found = customers(connection)
        assert (found[A] != found[B]) == (decision == "cannot_link")


def test_a_wrong_merge_stays_split_for_ten_nights_of_arrivals_and_changes(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    (merged,) = set(customers(connection).values())
    connection.execute("use state_store")
    decide(connection, verdict(A, B, "cannot_link"))
    connection.execute("use warehouse")
    run(connection, RECORDS, "split")
    halves = customers(connection)
    assert halves[A] != halves[B] and merged in halves.values()  # the larger part keeps the id
    split = connection.execute(
        "select customer_id, related_customer_id from identity.identity_ledger where action = 'split'"
    ).fetchall()
    assert split == [(next(iter({halves[A], halves[B]} - {merged})), merged)]
    arrived = list(RECORDS)
    for night in range(10):
        arrived.append(record("reviews_reviewers", str(night), **ANNA, email=f"anna.k{night}@example.com"))
        arrived[2] = {**arrived[2], "street": f"{night} High St"}
        run(connection, arrived, f"n{night}")
        found = customers(connection)
        assert (found[A], found[B]) == (halves[A], halves[B])
    told = connection.execute("select action from identity.identity_ledger where run_id like 'n%'").fetchall()
    assert {action for (action,) in told} <= {"created", "moved"}


def test_deciding_twice_keeps_one_row_and_the_newest_counts(state: duckdb.DuckDBPyConnection) -> None:
    for decision in (verdict(A, B, "must_link"), verdict(A, B, "must_link"), verdict(B, A, "cannot_link", 5)):
        decide(state, decision)
    assert [(row.record_id_l, row.record_id_r, row.decision) for row in read_decided(state)] == [
        (A, B, "cannot_link")
    ]
    assert state.execute("select count(*) from identity.decisions").fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        (A, A, "two different records"),
        (A, "", "two different records"),
        (A, "shopify_customers:9", "No run has seen"),
    ],
)
def test_decisions_about_nothing_are_refused(
    left: str, right: str, told: str, state: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(DecisionInvalid, match=told):
        decide(state, verdict(left, right, "must_link"))


def test_the_file_is_mirrored_and_nothing_else_is_touched(
    state: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    decide(state, verdict(A, C, "must_link"))
    path = tmp_path / "decisions.csv"
    lines = [",".join(COLUMNS), f"{A},{B},cannot_link,2026-10-30,owner,mother and daughter"]
    path.write_text("\n".join(lines))
    for _ in range(2):
        assert mirror_file(state, path) == 1
        found = {(d.record_id_l, d.record_id_r, d.decision) for d in read_decided(state)}
        assert found == {(A, B, "cannot_link"), (C, A, "must_link")}
    path.write_text(lines[0])
    assert mirror_file(state, path) == 0
    assert [d.record_id_l for d in read_decided(state)] == [C]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n", "lacks the column 'record_id_l'"),
        (f"{','.join(COLUMNS)}\nx:1,x:2,maybe,2026-10-30,,\n", "line 2: 'maybe' is no verdict"),
        (f"{','.join(COLUMNS)}\nx:1,x:2,must_link,yesterday,,\n", "line 2: decided_at is 'yesterday'"),
        (
            f"{','.join(COLUMNS)}\nx:1,,must_link,2026-10-30,,\n",
            "line 2: a decision needs two different records",
        ),
    ],
)
def test_mistakes_in_the_file_are_named(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "decisions.csv"
    path.write_text(text)
    with pytest.raises(DecisionInvalid, match=told):
        read_file(path)


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    given_verdicts=st.dictionaries(
        st.sampled_from([B, C]), st.tuples(st.sampled_from(["must_link", "cannot_link"]), _TEXT)
    )
)
def test_what_is_exported_is_read_back_the_same(
    given_verdicts: dict[str, tuple[str, str]], state: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    state.execute("delete from identity.decisions")
    for other, (decision, note) in given_verdicts.items():
        decide(state, Decision(A, other, decision, AT, "owner", note))  # type: ignore[arg-type]
    path = tmp_path / "exported.csv"
    assert export_file(state, path) == len(given_verdicts)
    read = {min(row.record_id_l, row.record_id_r, key=lambda name: name == A): row for row in read_file(path)}
    assert {other: (row.decision, row.note) for other, row in read.items()} == {
        other: (decision, note.strip()) for other, (decision, note) in given_verdicts.items()
    }


QUEUE_TABLES = """
create schema if not exists identity; create schema if not exists marts;
create table identity.identity_clusters (record_id text, customer_id text);
insert into identity.identity_clusters values ('a:1', 'c1'), ('a:2', 'c1'), ('a:3', 'c1'), ('b:1', 'c2'), ('b:2', 'c3'), ('b:3', 'c4');
create table identity.identity_edges (record_id_l text, record_id_r text, match_weight double, is_within_customer boolean);
insert into identity.identity_edges values
    ('a:1', 'a:2', 9, true), ('a:1', 'a:3', 1.5, true), ('a:2', 'a:3', -3, true),  -- held together by 9 and 1.5
    ('a:1', 'b:1', -1, false), ('a:2', 'b:1', -2, false),  -- two customers: only the pair that says most
    ('b:1', 'b:2', -0.5, false), ('b:2', 'b:3', -9, false);  -- the last is beyond doubt
create table marts.customers (customer_id text, total_spend_amount double);
insert into marts.customers values ('c1', 100), ('c2', 20);
"""


def test_the_queue_asks_what_is_in_doubt_and_dear_first() -> None:
    with duckdb.connect() as opened:
        opened.execute(QUEUE_TABLES)
        queue = read_queue(opened)
        asked = [(item.question, item.record_id_l, item.record_id_r, item.value) for item in queue]
        assert asked == [
            ("one person?", "a:1", "b:1", 120),
            ("two people?", "a:1", "a:3", 100),
            ("one person?", "b:1", "b:2", 20),
        ]
        assert all(abs(item.weight) < DOUBT_BITS and 0 < item.doubt <= 1 for item in queue)
        assert read_queue(opened, decided=[("b:1", "a:1")]) == queue[1:]
        assert read_queue(opened, limit=1) == queue[:1]
