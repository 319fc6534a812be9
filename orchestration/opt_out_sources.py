"""Which syncs wait because a source that brings opt-outs is late or could not be loaded, beside what holds them otherwise.

What a source is expected to bring is declared with it; what a held sync may still send is the sender's affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import duckdb

from ingestion.declarations import Source
from ingestion.freshness import SourceStatus, source_status
from orchestration import dbt_process
from orchestration.holds import blocked_syncs
from orchestration.sources import SOURCES
from reverse_etl.declarations import SyncDeclaration
from warehouse.run_context import newest_load_id

_BUILT = "state.built_from"  # one row: the newest load that the tables were made from


def sync_holds(
    connection: duckdb.DuckDBPyConnection, syncs: Iterable[SyncDeclaration], now: datetime
) -> dict[str, str]:
    """Sync name → why it must not go out now: what it is made from, and who may have unsubscribed without our knowing.

    `connection` is the warehouse as the newest run left it; `now` is naive UTC.
    """
    stale = stale_opt_outs(connection, SOURCES, now)
    return with_stale_opt_outs(blocked_syncs(connection, dbt_process.manifest()), syncs, stale)


def stale_opt_outs(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[Source], now: datetime
) -> dict[str, str]:
    """Channel → why who left it may not be known. A source that never delivered is not in use and says nothing."""
    telling = {source.name: source for source in sources if source.opt_outs}
    statuses = source_status(connection, telling.values(), now)
    unbuilt = _unbuilt(connection)
    reasons: dict[str, str] = {}
    for channel in sorted({channel for source in telling.values() for channel in source.opt_outs}):
        about = [status for status in statuses if channel in telling[status.source].opt_outs]
        late = [status for status in about if status.is_late]
        unread = [reason for status in about if (reason := _unread(telling[status.source], status))]
        waiting = [reason for status in about if (reason := _waiting(status, unbuilt))]
        if late or unread or waiting:
            reasons[channel] = "; and ".join([*([_late(late)] if late else []), *unread, *waiting])
    return reasons


def with_stale_opt_outs(
    blocked: Mapping[str, str], syncs: Iterable[SyncDeclaration], stale: Mapping[str, str]
) -> dict[str, str]:
    """The holds with those of every sync over such a channel added; what is sent as a service needs no such consent."""
    holds = dict(blocked)
    for sync in syncs:
        if sync.purpose != "service" and sync.channel in stale:
            holds[sync.name] = "; and ".join(
                text for text in (holds.get(sync.name), stale[sync.channel]) if text
            )
    return holds


def note_built(connection: duckdb.DuckDBPyConnection) -> None:
    """Note that the tables were built from all that is loaded so far: what a later load tells is in none of them yet."""
    connection.execute(
        f"create or replace table {_BUILT} as select {newest_load_id(connection)}::bigint as load_id"
    )


def _unbuilt(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Source → a file that was loaded after the tables were built; empty where no build has noted what it was made from."""
    noted = connection.execute(
        "select 1 from duckdb_tables() where schema_name || '.' || table_name = ?", [_BUILT]
    ).fetchone()
    if noted is None:
        return {}
    found = connection.execute(
        f"select source, min(file) from raw.loads where status = 'loaded' and load_id > (select load_id from {_BUILT})"
        " group by source"
    ).fetchall()
    return dict(found)


def _waiting(status: SourceStatus, unbuilt: Mapping[str, str]) -> str | None:
    if status.source not in unbuilt:
        return None
    return (
        f"{status.title}, which tells who unsubscribed, delivered {unbuilt[status.source]}, which is loaded but in no "
        f"table yet, so somebody who has unsubscribed since might still be reached; `cdp run` builds them"
    )


def _late(late: Sequence[SourceStatus]) -> str:
    """One clause for all that are late: where the nightly delivery stops, it stops for many."""
    if len(late) == 1:
        return (
            f"{late[0].title}, which tells who unsubscribed, last delivered on {late[0].last_loaded_at:%Y-%m-%d %H:%M} and "
            f"should have again by {late[0].next_expected_at:%Y-%m-%d %H:%M}, {_consequence(f' {late[0].source}')}"
        )
    named = ", ".join(f"{status.title} (due {status.next_expected_at:%Y-%m-%d %H:%M})" for status in late)
    return f"{len(late)} sources, which tell who unsubscribed, are late: {named}, {_consequence('')}"


def _consequence(source: str) -> str:
    return f"so somebody who has unsubscribed since might still be reached (`cdp sources status{source}`)"


def _unread(source: Source, status: SourceStatus) -> str | None:
    """A clause when a file of a source that is on time could not be loaded."""
    if status.is_late:
        return None
    # what brings changes only does not tell again what was in a file that could not be read
    whole = {table.name for table in source.tables if table.load == "replace"}
    unread = [refused for refused in status.refused if refused.is_newest or refused.table_name not in whole]
    if unread:
        return (
            f"{status.title}, which tells who unsubscribed, delivered {unread[0].file}, which could not be loaded, "
            f"{_consequence(f' {status.source}')}; deliver it again, or take it away if a later file holds all of it"
        )
    return None
