"""Tables that are delivered whole: which keys the newest delivery still has, and which vanished with it.

Vanished keys are recorded in `raw.deleted_rows`; their rows stay in raw, and the macro `newest_version` leaves them out.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from ingestion.declarations import Source, Table
from ingestion.ledger import LedgerKey
from ingestion.naming import quoted
from ingestion.reports import Deletion
from ingestion.versions import UNCHANGED_TABLE, key_text

_OF_TABLE = "source = $source and table_name = $table_name"
# the newest delivery of a table, unless one of its files is refused, or was and is gone: then it is not whole
_NEWEST_WHOLE = f"""
with last as (
    select * from raw.loads where {_OF_TABLE}
    qualify row_number() over (partition by file order by load_id desc) = 1
)
select max(delivered_at), max_by(load_id, row(delivered_at, load_id)) from raw.loads
where {_OF_TABLE} and status = 'loaded' and file_hash is not null
having max(delivered_at) not in (select delivered_at from last where status in ('refused', 'taken away'))
"""
# rows of that delivery, in its files as they were last loaded, that nobody has corrected
_REJECTED = f"""
select count(*) from raw.rejected_rows where status = 'rejected' and load_id in (
    select max(load_id) from raw.loads
    where {_OF_TABLE} and status = 'loaded' and file_hash is not null and delivered_at = $at group by file
)
"""


def note_old_keys(connection: duckdb.DuckDBPyConnection, source: Source, table: Table) -> None:
    """Take the keys of a table that was not delivered whole until now for those of its newest delivery."""
    rows, names = f"raw.{quoted(source.raw_table(table))}", _names(source, table)
    begun = f"select 1 from raw.{{}} where {_OF_TABLE} limit 1"
    if any(
        connection.execute(begun.format(name), names).fetchone() for name in ("live_keys", "deleted_rows")
    ):
        return
    connection.execute(
        f"insert into raw.live_keys select $source, $table_name, {key_text(table.raw_keys)} as key, min(_delivered_at), "
        f"(select max(_delivered_at) from {rows}) from {rows} where key is not null group by key",
        names,
    )


def forget_returned(connection: duckdb.DuckDBPyConnection, key: LedgerKey, load_id: int) -> None:
    """Rows of a key that was deleted are stored again, even if they are what they were.

    It was deleted when it is live no more, and also when all that raw holds of it up to this delivery is older than
    its deletion: so a file that is read again, because an older one came late, keeps the key that it had brought back.
    """
    table = key.delivery.table
    noted = key_text(table.raw_keys, "noted.")
    connection.execute(
        f"""
        delete from {UNCHANGED_TABLE} as noted
        where not exists (from raw.live_keys as live where {_OF_TABLE} and live.key_text = {noted})
            or exists (
                from raw.deleted_rows as deleted
                where {_OF_TABLE} and deleted.key_text = {noted} and deleted.delivered_at <= $at and not exists (
                    from raw.{quoted(key.delivery.raw_table)} as held
                    where {key_text(table.raw_keys, "held.")} = deleted.key_text and held._load_id <> $load_id
                        and held._delivered_at <= $at
                        and (held._delivered_at, held._load_id) > (deleted.delivered_at, deleted.deleted_in_load_id)
                )
            )
        """,
        _names(key.delivery.source, table) | {"at": key.delivered_at, "load_id": load_id},
    )


def mark_seen(connection: duckdb.DuckDBPyConnection, key: LedgerKey, load_id: int) -> None:
    """Note that the keys of this load's rows were in a delivery of this date."""
    table = key.delivery.table
    seen = (
        f"(select distinct {key_text(table.raw_keys)} as key_text from raw.{quoted(key.delivery.raw_table)} "
        f"where _load_id = $load_id)"
    )
    parameters = _names(key.delivery.source, table) | {"at": key.delivered_at, "load_id": load_id}
    connection.execute(
        f"update raw.live_keys set seen_at = greatest(seen_at, $at), first_seen_at = least(first_seen_at, $at) "
        f"where {_OF_TABLE} and key_text in {seen}",
        parameters,
    )
    connection.execute(
        f"insert into raw.live_keys select $source, $table_name, key_text, $at, $at from {seen} where key_text is not null "
        f"and key_text not in (select key_text from raw.live_keys where {_OF_TABLE})",
        parameters,
    )


def record_vanished(
    connection: duckdb.DuckDBPyConnection, source: Source, table: Table, detected_at: datetime
) -> Deletion | None:
    """Record the keys that the newest whole delivery lacks; None when it lacks none, or is not whole.

    Nothing is deleted, and the ledger says why, when more is lacking than `largest_shrink` allows, or when the delivery
    has rejected rows: any of them may hold a key that is not seen elsewhere.
    """
    names = _names(source, table)
    newest = connection.execute(_NEWEST_WHOLE, names).fetchone()
    if newest is None:
        return None
    at, load_id = newest
    vanished, before = connection.execute(
        f"select count(*) filter (seen_at < $at), count(*) filter (first_seen_at < $at) from raw.live_keys where {_OF_TABLE}",
        names | {"at": at},
    ).fetchall()[0]
    if not vanished:
        return None
    (rejected,) = connection.execute(_REJECTED, names | {"at": at}).fetchall()[0]
    if why := _why_not(source, table, vanished, before, rejected):
        message = f"{vanished} of {before} keys are no longer there, but nothing was deleted: {why}"
        _note(connection, load_id, message)
        return Deletion(source.name, table.name, before, vanished, message)
    gone = f"from raw.live_keys where {_OF_TABLE} and seen_at < $at"
    connection.execute(
        f"insert into raw.deleted_rows by name select source, table_name, key_text, "
        f"$load_id::bigint as deleted_in_load_id, $detected_at as detected_at, $at as delivered_at {gone}",
        names | {"at": at, "load_id": load_id, "detected_at": detected_at},
    )
    connection.execute(f"delete {gone}", names | {"at": at})
    return Deletion(source.name, table.name, before, vanished)


def _why_not(source: Source, table: Table, vanished: int, before: int, rejected: int) -> str:
    """Why the vanished keys are not taken for deleted, and what to do; empty when they are."""
    if rejected:
        return (
            f"the delivery has {rejected} rejected rows, which may hold them. Correct these rows, or their declaration "
            f"and run `cdp sources retry-rejected {source.name}`."
        )
    if vanished > table.largest_shrink * before:
        return (
            f"that is more than `largest_shrink` ({table.largest_shrink:.0%}) allows. If the delivery is right, raise it "
            f"for table {table.name} in {source.name}.yml."
        )
    return ""


def _note(connection: duckdb.DuckDBPyConnection, load_id: int, message: str) -> None:
    """Say it once at the load in the ledger."""
    connection.execute(
        "update raw.loads set message = concat_ws('; ', message, $message) "
        "where load_id = $load_id and not contains(coalesce(message, ''), $message)",
        {"load_id": load_id, "message": message},
    )


def _names(source: Source, table: Table) -> dict[str, object]:
    return {"source": source.name, "table_name": table.name}
