"""Which pairs of profiles are looked at: pairs that share a blocking key which is not shared by too many.

The rules themselves are data in `rules.py`; nothing is compared here. A night looks at the pairs that its changes
bring about and doubts the edges that they may have ended; on a first run every profile is new.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from identity import rules
from identity.matching import blamed_on_file
from identity.workspace import count_rows

PROFILES_AT_ONCE = 1_000_000  # new profiles × rules handled in one statement, which bounds its memory


def find_candidates(connection: duckdb.DuckDBPyConnection, cache: str) -> int:
    """Create `candidates(id_l, id_r)`, one row per pair to weigh, and return the number; also `new_keys`, `lost_edges`.

    A key carried by more profiles than its rule's limit is left out: it cut the pairs five times at no loss of recall
    (placeholders, shared mailboxes, common names), and it bounds the work whatever the data. A key that grew past
    its limit takes its pairs with it, one that shrank below brings them in: both are followed up here.
    """
    connection.execute("create or replace table new_keys (rule utinyint, key uinteger, id integer)")
    connection.execute("create or replace table found_pairs (id_l integer, id_r integer)")
    connection.execute("create or replace table closed_keys (rule utinyint, key uinteger)")
    limits = ", ".join(f"({number}, {rule.limit})" for number, rule in enumerate(rules.BLOCKING_RULES))
    connection.execute(
        f"create or replace table key_limits as select rule::utinyint as rule, most from (values {limits}) as t(rule, most)"
    )
    at_once = max(1, PROFILES_AT_ONCE // max(1, count_rows(connection, "new_profiles")))
    numbers = range(len(rules.BLOCKING_RULES))
    for start in numbers[::at_once]:
        with blamed_on_file("blocking"):
            _make_keys(connection, numbers[start : start + at_once])
        _gather(connection, cache, f"rule between {start} and {start + at_once - 1}")
        _find_pairs(connection)
    connection.execute(
        f"""
        create or replace table candidates as
        select distinct id_l, id_r from found_pairs anti join {cache}.edges using (id_l, id_r)
        """
    )
    connection.execute("drop table found_pairs")
    _lose_edges(connection, cache)
    return count_rows(connection, "candidates")


def _make_keys(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> None:
    selections = []
    for number in numbers:
        keys = rules.BLOCKING_RULES[number].keys
        distinct = "distinct" if len(keys) > 1 else ""
        listed = ", ".join(keys)
        selections.append(
            f"select {distinct} {number}::utinyint, (hash(key) >> 32)::uinteger, id"
            f" from (select unnest([{listed}]) as key, id from fresh) where key is not null"
        )
    connection.execute(
        "insert into new_keys with fresh as materialized (select r.* from records r semi join new_profiles using (id))"
        f" {' union all '.join(selections)}"
    )


def _gather(connection: duckdb.DuckDBPyConnection, cache: str, these: str) -> None:
    """Everybody, new, old or gone, who carries a key that somebody brought or took away."""
    connection.execute(
        f"""
        create or replace table carriers as
        with moved as (
            select rule, key from new_keys where {these}
            union select rule, key from {cache}.keys where {these} and id in (select id from gone_profiles)
        )
        select rule, key, id, false as is_new, id in (select id from gone_profiles) as is_gone
        from {cache}.keys semi join moved using (rule, key) where {these}
        union all select rule, key, id, true, false from new_keys where {these}
        """
    )


def _find_pairs(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        create or replace table sizes as
        select rule, key, any_value(most) as most, count(*) filter (not is_new) as before, count(*) filter (not is_gone) as now
        from carriers join key_limits using (rule) group by rule, key having count(*) > 1
        """
    )
    connection.execute(
        """
        insert into found_pairs
        with usable as (
            select rule, key, id, is_new or before > most as is_fresh
            from carriers join sizes using (rule, key) where now between 2 and most and not is_gone
        )
        select l.id, r.id from usable l
        join usable r on l.rule = r.rule and l.key = r.key and l.id < r.id and (l.is_fresh or r.is_fresh)
        """
    )
    connection.execute(
        "insert into closed_keys select rule, key from sizes where before between 2 and most and now > most"
    )


def _lose_edges(connection: duckdb.DuckDBPyConnection, cache: str) -> None:
    """Create `lost_edges(id_l, id_r)`: kept edges whose every common key is now carried by too many."""
    connection.execute(
        f"""
        create or replace table doubted as
        with carrying as (
            select * from {cache}.keys semi join closed_keys using (rule, key) anti join gone_profiles using (id)
        )
        select distinct l.id as id_l, r.id as id_r
        from carrying l join carrying r on l.rule = r.rule and l.key = r.key and l.id < r.id
        semi join {cache}.edges e on e.id_l = l.id and e.id_r = r.id
        """
    )
    if not count_rows(connection, "doubted"):
        connection.execute("create or replace table lost_edges as from doubted")
        return
    connection.execute(
        f"""
        create or replace table lost_edges as
        with theirs as (
            select * from {cache}.keys where id in (select id_l from doubted union all select id_r from doubted)
        ),
        shared as (
            select d.id_l, d.id_r, l.rule, l.key from doubted d
            join theirs l on l.id = d.id_l join theirs r on r.id = d.id_r and r.rule = l.rule and r.key = l.key
        ),
        carried as (
            select rule, key from {cache}.keys semi join shared using (rule, key) anti join gone_profiles using (id)
            union all select rule, key from new_keys semi join shared using (rule, key)
        ),
        usable as (
            select rule, key from carried join key_limits using (rule)
            group by rule, key having count(*) <= any_value(most)
        )
        select id_l, id_r from doubted
        except select id_l, id_r from shared semi join usable using (rule, key)
        """
    )
