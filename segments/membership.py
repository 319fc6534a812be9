"""Who is in a segment: today's candidates, how they differ from the released members, and putting them in their place.

Whether they may be released is decided in `audit`; every statement here is one over sets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import duckdb

from segments.audit import Counts
from segments.contracts import Segment, SegmentContract
from segments.definitions import Definition
from segments.explanation import explain_absence
from warehouse.connections import transaction

STATE = "state_store.segments"
# one row per customer: how sure it is that their records are one person
IDENTITY = "intermediate.int_customer__identity_confidence"


def prepare_candidates(connection: duckdb.DuckDBPyConnection, segment: Segment) -> Counts:
    """Fill temporary table `candidates` (customer_id, reason, is_holdout) from the segment's table, and count.

    The contract decides who may be in it and who is held out. Counts have no candidates when the table is not there.
    """
    name = segment.name
    (released,) = connection.execute(
        f"select count(*) > 0 from {STATE}.decisions where segment_name = ? and status = 'released'", [name]
    ).fetchall()[0]
    (members,) = connection.execute(
        f"select count(*) from {STATE}.members where segment_name = ?", [name]
    ).fetchall()[0]
    if segment.contract is None or not has_table(connection, segment.relation):
        return Counts(None, members, was_released=released)
    if missing := missing_columns(connection, segment.relation):
        return Counts(None, members, was_released=released, unusable=missing)
    connection.execute(
        f"create or replace temp table candidates as {candidates_sql(segment.relation, name, segment.contract)}"
    )
    candidates, entered, left = connection.execute(
        f"""
        with members as (select customer_id from {STATE}.members where segment_name = ?)
        select (select count(*) from candidates),
            (select count(*) from candidates anti join members using (customer_id)),
            (select count(*) from members anti join candidates using (customer_id))
        """,
        [name],
    ).fetchall()[0]
    return Counts(candidates, members, entered, left, released)


def candidates_sql(relation: str, name: str, contract: SegmentContract) -> str:
    """The query for who is in a segment by its SQL (`relation`) and its contract: customer_id, reason, is_holdout."""
    strict = f"semi join (from {IDENTITY} where is_strict) as sure using (customer_id)"
    # 32 bits of a hash salted with the segment's name: the same people every night, other people in another segment
    place = f"('0x' || substr(md5('{name}:' || found.customer_id), 1, 8))::bigint / 4294967296.0"
    return (
        f"select found.customer_id, found.reason, {place} < {contract.holdout_share} as is_holdout "
        f"from {relation} as found {strict if contract.identity_confidence == 'strict' else ''}"
    )


def has_table(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    """Whether the warehouse has this table (`"schema"."table"`)."""
    schema, _, table = relation.replace('"', "").rpartition(".")
    return bool(
        connection.execute(
            "select count(*) from information_schema.tables where table_catalog = current_database() "
            "and table_schema = ? and table_name = ?",
            [schema.rpartition(".")[2], table],
        ).fetchall()[0][0]
    )


def missing_columns(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Why a segment's table says too little to release it; empty when it has what every segment has."""
    found = {row[0] for row in connection.execute(f"describe {relation}").fetchall()}
    missing = [f"`{name}`" for name in ("customer_id", "reason") if name not in found]
    return f"its SQL gives no column {' and no '.join(missing)}, which every segment has" if missing else ""


def explain_leaving(
    connection: duckdb.DuckDBPyConnection, segment: Segment, definition: Definition | None
) -> None:
    """Fill temporary table `leaving` (customer_id, left_reason) for released members who are no candidates."""
    connection.execute(
        f"""
        create or replace temp table leaving as
        select m.customer_id,
            case
                when r.customer_id is not null then 'Is now customer ' || r.customer_id || ': their records were merged.'
                when i.customer_id is null then 'Is no customer any more.'
                when {_is_strict(segment)} and not i.is_strict then 'Is no longer beyond doubt one person.'
            end as left_reason
        from {STATE}.members as m
        left join identity.identity_redirects as r on r.old_customer_id = m.customer_id
        left join {IDENTITY} as i on i.customer_id = m.customer_id
        where m.segment_name = ? and m.customer_id not in (select customer_id from candidates)
        """,
        [segment.name],
    )
    if definition is not None:
        connection.execute(
            "create or replace temp table unexplained as select customer_id from leaving where left_reason is null"
        )
        explain_absence(connection, definition.sql, "unexplained", into="absence", prefix="left")
        connection.execute(
            "update leaving set left_reason = 'No longer true: ' || absence.reason || '.' from absence "
            "where absence.customer_id = leaving.customer_id and left_reason is null"
        )
    connection.execute(
        "update leaving set left_reason = 'No longer meets the definition.' where left_reason is null"
    )


def _is_strict(segment: Segment) -> str:
    return "true" if segment.contract and segment.contract.identity_confidence == "strict" else "false"


def put_in_place(connection: duckdb.DuckDBPyConnection, segment: Segment, now: datetime) -> None:
    """Make the candidates the members, inside the caller's transaction: end stays, begin stays, renew today's reasons."""
    name = segment.name
    connection.execute(
        f"update {STATE}.stays set left_at = greatest(?, entered_at), left_reason = leaving.left_reason from leaving "
        f"where stays.segment_name = ? and stays.left_at is null and stays.customer_id = leaving.customer_id",
        [now, name],
    )
    connection.execute(
        f"insert into {STATE}.stays select ?, customer_id, ?, reason, null, null from candidates "
        f"where customer_id not in (select customer_id from {STATE}.stays where segment_name = ? and left_at is null)",
        [name, now, name],
    )
    connection.execute(f"delete from {STATE}.members where segment_name = ?", [name])
    connection.execute(
        f"insert into {STATE}.members select ?, c.customer_id, c.reason, c.is_holdout, s.entered_at "
        f"from candidates as c join {STATE}.stays as s using (customer_id) "
        f"where s.segment_name = ? and s.left_at is null",
        [name, name],
    )


def has_news(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the candidates differ from the released members in anything: who, why, or who is held out."""
    current = f"select customer_id, reason, is_holdout from {STATE}.members where segment_name = ?"
    return bool(
        connection.execute(
            f"select exists(from candidates except ({current})) or exists(({current}) except from candidates)",
            [name, name],
        ).fetchall()[0][0]
    )


def retire(
    connection: duckdb.DuckDBPyConnection, known: Mapping[str, Segment], run_id: str, now: datetime
) -> list[str]:
    """End the membership of segments that are no longer in the project, and what was decided of them; returns their names."""
    rows = connection.execute(
        f"select segment_name from {STATE}.members union select segment_name from (from {STATE}.decisions "
        "qualify row_number() over (partition by segment_name order by recorded_at desc) = 1) "
        "where status <> 'retired' order by 1"
    ).fetchall()
    gone = [name for (name,) in rows if name not in known]
    for name in gone:
        with transaction(connection):
            connection.execute(
                f"update {STATE}.stays set left_at = greatest(?, entered_at), left_reason = 'The segment was taken out.' "
                "where segment_name = ? and left_at is null",
                [now, name],
            )
            (left,) = connection.execute(
                f"delete from {STATE}.members where segment_name = ?", [name]
            ).fetchall()[0]
            connection.execute(
                f"insert or replace into {STATE}.decisions values (?, ?, ?, 'retired', ?, null, ?, null, 0, 0, ?, null, now()::timestamp)",
                [run_id, name, now, name, json.dumps(["the segment was taken out of the project"]), left],
            )
    return gone
