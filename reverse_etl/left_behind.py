"""Targets that a sync no longer points to but still holds people in: who has to be taken out of them, and how.

An opt-out reaches every place that acknowledged the person; leavers of an old place stay until a person confirms.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import duckdb

from reverse_etl.accounts import Account, Accounts
from reverse_etl.contract import Request, Response
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.desired import DesiredRows
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.errors import TargetFailed
from reverse_etl.gates import Counts
from reverse_etl.mapping import Columns, FieldMapping
from reverse_etl.plan import Plan
from reverse_etl.sentences import DENIALS
from reverse_etl.spool import Spool
from reverse_etl.sql_text import consent_key, literal, quoted

_UNKNOWN = (
    ""  # the purpose of a sync that is no longer declared and was last sent before declarations were kept
)
_STATED = "substr(consent_key, strpos(consent_key, ':') + 1)"
_HELD = """
    select sync, target_key, remote_id from {state}.activation.acked
    union
    select sync, target_key, remote_id from {state}.activation.op_journal
    where state in ('sent', 'unknown', 'pending')"""


@dataclass(frozen=True, slots=True)
class Place:
    """An old target: the sync as it was declared for it, its key, its account, and the tool's own id of it."""

    sync: SyncDeclaration
    target_key: str
    account_id: str
    remote: str | None


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
    this connection. An empty list while marts.consents is not built.
    """
    current = {
        (sync.name, _key(sync, account))
        for sync in declared
        if isinstance(account := accounts.find(sync.destination), Account)
    }
    plans = []
    for place in _places(connection, set(syncs), declared, current, state):
        try:
            plan = _Removals(connection, place, current, state, run_id, decided).plan(leavers=leavers)
        except duckdb.CatalogException:
            return []
        if plan.size or (plan.counts.in_flight and plan.known_target):
            plans.append(plan)
    return plans


def undeclared(
    connection: duckdb.DuckDBPyConnection, declared: Sequence[SyncDeclaration], state: str
) -> list[str]:
    """Names of syncs that hold people somewhere and are not declared any more."""
    rows = connection.execute(
        f"select distinct sync from ({_HELD.format(state=state)}) order by sync"
    ).fetchall()
    known = {sync.name for sync in declared}
    return [name for (name,) in rows if name not in known]


def find_again(
    conversation: Generator[Request, Response, str], plan: Plan, account_id: str
) -> Generator[Request, Response, str]:
    """The conversation that opens a target, cut down to its reads: proves that the present keys reach an old account.

    Only an answer about that account by name, and with the tool's id that we know, is a proof. Raises TargetFailed.
    """
    is_named = False
    try:
        request = next(conversation)
        while request.method == "GET":
            is_named |= account_id in request.path
            request = conversation.send((yield request))
    except StopIteration as end:
        if is_named and end.value == plan.known_target:
            return str(end.value)
    except TargetFailed:
        pass
    raise TargetFailed(unreachable(plan, account_id))


def unreachable(plan: Plan, account_id: str) -> str:
    """What a person has to do about people in an account that cannot be called any more."""
    sync = plan.sync
    people = "1 person" if plan.size == 1 else f"{plan.size:,} people"
    return (
        f"{people} who may not be in {sync.target} any more cannot be taken out of it: the present keys do not reach "
        f"{sync.destination} account {account_id}. Take them out there by hand (`cdp sync reset {sync.name}` then "
        f"forgets them), or run once with that account's keys."
    )


def _key(sync: SyncDeclaration, account: Account) -> str:
    return f"{sync.destination}:{account.account_id}:{sync.object}:{sync.target}"


def _places(
    connection: duckdb.DuckDBPyConnection,
    names: set[str],
    declared: Sequence[SyncDeclaration],
    current: set[tuple[str, str]],
    state: str,
) -> list[Place]:
    rows = connection.execute(
        f"""select distinct held.sync, held.target_key, kept.declaration, targets.remote_target
        from ({_HELD.format(state=state)}) as held
        left join {state}.activation.declared as kept using (sync, target_key)
        left join {state}.activation.targets as targets using (target_key)
        order by all"""
    ).fetchall()
    now = {sync.name: sync for sync in declared}
    places = []
    for name, key, kept, remote in rows:
        parts = key.split(":", 3)
        if name not in names or (name, key) in current or len(parts) < 4:
            continue
        destination, account_id, kind, target = parts
        if (destination, kind) in DESTINATIONS:
            told = _declaration(name, kept, now.get(name), destination, kind, target)
            places.append(Place(told, key, account_id, remote))
    return places


def _declaration(
    name: str, kept: str | None, now: SyncDeclaration | None, destination: str, kind: str, target: str
) -> SyncDeclaration:
    place = {"destination": destination, "object": kind, "target": target}
    if kept is not None:
        return SyncDeclaration.model_validate({**json.loads(kept), **place})
    if now is not None and (now.destination, now.object) == (destination, kind):
        return now.model_copy(update=place)
    purpose, channel = (now.purpose, now.channel) if now else (_UNKNOWN, _UNKNOWN)
    given = {"name": name, "schema_name": "", "table": "", "purpose": purpose, "channel": channel, **place}
    return SyncDeclaration.model_validate(given)


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
        if sync.purpose != _UNKNOWN:
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
                null::varchar as payload, row_hash, null::varchar[] as consent_keys, null::varchar as consented_at,
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
                select customer_id, max(stated_at) as consented_at from marts.consents
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
            select remote_id from ({_HELD.format(state=self.state)}) as held
            left join {self.state}.activation.targets as targets using (target_key)
            where (held.sync, held.target_key) in ({pairs}) and starts_with(held.target_key, {literal(before)})
              and (held.target_key = {literal(self.place.target_key)} or targets.remote_target = {remote})"""
