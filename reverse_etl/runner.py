"""Running syncs: plan → journal → send → acknowledge → log, so that a crash anywhere is mended by running again.

No database lock is held while a destination is waited for. What may be sent is decided by the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime

import duckdb

from reverse_etl.accounts import Account, Accounts
from reverse_etl.contract import Operation, Outcome, Status, Target
from reverse_etl.declarations import SyncDeclaration, in_sending_order
from reverse_etl.errors import DestinationStopped, TargetFailed
from reverse_etl.journal import Journal, OpenState, clock
from reverse_etl.plan import Plan
from reverse_etl.planner import plan_sync
from reverse_etl.results import CLEAN, SyncResult, Tally
from reverse_etl.retention import DEFAULT_DAYS, prune
from reverse_etl.sender import Sender, converse
from reverse_etl.snapshots import deliver_snapshot
from reverse_etl.transport import Patience, Transport, open_transport
from warehouse.progress import Progress, silent

OpenWarehouse = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
_SILENT_WAVES = 3  # waves in a row without a single answer, after which a destination counts as down


def run_syncs(
    open_warehouse_with_state: OpenWarehouse,
    open_state: OpenState,
    syncs: Sequence[SyncDeclaration],
    accounts: Accounts,
    run_id: str,
    now: datetime,
    progress: Progress = silent,
    *,
    blocked: Mapping[str, str] | None = None,
    confirmed: bool = False,
    retrying: bool = False,
    patience: Patience | None = None,
    keep_days: int = DEFAULT_DAYS,
) -> list[SyncResult]:
    """Run syncs in sending order. A refused account stops its destination only; every sync has a result.

    Afterwards records of sending older than `keep_days` are removed, as far as no later run needs them.
    """
    stopped: dict[str, str] = {}
    results = [
        run_sync(
            open_warehouse_with_state,
            open_state,
            sync,
            accounts,
            run_id,
            now,
            progress,
            blocked=blocked,
            confirmed=confirmed,
            retrying=retrying,
            stopped=stopped,
            patience=patience,
        )
        for sync in in_sending_order(syncs)
    ]
    prune(open_state, clock(), keep_days)
    return results


def run_sync(
    open_warehouse_with_state: OpenWarehouse,
    open_state: OpenState,
    sync: SyncDeclaration,
    accounts: Accounts,
    run_id: str,
    now: datetime,
    progress: Progress = silent,
    *,
    blocked: Mapping[str, str] | None = None,
    confirmed: bool = False,
    retrying: bool = False,
    stopped: dict[str, str] | None = None,
    patience: Patience | None = None,
) -> SyncResult:
    """Plan one sync and carry it out; the result is also a row of activation.sync_runs.

    `open_warehouse_with_state` gives the warehouse with the state attached as `state_store`, `open_state` the state
    alone. `now` is naive UTC. `stopped` (destination → why) is shared by the syncs of a run: a refused account is
    entered there and not tried again. Raises DeclarationError, and whatever the stores raise.
    """
    stopped = {} if stopped is None else stopped
    started = clock()
    with open_warehouse_with_state() as warehouse:
        plan = plan_sync(
            warehouse, sync, accounts, blocked=blocked, confirmed=confirmed, retrying=retrying, run_id=run_id
        )
    journal = Journal(open_state, plan, run_id, now)
    result = _apply(plan, journal, accounts, progress, stopped, patience or Patience())
    is_clean = result.status in CLEAN
    journal.finish(result.to_row(run_id, started, clock()), settle_locally=is_clean)
    return result


def _apply(
    plan: Plan,
    journal: Journal,
    accounts: Accounts,
    progress: Progress,
    stopped: dict[str, str],
    patience: Patience,
) -> SyncResult:
    sync = plan.sync
    account = accounts.find(sync.destination)
    if plan.not_configured is not None or not isinstance(account, Account):
        return SyncResult(
            sync.name, sync.destination, sync.target, "not configured", message=plan.not_configured
        )
    tally = Tally()
    if sync.destination in stopped:
        return tally.result(plan, stopped[sync.destination])
    reason = None
    if plan.size:
        plugin = sync.plugin
        with open_transport(account, plugin.spec, plugin.classify, patience) as transport:
            try:
                _send_all(plan, journal, account, transport, tally, progress)
            except DestinationStopped as error:
                reason = stopped[sync.destination] = str(error)
            except TargetFailed as error:
                return replace(tally.result(plan, str(error)), is_destination_stopped=False)
    return tally.result(plan, reason)


def _send_all(
    plan: Plan, journal: Journal, account: Account, transport: Transport, tally: Tally, progress: Progress
) -> None:
    target = _open_target(plan, journal, account, transport)
    sender = Sender(plan.sync.plugin, transport, target)
    stage, done, silent_waves = f"sync {plan.sync.name}", 0, 0
    progress(stage, 0, plan.size)
    try:
        for wave in plan.waves(plan.sync.plugin.spec.wave):
            answered = _send_wave(wave, plan, journal, sender, tally)
            silent_waves = 0 if answered else silent_waves + 1
            done += len(wave)
            progress(stage, done, plan.size)
            if silent_waves == _SILENT_WAVES:
                break
    finally:
        tally.requests += sender.requests


def _send_wave(wave: list[Operation], plan: Plan, journal: Journal, sender: Sender, tally: Tally) -> bool:
    """Look, journal, send, settle; says whether the destination answered for anything."""
    to_send, outcomes = sender.look(wave)
    looked_at = [operation for operation in wave if operation.op_id in outcomes]
    allowed = journal.begin(to_send)
    tally.withdrawn += len(to_send) - len(allowed)
    if plan.sync.plugin.spec.is_snapshot:
        outcomes |= deliver_snapshot(plan, sender, allowed, journal.withdrawn_from_snapshot())
    else:
        outcomes |= sender.deliver(allowed)
    settled = [*looked_at, *allowed]
    journal.settle(settled, outcomes)
    for operation in settled:
        tally.add(operation, outcomes[operation.op_id])
    return not settled or any(_is_answer(outcomes[operation.op_id]) for operation in settled)


def _is_answer(outcome: Outcome) -> bool:
    return outcome.status is not Status.UNKNOWN


def _open_target(plan: Plan, journal: Journal, account: Account, transport: Transport) -> Target:
    plugin, sync = plan.sync.plugin, plan.sync
    remote = plan.known_target
    if remote is None or plugin.spec.reopens_target:
        conversation = plugin.open_target(sync.target, account.account_id, plan.fields)
        remote = converse(conversation, plugin, transport)
        if remote != plan.known_target:
            journal.keep_target(remote)
    return Target(plan.target_key, sync.target, account.account_id, remote)
