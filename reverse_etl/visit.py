"""Carrying out a plan at one destination: its account and target, its waves, and waiting for its jobs.

What is planned, in which order and for which syncs is `runner.py`; the database is let go while a call is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from reverse_etl.accounts import Account, Accounts, NotConfigured
from reverse_etl.contract import Acknowledgement, Target
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.errors import DestinationStopped, RunCancelled, TargetFailed
from reverse_etl.gates import Counts
from reverse_etl.jobs import collect, open_jobs
from reverse_etl.journal import Journal
from reverse_etl.old_places import find_again, unreachable
from reverse_etl.pace import Paces
from reverse_etl.plan import Plan
from reverse_etl.planner import target_key
from reverse_etl.results import SyncResult, Tally
from reverse_etl.sender import Sender, converse
from reverse_etl.sessions import OpenState
from reverse_etl.transport import Patience, Transport, open_transport
from reverse_etl.waves import Waves
from warehouse.progress import Progress


@dataclass(frozen=True, slots=True)
class Visit:
    """One sync in one run: what it needs to call its destination, and what has come of it so far."""

    open_state: OpenState
    sync: SyncDeclaration
    accounts: Accounts
    run_id: str
    now: datetime
    started: datetime
    stopped: dict[str, str]
    patience: Patience
    paces: Paces
    tally: Tally

    def journal(self, plan: Plan) -> Journal:
        return Journal(self.open_state, plan, self.run_id, self.now, self.started)

    def ask_about_earlier_jobs(self, account: Account) -> None:
        """Settle what earlier runs handed over, as far as the tool has finished it, before anything is planned."""
        if self.sync.plugin.spec.acknowledgement is not Acknowledgement.JOB or self._is_stopped:
            return
        journal = self.journal(Plan(self.sync, target_key(self.sync, account), Counts()))
        remote = journal.known_target()
        if remote is None or not open_jobs(journal):
            return
        target = Target(journal.plan.target_key, self.sync.target, account.account_id, remote)
        with self._transport(account) as transport:
            try:
                sender = Sender(self.sync.plugin, transport, target)
                # once round: what is still running is asked about again after this run's own sending
                collect(journal, sender, replace(self.patience, job_budget=0.0), self.tally.add)
            except DestinationStopped as error:
                self.stopped[self.sync.destination] = str(error)

    def carry_out(self, plan: Plan, account: Account | NotConfigured, progress: Progress) -> SyncResult:
        """Send what the plan says and wait for its jobs; every failure of the destination is a result."""
        sync = self.sync
        if plan.not_configured is not None or not isinstance(account, Account):
            return SyncResult(
                sync.name, sync.destination, sync.target, "not configured", message=plan.not_configured
            )
        if self._is_stopped:
            return self.tally.result(plan, self.stopped[sync.destination])
        journal = self.journal(plan)
        if plan.old_account is None:
            journal.keep_declaration()
        if not plan.size and not (plan.counts.in_flight and plan.known_target):
            return self.tally.result(plan, None)
        with self._transport(account) as transport:
            try:
                target = self._open_target(plan, journal, account, transport)
                sender = Sender(sync.plugin, transport, target, sync.mode)
                self._send(plan, journal, sender, progress)
            except DestinationStopped as error:
                self.stopped[sync.destination] = str(error)
                return self.tally.result(plan, str(error))
            except TargetFailed as error:
                return replace(self.tally.result(plan, str(error)), is_destination_stopped=False)
        return self.tally.result(plan, None)

    def take_out(self, plan: Plan, progress: Progress) -> SyncResult:
        """Carry out the removals from a target that the sync no longer points to, in whatever account it is."""
        # a refused old account is no reason to stop calling the present one
        visit = replace(self, sync=plan.sync, tally=Tally(), stopped=dict(self.stopped))
        account = self.accounts.find(plan.sync.destination)
        old_account = plan.old_account or ""
        if isinstance(account, NotConfigured):
            sync, told = plan.sync, unreachable(plan, old_account)
            return SyncResult(
                sync.name, sync.destination, sync.target, "problems", waiting=plan.size, message=told
            )
        return visit.carry_out(plan, replace(account, account_id=old_account), progress)

    def _send(self, plan: Plan, journal: Journal, sender: Sender, progress: Progress) -> None:
        try:
            Waves(plan, journal, sender, self.tally, progress).send()
        except RunCancelled as error:
            self.tally.cancelled = str(error)
        finally:
            self.tally.requests += sender.requests
        if sender.plugin.spec.acknowledgement is Acknowledgement.JOB:
            patience = replace(self.patience, job_budget=0.0) if self.tally.cancelled else self.patience
            self.tally.pending = collect(journal, sender, patience, self.tally.add)

    def _open_target(self, plan: Plan, journal: Journal, account: Account, transport: Transport) -> Target:
        plugin, sync, remote = plan.sync.plugin, plan.sync, plan.known_target
        conversation = plugin.open_target(sync.target, account.account_id, plan.fields)
        if plan.old_account is not None:
            present = self.accounts.find(sync.destination)
            is_same = isinstance(present, Account) and present.account_id == plan.old_account
            if not is_same or remote is None:
                remote = converse(find_again(conversation, plan, plan.old_account), plugin, transport)
        elif remote is None or plugin.spec.reopens_target:
            remote = converse(conversation, plugin, transport)
            if remote != plan.known_target:
                journal.keep_target(remote)
        return Target(plan.target_key, sync.target, account.account_id, remote)

    def _transport(self, account: Account) -> Transport:
        plugin, most = self.sync.plugin, self.sync.concurrency
        spec = replace(plugin.spec, concurrency=min(most or plugin.spec.concurrency, plugin.spec.concurrency))
        return open_transport(account, spec, plugin.classify, self.patience, self.paces)

    @property
    def _is_stopped(self) -> bool:
        return self.sync.destination in self.stopped
