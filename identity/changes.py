"""What is new, changed or gone since the last resolution: of the records, and of the profiles they make.

Records that are equal in every feature are one profile, which is compared once; see `features.IDENTIFYING`.
Nothing is compared here.
"""

from __future__ import annotations

import duckdb

from identity import records
from identity.workspace import count_rows, first_row


def find(connection: duckdb.DuckDBPyConnection, warehouse: str, cache: str) -> None:
    """Compare `present_rows` with the cache; describes what arrived and adds new profiles to table `records`.

    Creates `left_rows(record_id, id)` (deleted or changed), `joined_rows(record_id, row_hash, id)` (new or changed),
    view `present(record_id, id)`, `new_profiles(id, profile)`, `gone_profiles(id)` and `changed_profiles(id)`, those
    which records joined or left.
    """
    same = "p.record_id = k.record_id and p.row_hash = k.row_hash"
    connection.execute(
        f"create or replace table left_rows as select record_id, id from {cache}.records k anti join present_rows p on {same}"
    )
    connection.execute(
        f"create or replace table arrived as select record_id, row_hash from present_rows p anti join {cache}.records k on {same}"
    )
    records.describe(connection, warehouse, "arrived")
    _number_profiles(connection, cache)
    connection.execute(
        """
        create or replace table joined_rows as
        select a.record_id, a.row_hash, n.id
        from arrived a join described d using (record_id) join numbered n using (profile)
        """
    )
    connection.execute(
        f"""
        create or replace view present as
        select record_id, id from {cache}.records where record_id not in (select record_id from left_rows)
        union all select record_id, id from joined_rows
        """
    )
    _compare_profiles(connection)
    records.add(
        connection,
        "(select min(record_id) as record_id, id from joined_rows join new_profiles using (id) group by id)",
    )


def describe_missing(connection: duckdb.DuckDBPyConnection, warehouse: str, wanted: str) -> None:
    """Add to table `records` the profiles of query `wanted(id)` that are not in it yet."""
    connection.execute(
        f"""
        create or replace table missing_profiles as
        select min(record_id) as record_id, id from present
        where id in (select id from ({wanted}) except select id from records) group by id
        """
    )
    if count_rows(connection, "missing_profiles"):
        records.describe(connection, warehouse, "missing_profiles")
        records.add(connection, "missing_profiles")


def _number_profiles(connection: duckdb.DuckDBPyConnection, cache: str) -> None:
    """Create `numbered(profile, id)` for every profile that arrived: the number it has, or a free one.

    Numbers name profiles inside this room only, are small to join on, and are used again: nothing may depend on them.
    """
    connection.execute(
        f"""
        create or replace table unknown_profiles as
        select profile, row_number() over (order by profile) as place
        from (select distinct profile from described) anti join {cache}.profiles using (profile)
        """
    )
    row = first_row(connection, f"select coalesce(max(id), 0) from {cache}.profiles")
    most = int(row[0] if row else 0) + count_rows(connection, "unknown_profiles")
    connection.execute(
        f"""
        create or replace table numbered as
        with free as (
            select range::integer as id, row_number() over (order by range) as place
            from range(1, {most + 1}) where range::integer not in (select id from {cache}.profiles)
        )
        select profile, id from unknown_profiles join free using (place)
        union all
        select profile, id from {cache}.profiles semi join described using (profile)
        """
    )


def _compare_profiles(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        create or replace table new_profiles as
        select n.id, n.profile from numbered n semi join unknown_profiles using (profile) order by n.id
        """
    )
    connection.execute(
        """
        create or replace table gone_profiles as
        select distinct id from left_rows where id not in (select id from present)
        """
    )
    connection.execute(
        """
        create or replace table changed_profiles as
        select id from left_rows union select id from joined_rows except select id from gone_profiles
        """
    )
