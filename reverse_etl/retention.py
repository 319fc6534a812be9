"""How long the records of sending are kept: log, journal and runs by age, what the engine still needs for ever.

Acknowledged state, dead letters, consent and the audit table are never touched here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from reverse_etl.sessions import OpenState
from warehouse.connections import transaction

DEFAULT_DAYS = 400

# Unanswered operations decide about the next run, and a removal by us is what lets us put a person back later:
# of those the newest per remote record stays, whatever its age.
_PRUNE = {
    "sync_log": "delete from activation.sync_log where finished_at < $before",
    "op_journal": """delete from activation.op_journal as old
        where sent_at < $before and state not in ('sent', 'unknown', 'pending')
          and not (action = 'remove' and state in ('accepted', 'superseded') and not exists (
            select 1 from activation.op_journal as newer
            where newer.target_key = old.target_key and newer.remote_id = old.remote_id
              and newer.action = 'remove' and newer.state in ('accepted', 'superseded')
              and (newer.sent_at, newer.op_id) > (old.sent_at, old.op_id)))""",
    "sync_runs": """delete from activation.sync_runs as old
        where finished_at < $before and exists (
            select 1 from activation.sync_runs as newer
            where newer.sync = old.sync and newer.finished_at > old.finished_at)""",
}


def prune(open_state: OpenState, now: datetime, days: int = DEFAULT_DAYS) -> dict[str, int]:
    """Remove records older than `days` before `now` (naive UTC); returns rows removed by table of `activation`."""
    before = now - timedelta(days=days)
    with open_state() as state, transaction(state):
        return {
            table: int(state.execute(sql, {"before": before}).fetchall()[0][0])
            for table, sql in _PRUNE.items()
        }
