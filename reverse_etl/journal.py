"""What is written to the state store while a sync is sent: the write-ahead journal, acknowledgements, dead letters, the log.

Every function is one transaction on a connection that is open only for it; what a run leaves at its end is `closing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from reverse_etl.contract import Action, Lane, Operation, Outcome
from reverse_etl.errors import RunCancelled
from reverse_etl.facts import operation_columns, outcome_columns, registered
from reverse_etl.plan import Plan
from reverse_etl.sessions import OpenState
from reverse_etl.settlement import SETTLEMENT
from reverse_etl.sql_text import CONSENT_MARK, literal, relevant_statements
from warehouse.connections import transaction


def clock() -> datetime:
    """The wall clock (naive UTC), for facts about calls; the run's own "now" may be fixed."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Journal:
    """The state of one sync in one run. `now` is the run's time, naive UTC.

    `started` (wall clock) is when the run began, for it to be cancelled; None = it cannot be. `norm_version` is that
    of operations that an earlier run sent.
    """

    open_state: OpenState
    plan: Plan
    run_id: str
    now: datetime
    started: datetime | None = None
    norm_version: str | None = None

    def begin(self, operations: Sequence[Operation]) -> Sequence[Operation]:
        """Write down that these are about to be sent, and return those that still may be.

        Additions and updates whose consent was withdrawn since the plan was made are left out: nobody is told
        anything about them. Raises duckdb.Error when the state cannot be written, and RunCancelled when a person
        wants no more to be sent (opt-outs go on); then nothing may be sent.
        """
        with self.transaction() as state:
            if any(operation.lane is not Lane.WITHDRAWAL for operation in operations):
                self._stop_if_cancelled(state)
            upserts = [op for op in operations if op.action is not Action.REMOVE]
            withdrawn = self._withdrawn(
                state, ((op.op_id, op.consent_keys, op.consented_at) for op in upserts)
            )
            kept = operations
            if withdrawn:
                kept = [operation for operation in operations if operation.op_id not in withdrawn]
            if not kept:
                return kept
            with registered(state, operation_columns(kept)) as rows:
                # the same operation of the same run again: its run ended before anybody knew what became of it
                state.execute(
                    f"""delete from activation.op_journal
                    where run_id = {literal(self.run_id)} and op_id in (select op_id from {rows})"""
                )
                state.execute(
                    f"""insert into activation.op_journal by name
                    select * replace (identifiers::json as identifiers), {self._shared()},
                        'sent' as state, {_time(clock())} as sent_at
                    from {rows}"""
                )
                # once sent again, a refusal is open until it is answered: else a lost answer would end the matter
                state.execute(
                    f"""update activation.dead_letters set is_permanent = false from {rows} as again
                    where {self.scope} and dead_letters.remote_id = again.remote_id"""
                )
        return kept

    def written_since(self, operations: Sequence[Operation], moment: datetime, *, removals: bool) -> set[str]:
        """Remote ids of these that were removed, or else added or updated, since then (wall clock), as far as is known.

        A job writes when it ends, which may be long after it was sent.
        """
        with self.transaction() as state, registered(state, operation_columns(operations)) as rows:
            found = state.execute(
                f"""select distinct remote_id from activation.op_journal
                where {self.scope} and coalesce(settled_at, sent_at) >= {_time(moment)} and (action = 'remove') = {removals}
                    and state <> 'rejected'
                    and remote_id in (select remote_id from {rows})"""
            ).fetchall()
        return {remote_id for (remote_id,) in found}

    def take_back(self, operations: Sequence[Operation]) -> None:
        """Strike out what `begin` wrote down of operations that were never sent after all."""
        with self.transaction() as state, registered(state, operation_columns(operations)) as rows:
            state.execute(
                f"""delete from activation.op_journal
                where run_id = {literal(self.run_id)} and op_id in (select op_id from {rows})"""
            )

    def _stop_if_cancelled(self, state: duckdb.DuckDBPyConnection) -> None:
        if self.started is None:
            return
        found = state.execute(
            "select person, reason from activation.cancellations where sync = ? and requested_at >= ? "
            "order by requested_at limit 1",
            [self.plan.sync.name, self.started],
        ).fetchone()
        if found:
            raise RunCancelled(
                f"{found[0]} cancelled this run ({found[1]}). What it had not sent is still planned: the next run sends it."
            )

    def withdrawn_from_snapshot(self) -> set[str]:
        """Record keys of the planned snapshot whose consent was withdrawn since the plan was made."""
        if self.plan.snapshot is None:
            return set()
        columns = (
            self.plan.snapshot.column(name).to_pylist()
            for name in ("record_key", "consent_keys", "consented_at")
        )
        with self.transaction() as state:
            return self._withdrawn(state, list(zip(*columns, strict=True)))

    def settle(self, operations: Sequence[Operation], outcomes: Mapping[str, Outcome]) -> None:
        """Record what became of operations: acknowledged rows, dead letters, opt-outs, log, journal."""
        if not operations:
            return
        sync, facts = self.plan.sync, outcome_columns(operations, outcomes)
        said = _columns({"purpose": sync.purpose, "channel": sync.channel, "destination": sync.destination})
        with self.transaction() as state, registered(state, facts) as rows:
            state.execute(
                f"""create or replace temp table settled as
                select facts.*, {self._shared()}, {said}, {_time(self.now)} as now, {_time(clock())} as clock,
                    sent.row as journal_row, sent.sent_at, logged.row as log_row, held.rowid as acked_row
                from {rows} as facts
                left join ({self._undecided("op_journal", "state")}) as sent on sent.op_id = facts.op_id
                left join ({self._undecided("sync_log", "status")}) as logged on logged.op_id = facts.op_id
                left join (select rowid, remote_id from activation.acked where {self.scope}) as held
                    on held.remote_id = facts.remote_id"""
            )
            for statement in SETTLEMENT:
                state.execute(statement.format(facts="settled"))
            state.execute("drop table settled")

    def known_target(self) -> str | None:
        """The tool's own id of the target, if a run has found it before."""
        with self.open_state() as state:
            found = state.execute(
                "select remote_target from activation.targets where target_key = ?", [self.plan.target_key]
            ).fetchone()
        return str(found[0]) if found else None

    def keep_target(self, remote: str) -> None:
        """Remember the tool's own id of the target."""
        with self.transaction() as state:
            state.execute(
                "insert or replace into activation.targets values (?, ?, ?)",
                [self.plan.target_key, remote, self.now],
            )

    def keep_declaration(self) -> None:
        """Remember what the sync was like when it pointed to this target, so that opt-outs find it later."""
        told = self.plan.sync.model_dump_json()
        with self.transaction() as state:
            state.execute(
                "insert or replace into activation.declared values (?, ?, ?, ?)",
                [self.plan.sync.name, self.plan.target_key, told, clock()],
            )

    @property
    def scope(self) -> str:
        """The rows of this sync and target, as a condition."""
        return f"sync = {literal(self.plan.sync.name)} and target_key = {literal(self.plan.target_key)}"

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The state, for all of the block or nothing."""
        with self.open_state() as state, transaction(state):
            yield state

    def _withdrawn(
        self, state: duckdb.DuckDBPyConnection, rows: Iterable[tuple[str, str | None, str | None]]
    ) -> set[str]:
        """Of rows (id, consent keys as JSON, time of consent), the ids whose consent was withdrawn since."""
        if state.execute(CONSENT_MARK.format(catalog="")).fetchall() == [self.plan.consent_mark]:
            return set()  # nobody has said anything since the plan was made
        asked = [
            {"id": row_id, "consent_keys": keys, "consented_at": consented_at}
            for row_id, keys, consented_at in rows
        ]
        if not asked:
            return set()
        sync = self.plan.sync
        statements = relevant_statements("", sync.purpose, sync.channel)
        with registered(state, asked) as view:
            found = state.execute(
                f"""with asked as (
                    select id, consented_at, unnest(from_json(consent_keys, '["varchar"]')) as consent_key
                    from {view} where consent_keys is not null
                )
                select distinct id from asked join {statements} as stated using (consent_key)
                where stated.status = 'denied'
                  and stated.stated_at >= coalesce(consented_at::timestamp, timestamp '-infinity')"""
            ).fetchall()
        return {row_id for (row_id,) in found}

    def _undecided(self, table: str, state: str) -> str:
        """The rows in which an operation may stand already: others are a year of sending that no wave need look through."""
        when = "sent_at" if table == "op_journal" else "started_at"
        columns, open_ones = f"rowid as row, op_id, {when}", f"{state} in ('sent', 'unknown', 'pending')"
        # not one condition with `or`: the engine would read every id there is
        return (
            f"select {columns} from activation.{table} where {open_ones} union all select {columns} "
            f"from activation.{table} where run_id = {literal(self.run_id)} and not {open_ones}"
        )

    def _shared(self) -> str:
        """What is the same for every operation of a wave, as columns."""
        sync, plan = self.plan.sync, self.plan
        values = {
            "run_id": self.run_id,
            "sync": sync.name,
            "target_key": plan.target_key,
            "mapping_version": plan.mapping_version,
            "norm_version": self.norm_version or sync.plugin.spec.norm_version,
        }
        return _columns(values)


def _columns(values: Mapping[str, str]) -> str:
    return ", ".join(f"{literal(value)} as {name}" for name, value in values.items())


def _time(moment: datetime) -> str:
    return f"timestamp {literal(moment.isoformat(sep=' '))}"
