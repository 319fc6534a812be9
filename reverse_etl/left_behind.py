"""Whom a sync left in targets that it no longer points to, and who of them has to be taken out, and how.

An opt-out reaches every place that acknowledged the person; leavers of an old place stay until a person confirms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import duckdb

from reverse_etl.accounts import Accounts
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.desired import DesiredRows
from reverse_etl.gates import Counts
from reverse_etl.mapping import Columns, FieldMapping
from reverse_etl.old_places import HELD, UNKNOWN, Place, old_places, places_now
from reverse_etl.plan import Plan
from reverse_etl.sentences import DENIALS
from reverse_etl.spool import Spool
from reverse_etl.sql_text import consent_key, literal, quoted

_STATED = "substr(consent_key, strpos(consent_key, ':') + 1)"


def plan_left_behind(
    connection: duckdb.DuckDBPyConnection,
    syncs: Sequence[str],
    declared: Sequence[SyncDeclaration],
    accounts: Accounts,
    state: str,
    *,
    run_id: str = "plan",
    leavers: bool = False,
    decided: SyncDeclaration | None = None,
) -> list[Plan]:
    """A plan of removals for each old target of these syncs (names) that anything is to be done in.

    `declared` are all syncs whose present targets count as such; a name that is not among them has old ones only.
    Without `leavers` only who may not be there any more is removed, with them everybody. Nobody is removed whom a
    declared sync holds in the same place: that one answers for them. `decided` is the sync whose plan was just made on
    this connection. An empty list while marts.consents is not built, or by another version.
    """
    current = places_now(declared, accounts)
    plans = []
    for place in old_places(connection, set(syncs), declared, current, state):
        try:
            plan = _Removals(connection, place, current, state, run_id, decided).plan(leavers=leavers)
        except (duckdb.CatalogException, duckdb.BinderException):
            return []
        if plan.size or (plan.counts.in_flight and plan.known_target):
            plans.append(plan)
    return plans


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """One old target as it stands: the removals that the next run does there, and how many others are in it.

    `is_declared` = the sync still exists, so that a person may confirm that the others leave as well.
    """

    plan: Plan
    leavers: int
    is_declared: bool

    @property
    def sentence(self) -> str:
        """Both, for people."""
        sync, parts = self.plan.sync, []
        if self.plan.size:
            parts.append(f"{self.plan.size:,} to remove from it who may not be there any more")
        if self.leavers:
            until = f" until `cdp sync apply {sync.name} --confirm`" if self.is_declared else ""
            parts.append(f"{self.leavers:,} others stay{until}")
        why = (
            "where this sync no longer points to"
            if self.is_declared
            else "of a sync that is no longer declared"
        )
        return f"old target {sync.target}, {why}: {'; '.join(parts)}"


def list_left_behind(
    connection: duckdb.DuckDBPyConnection,
    syncs: Sequence[str],
    declared: Sequence[SyncDeclaration],
    accounts: Accounts,
    state: str,
    *,
    decided: SyncDeclaration | None = None,
) -> list[LeftBehind]:
    """The old targets of these syncs that hold anybody who is to be taken out now, or would be after confirming."""
    plan_them = partial(plan_left_behind, connection, syncs, declared, accounts, state, decided=decided)
    now = {plan.target_key: plan for plan in plan_them()}
    found = []
    for everybody in plan_them(leavers=True):
        plan = now.get(everybody.target_key) or replace(everybody, operations=None)
        is_declared = any(sync.name == plan.sync.name for sync in declared)
        found.append(LeftBehind(plan, everybody.size - plan.size, is_declared))
    return [old for old in found if old.plan.size or old.leavers]


@dataclass(frozen=True)
class _Removals:
    """The removals of one old target, from what was last sent there."""

    connection: duckdb.DuckDBPyConnection
    place: Place
    current: set[tuple[str, str]]
    state: str
    run_id: str
    decided: SyncDeclaration | None

    def plan(self, *, leavers: bool) -> Plan:
        mapping = FieldMapping(self.place.sync, Columns(self.place.sync.key, {}, {}, ""))
        rows = DesiredRows(self.place.sync, mapping, self.place.target_key, self.state)
        for name, query in (("left_denials", self._denials()), ("left_held", rows.held())):
            self.connection.execute(f"create or replace temp table {name} as {query}")
        operations = Spool(self.connection, self._operations(leavers=leavers))
        ((in_flight,),) = self.connection.execute(
            "select count(*) from left_held where is_pending"
        ).fetchall()
        size = int(operations.num_rows)
        return Plan(
            self.place.sync,
            self.place.target_key,
            Counts(held=size, removed=size, withdrawn=0 if leavers else size, in_flight=in_flight),
            operations=operations,
            known_target=self.place.remote,
            old_account=self.place.account_id,
        )

    def _denials(self) -> str:
        sync = self.place.sync
        if sync.purpose != UNKNOWN:
            mapping = FieldMapping(sync, Columns(sync.key, {}, {}, ""))
            return DesiredRows(sync, mapping, self.place.target_key, self.state).denials()
        # for what people were sent there is not known: whoever said no to anything is taken out
        return f"""
            select 'customer_id:' || customer_id as consent_key, null::timestamp as denied_at, 'consents' as source
            from marts.consents where status = 'denied'
            union all
            select {consent_key("identifier_type", "identifier_value")}, null, 'suppressions' from marts.suppressions
            union all
            select {consent_key("identifier_type", "identifier_value")}, max(stated_at), 'log'
            from {self.state}.platform.consent_log where status = 'denied' group by 1"""

    def _operations(self, *, leavers: bool) -> str:
        """Rows as those of `Comparison.operations`, in the withdrawal lane unless nobody has said no."""
        keys = self.place.sync.plugin.spec.match_keys
        ids = ", ".join(f"{quoted(key.name)} := id{n}" for n, key in enumerate(keys))
        repeats = self.place.sync.plugin.spec.repeats_safely
        wanted = "true" if leavers and self.place.sync.mode == "mirror" else "lane = 'withdrawal'"
        return f"""
            with recursive {self._denied()},
            taken as ({self._taken()}),
            judged as (
                select held.*, case when denied.remote_id is null then 'leaver' else 'withdrawal' end as lane
                from left_held as held
                left join denied using (remote_id)
                where held.remote_id not in (select remote_id from taken)
                  -- the tool is still at it, or might notice a second delivery: as in the present target
                  and not (is_pending and was_removing) and ({repeats} or not may_be_removed)
            )
            select md5(concat_ws('|', {literal(self.run_id)}, {literal(self.place.sync.name)},
                    {literal(self.place.target_key)}, 'remove', remote_id)) as op_id,
                'remove' as action, lane, record_key, remote_id, to_json(struct_pack({ids}))::varchar as identifiers,
                null::varchar as payload, row_hash, null::varchar as consent_keys, null::varchar as consented_at,
                is_adopted, is_uncertain, false as was_removed_by_us
            from judged
            where {wanted} and (lane = 'withdrawal' or not (is_adopted or is_pending))
            order by lane <> 'withdrawal', record_key, remote_id"""

    def _denied(self) -> str:
        """Who may not be there: denied by customer id (also of whom they were merged into), or by an identifier sent.

        A denial in the log that is older than the customer's consent was taken back by it.
        """
        sync = self.place.sync
        values = " union all ".join(
            f"select remote_id, record_key, source, denied_at from left_held join left_denials on id{n} = "
            f"{key.normalise(_STATED)} "
            f"where consent_key like {literal(f'{key.kind}:%')}"
            for n in range(len(sync.plugin.spec.match_keys))
            for key in sync.plugin.spec.spellings(n)
            if key.kind != "key"
        )
        scope = f"sync = {literal(sync.name)} and target_key = {literal(self.place.target_key)}"
        return f"""owners as (
                select remote_id, record_key from left_held
                union
                -- an addition that nobody answered for may have been made for somebody else than was acknowledged
                select remote_id, record_key from {self.state}.activation.op_journal
                where {scope} and state in ('sent', 'unknown', 'pending') and action <> 'remove'
            ),
            ids(record_key, customer_id, step) as (
                select distinct record_key, record_key, 0 from owners
                union all
                select ids.record_key, redirects.customer_id, step + 1 from ids
                join {self.state}.identity.redirects as redirects on redirects.old_customer_id = ids.customer_id
                where step < 100
            ),
            consented as (
                select customer_id, max(opted_in_at) as consented_at from marts.consents
                where purpose = {literal(sync.purpose)} and channel = {literal(sync.channel)}
                group by customer_id having bool_and(status = 'granted')
            ),
            allowed as (
                select record_key, max(consented_at) as consented_at
                from ids join consented using (customer_id) group by record_key
            ),
            stated as (
                select remote_id, record_key, source, denied_at from owners
                join ids using (record_key)
                join left_denials on consent_key = 'customer_id:' || ids.customer_id
                {f"union all {values}" if values else ""}
                {self._decided()}
            ),
            denied as (
                select distinct remote_id from stated left join allowed using (record_key)
                where source <> 'log' or consented_at is null or denied_at >= consented_at
            )"""

    def _decided(self) -> str:
        """Whom the plan just made refused for a denial of any identifier, where it was for the same purpose."""
        sync, made = self.place.sync, self.decided
        if made is None or (made.purpose, made.channel) != (sync.purpose, sync.channel):
            return ""
        return f"""union all select remote_id, record_key, 'decided', null from owners
                where record_key in (select record_key from plan_decided where reason in {DENIALS})"""

    def _taken(self) -> str:
        """Remote records of the same place that a declared sync holds now."""
        pairs = ", ".join(f"({literal(sync)}, {literal(key)})" for sync, key in sorted(self.current))
        if not pairs:
            return "select null::varchar as remote_id where false"
        before = ":".join(self.place.target_key.split(":", 3)[:3]) + ":"
        remote = literal(self.place.remote) if self.place.remote else "null"
        return f"""
            select remote_id from ({HELD.format(state=self.state)}) as held
            left join {self.state}.activation.targets as targets using (target_key)
            where (held.sync, held.target_key) in ({pairs}) and starts_with(held.target_key, {literal(before)})
              and (held.target_key = {literal(self.place.target_key)} or targets.remote_target = {remote})"""
