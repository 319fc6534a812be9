"""What a run of a sync leaves at its end: its summary, the list of who was refused, and changes that need no call.

What is written while it is being sent is `journal.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from reverse_etl.facts import registered
from reverse_etl.journal import Journal
from reverse_etl.sentences import REFUSALS
from reverse_etl.settlement import ASSUMED
from reverse_etl.sql_text import literal


def close_run(journal: Journal, row: Mapping[str, Any], *, settle_locally: bool) -> None:
    """Close the run: its summary row (columns of activation.sync_runs) and the list of refused rows.

    With `settle_locally` also the changes of ownership that need no call.
    """
    with journal.transaction() as state:
        if settle_locally and journal.plan.settled_locally is not None:
            _settle_locally(journal, state)
        if journal.plan.refusals is not None:
            _keep_refusals(journal, state)
        names, marks = ", ".join(row), ", ".join("?" for _ in row)
        state.execute(
            f"insert or replace into activation.sync_runs ({names}) values ({marks})", list(row.values())
        )


def _settle_locally(journal: Journal, state: duckdb.DuckDBPyConnection) -> None:
    """Merged customers take over remote records; records that are not ours to remove are let go."""
    scope = journal.scope
    with registered(state, journal.plan.settled_locally) as rows:
        state.execute(
            f"""update activation.acked set record_key = moved.record_key
            from {rows} as moved
            where {scope} and acked.remote_id = moved.remote_id and moved.change = 'move'"""
        )
        state.execute(
            f"""update activation.acked set fingerprint = known.fingerprint,
                mapping_version = {literal(journal.plan.mapping_version)},
                norm_version = {literal(journal.plan.sync.plugin.spec.norm_version)}
            from {rows} as known
            where {scope} and acked.remote_id = known.remote_id and known.change = 'known'"""
        )
        guessed = f"{scope} and remote_id in (select remote_id from {rows} where change = 'assume')"
        for statement in ASSUMED:
            state.execute(statement.format(guessed=guessed))
        closed = f"select remote_id from {rows} where change = 'close'"
        state.execute(f"delete from activation.dead_letters where {scope} and remote_id in ({closed})")
        released = f"select remote_id from {rows} where change = 'release'"
        state.execute(f"delete from activation.acked where {scope} and remote_id in ({released})")
        state.execute(
            f"""update activation.op_journal set state = 'superseded', identifiers = null
            where {scope} and state in ('sent', 'unknown') and remote_id in ({released})"""
        )


def _keep_refusals(journal: Journal, state: duckdb.DuckDBPyConnection) -> None:
    sentences = [{"reason": reason, "sentence": sentence} for reason, sentence in REFUSALS.items()]
    name = literal(journal.plan.sync.name)
    state.execute(f"delete from activation.refusals where sync = {name}")
    with (
        registered(state, sentences) as known,
        registered(state, journal.plan.refusals, "refused") as rows,
    ):
        state.execute(
            f"""insert into activation.refusals
            select {name}, {literal(journal.run_id)}, record_key, reason, sentence
            from {rows} join {known} using (reason)"""
        )
