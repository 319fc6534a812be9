"""Running syncs: opt-outs and earlier jobs → plan → journal → send → acknowledge → log; running again mends any crash.

No database lock is held for more than two seconds while a destination is waited for. What may be sent is decided by the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import duckdb

from reverse_etl.accounts import Account, Accounts
from reverse_etl.closing import close_run
from reverse_etl.declarations import SyncDeclaration, in_sending_order
from reverse_etl.journal import clock
from reverse_etl.left_behind import plan_left_behind
from reverse_etl.old_places import undeclared
from reverse_etl.opt_outs import hear_opt_outs
from reverse_etl.pace import Paces
from reverse_etl.plan import Plan
from reverse_etl.planner import STATE_CATALOG, plan_sync
from reverse_etl.results import CLEAN, SyncResult, Tally, with_note, with_old_targets
from reverse_etl.retention import DEFAULT_DAYS, prune
from reverse_etl.sessions import OpenState
from reverse_etl.transport import Patience
from reverse_etl.visit import Visit
from warehouse.progress import Progress, silent

OpenWarehouse = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


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
    declared: Sequence[SyncDeclaration] | None = None,
) -> list[SyncResult]:
    """Run syncs in sending order. A refused account stops its destination only; every sync has a result.

    Tools that can be asked who unsubscribed there are asked first, so that everybody hears of it in the same run.
    `declared` are all syncs there are: people whom a sync that is no longer among them left in a tool are taken out
    when they opt out (a result of its own where that was to be done). None = that is not looked at. Afterwards records of sending older than `keep_days` are removed, as far as no later run needs them.
    """
    stopped: dict[str, str] = {}
    paces = Paces()
    unheard = hear_opt_outs(open_state, [*syncs, *(declared or ())], accounts, now, patience or Patience())
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
            paces=paces,
            declared=declared,
            note=unheard.get(sync.destination),
        )
        for sync in in_sending_order(syncs)
    ]
    if declared is not None:
        results += _withdraw_undeclared(
            open_warehouse_with_state, open_state, declared, accounts, run_id, now, progress, stopped, patience, paces
        )  # fmt: skip
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
    paces: Paces | None = None,
    declared: Sequence[SyncDeclaration] | None = None,
    note: str | None = None,
) -> SyncResult:
    """Plan one sync and carry it out; the result is also a row of activation.sync_runs.

    `open_warehouse_with_state` gives the warehouse with the state attached as `state_store`, `open_state` the state
    alone. `now` is naive UTC. `stopped` (destination → why) is shared by the syncs of a run: a refused account is
    entered there and not tried again; `paces` keep each account's rate over all of them. Who has opted out is taken out
    of every target that the sync pointed to before, also while it is held; `confirmed` takes everybody else out of
    them too, once the present target is filled. `note` is what else is wrong with its tool. Raises DeclarationError, and whatever the stores raise.
    """
    started = clock()
    visit = Visit(
        open_state, sync, accounts, run_id, now, started, {} if stopped is None else stopped,
        patience or Patience(), paces or Paces(), Tally(),
    )  # fmt: skip
    account = accounts.find(sync.destination)
    if isinstance(account, Account):
        visit.ask_about_earlier_jobs(account)
    places = _OldPlaces([sync.name], declared or [sync], accounts, run_id)
    with open_warehouse_with_state() as warehouse:
        plan = plan_sync(
            warehouse, sync, accounts, blocked=blocked, confirmed=confirmed, retrying=retrying, run_id=run_id
        )
        opted_out = places.plan(warehouse, decided=None if plan.operations is None else sync)
    others = [visit.take_out(old, progress) for old in opted_out]
    result = visit.carry_out(plan, account, progress)
    is_clean = result.status in CLEAN
    if confirmed and is_clean:
        with open_warehouse_with_state() as warehouse:
            left = places.plan(warehouse, leavers=True)
        others += [visit.take_out(old, progress) for old in left]
    result = with_note(with_old_targets(result, others), note)
    close_run(visit.journal(plan), result.to_row(run_id, started, clock()), settle_locally=is_clean)
    return result


@dataclass(frozen=True, slots=True)
class _OldPlaces:
    """What syncs (names) left in targets that they no longer point to."""

    syncs: Sequence[str]
    declared: Sequence[SyncDeclaration]
    accounts: Accounts
    run_id: str

    def plan(
        self,
        warehouse: duckdb.DuckDBPyConnection,
        *,
        leavers: bool = False,
        decided: SyncDeclaration | None = None,
    ) -> list[Plan]:
        return plan_left_behind(
            warehouse, self.syncs, self.declared, self.accounts, STATE_CATALOG,
            run_id=self.run_id, leavers=leavers, decided=decided,
        )  # fmt: skip


def _withdraw_undeclared(
    open_warehouse_with_state: OpenWarehouse,
    open_state: OpenState,
    declared: Sequence[SyncDeclaration],
    accounts: Accounts,
    run_id: str,
    now: datetime,
    progress: Progress,
    stopped: dict[str, str],
    patience: Patience | None,
    paces: Paces,
) -> list[SyncResult]:
    """Take out whom a removed or renamed sync left in a tool and who has opted out since; one result per sync."""
    started, results = clock(), []
    with open_warehouse_with_state() as warehouse:
        names = undeclared(warehouse, declared, STATE_CATALOG)
        plans = _OldPlaces(names, declared, accounts, run_id).plan(warehouse)
    for name in names:
        mine = [plan for plan in plans if plan.sync.name == name]
        if not mine:
            continue
        visit = Visit(
            open_state, mine[0].sync, accounts, run_id, now, started, stopped, patience or Patience(), paces, Tally()
        )  # fmt: skip
        first, *others = [visit.take_out(plan, progress) for plan in mine]
        result = with_old_targets(first, others)
        close_run(visit.journal(mine[0]), result.to_row(run_id, started, clock()), settle_locally=False)
        results.append(result)
    return results
