"""The SQL of a plan: temporary tables, one step each, and the queries that read the finished comparison.

Every identifier is quoted and every literal escaped here; deciding what to do with a plan is `planner.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import duckdb

from reverse_etl.contract import MatchKey
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.sentences import DENIALS

_CONSENTED_AT = "strftime(consented_at, '%Y-%m-%d %H:%M:%S.%f') as consented_at"
_NULL = "null::varchar"
_NEVER = "timestamp '-infinity'"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns are sent as what: key column, remote field → column, column → type, version of all that."""

    key: str
    fields: Mapping[str, str]
    types: Mapping[str, str]
    version: str

    def as_text(self, column: str) -> str:
        """A column as text that does not wobble: floating point is rounded to six places before it is written."""
        if self.types[column] in ("DOUBLE", "FLOAT"):
            return f"round({quoted(column)}, 6)::varchar"
        return f"{quoted(column)}::varchar"


@dataclass(frozen=True)
class Statements:
    """The statements of one sync's plan. `state` is the catalog under which the state file is attached."""

    sync: SyncDeclaration
    columns: Columns
    target_key: str
    run_id: str
    state: str

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the temporary tables plan_candidates … plan_diff."""
        for name, query in (
            ("plan_denials", self._denials()),
            ("plan_held", self._held()),
            ("plan_candidates", self._candidates()),
            ("plan_decided", self._decided()),
            ("plan_desired", self._desired()),
            ("plan_diff", self._diff()),
        ):
            connection.execute(f"create or replace temp table {name} as {query}")

    @cached_property
    def payload(self) -> list[tuple[str, str]]:
        """Remote field → SQL expression of its normalised value, in order, each field once."""
        spec = self.sync.plugin.spec
        found: dict[str, str] = {}
        for remote, column in self.columns.fields.items():
            rules = spec.rules.get(remote) or (((remote, spec.other),) if spec.other else ())
            for name, normalise in rules:
                found[name] = normalise(self.columns.as_text(column))
        return list(found.items())

    @cached_property
    def identifiers(self) -> list[tuple[str, str]]:
        """Match key → the name of its column in plan_candidates' inner query; unmapped match keys are null."""
        values = dict(self.payload)
        return [
            (
                key.name,
                self._key_value(key)
                if key.kind == "key"
                else quoted(key.name)
                if key.name in values
                else _NULL,
            )
            for key in self.sync.plugin.spec.match_keys
        ]

    def _key_value(self, key: MatchKey) -> str:
        return key.normalise("record_key")

    def _consent_keys(self) -> str:
        texts = [f"'customer_id:' || {quoted(self.columns.key)}"]
        for kind in ("email", "phone"):
            mapped = {
                kind,
                *(column for remote, column in self.columns.fields.items() if self._kind(remote) == kind),
            }
            texts += [
                f"'{kind}:' || lower(trim({quoted(column)}::varchar))"
                for column in sorted(mapped & self.columns.types.keys())
            ]
        return f"list_distinct(list_filter([{', '.join(texts)}], lambda text: text is not null))"

    def _kind(self, remote: str) -> str | None:
        spec = self.sync.plugin.spec
        names = {name for name, _ in spec.rules.get(remote, ())}
        return next((key.kind for key in spec.match_keys if key.name in names), None)

    def _denials(self) -> str:
        purpose, channel = literal(self.sync.purpose), literal(self.sync.channel)
        return f"""
            select 'customer_id:' || customer_id as consent_key, null::timestamp as denied_at, 'consents' as source
            from marts.consents
            where purpose = {purpose} and channel = {channel} and status = 'denied'
            union all
            select {consent_key("identifier_type", "identifier_value")}, null, 'suppressions'
            from marts.suppressions
            where channel = {channel}
            union all
            select consent_key, stated_at, 'log'
            from {newest_statements(self.state, purpose, channel)}
            where status = 'denied'"""

    def _held(self) -> str:
        sync, target = literal(self.sync.name), literal(self.target_key)
        ids = ", ".join(
            f"coalesce(sent.identifiers, acked.identifiers) ->> {literal(key.name)} as id{position}"
            for position, key in enumerate(self.sync.plugin.spec.match_keys)
        )
        return f"""
            with acked as (
                select * from {self.state}.activation.acked where sync = {sync} and target_key = {target}
            ),
            sent as (
                select
                    remote_id,
                    arg_max(record_key, sent_at) as record_key,
                    arg_max(identifiers, sent_at) as identifiers,
                    bool_or(is_adopted) as is_adopted
                from {self.state}.activation.op_journal
                where sync = {sync} and target_key = {target} and state in ('sent', 'unknown')
                group by remote_id
            )
            select
                coalesce(acked.remote_id, sent.remote_id) as remote_id,
                coalesce(acked.record_key, sent.record_key) as record_key,
                acked.row_hash,
                acked.mapping_version,
                acked.remote_id is not null as is_acked,
                sent.remote_id is not null as is_uncertain,
                coalesce(acked.is_adopted, sent.is_adopted) as is_adopted,
                {ids}
            from acked full outer join sent on sent.remote_id = acked.remote_id"""

    def _candidates(self) -> str:
        key = quoted(self.columns.key)
        values = ", ".join(f"{value} as {quoted(name)}" for name, value in self.payload)
        ids = ", ".join(f"{value} as id{position}" for position, (_, value) in enumerate(self.identifiers))
        packed = ", ".join(f"{quoted(name)} := {quoted(name)}" for name, _ in self.payload)
        return f"""
            with normalised as (
                select
                    nullif({key}::varchar, '') as record_key,
                    count(*) over (partition by {key}) as key_count,
                    {self._consent_keys()} as consent_keys,
                    {values}
                from {self.sync.relation}
            )
            select
                row_number() over () as row_id,
                record_key,
                key_count,
                consent_keys,
                to_json(struct_pack({packed}))::varchar as payload,
                {ids}
            from normalised"""

    def _decided(self) -> str:
        purpose, channel = literal(self.sync.purpose), literal(self.sync.channel)
        return f"""
            with consents as (
                select
                    customer_id,
                    bool_or(status = 'denied') as is_denied,
                    bool_and(status = 'granted') as is_granted,
                    max(stated_at) as consented_at
                from marts.consents
                where purpose = {purpose} and channel = {channel}
                group by customer_id
            ),
            denied as (
                select
                    keys.row_id,
                    bool_or(source = 'suppressions') as is_suppressed,
                    max(denied_at) filter (where source = 'log') as denied_at
                from (select row_id, unnest(consent_keys) as consent_key from plan_candidates) as keys
                join plan_denials using (consent_key)
                group by keys.row_id
            )
            select
                candidates.*,
                {self._remote_id()} as remote_id,
                md5(payload) as row_hash,
                consents.consented_at,
                case
                    when record_key is null then 'no_key'
                    when key_count > 1 then 'duplicate_key'
                    when consents.is_denied then 'consent_denied'
                    when not coalesce(consents.is_granted, false) then 'no_consent'
                    when denied.is_suppressed then 'suppressed'
                    when denied.denied_at >= coalesce(consents.consented_at, {_NEVER}) then 'withdrawn'
                    when remote_id is null then 'no_identifier'
                end as reason
            from plan_candidates as candidates
            left join consents on consents.customer_id = candidates.record_key
            left join denied on denied.row_id = candidates.row_id"""

    def _remote_id(self) -> str:
        ids = ", ".join(f"id{position}" for position in range(len(self.identifiers)))
        return self.sync.plugin.spec.remote_id(f"coalesce({ids})")

    def _desired(self) -> str:
        return """
            select decided.*, row_number() over (
                partition by decided.remote_id
                order by coalesce(held.record_key = decided.record_key, false) desc, decided.record_key
            ) as place
            from plan_decided as decided
            left join plan_held as held on held.remote_id = decided.remote_id
            where reason is null
            qualify place = 1"""

    def _diff(self) -> str:
        count = len(self.identifiers)
        free = [f"case when wanted{n}.value is null then held.id{n} end" for n in range(count)]
        removable = ", ".join(f"{quoted(name)} := {free[n]}" for n, (name, _) in enumerate(self.identifiers))
        sendable = ", ".join(
            f"{quoted(name)} := desired.id{n}" for n, (name, _) in enumerate(self.identifiers)
        )
        joins = "\n".join(
            f"left join (select distinct id{n} as value from plan_desired where id{n} is not null) as wanted{n} "
            f"on wanted{n}.value = held.id{n}"
            for n in range(count)
        )
        return f"""
            with denied_customers as (
                select substr(consent_key, 13) as record_key from plan_denials where consent_key like 'customer_id:%'
            ),
            denied_remotes as (
                select remote_id from plan_decided where reason in {DENIALS} and remote_id is not null
            ),
            {self._denied_values()},
            lettered as (
                select * from {self.state}.activation.dead_letters
                where sync = {literal(self.sync.name)} and target_key = {literal(self.target_key)}
                  and is_permanent and action <> 'remove'
            ),
            removed_before as (
                select distinct remote_id from {self.state}.activation.op_journal
                where target_key = {literal(self.target_key)} and action = 'remove' and state = 'accepted'
            ),
            compared as (
                select
                    coalesce(desired.remote_id, held.remote_id) as remote_id,
                    coalesce(desired.record_key, held.record_key) as record_key,
                    desired.remote_id is not null as is_desired,
                    held.remote_id is not null as is_held,
                    coalesce(held.is_acked, false) as is_acked,
                    coalesce(held.is_uncertain, false) as is_uncertain,
                    coalesce(held.is_adopted, false) as is_adopted,
                    coalesce(held.record_key <> desired.record_key, false) as has_new_owner,
                    coalesce(held.mapping_version <> {literal(self.columns.version)}, false) as is_remapped,
                    held.row_hash as held_hash,
                    desired.row_hash,
                    desired.payload,
                    desired.consent_keys,
                    desired.consented_at,
                    lettered.row_hash is not null as is_lettered,
                    removed_before.remote_id is not null as was_removed_by_us,
                    case when desired.remote_id is not null then to_json(struct_pack({sendable}))::varchar
                         else to_json(struct_pack({removable}))::varchar end as identifiers,
                    coalesce({", ".join(free)}) is not null as is_removable,
                    case
                        when desired.remote_id is not null then 'regular'
                        when {self._is_denied()} then 'withdrawal'
                        when held.record_key in (select record_key from plan_desired) then 'change'
                        else 'leaver'
                    end as lane,
                    held.record_key in (select record_key from plan_decided where reason = 'duplicate_key')
                        as is_doubtful
                from plan_desired as desired
                full outer join plan_held as held on held.remote_id = desired.remote_id
                {joins}
                left join lettered
                    on lettered.remote_id = desired.remote_id and lettered.row_hash = desired.row_hash
                left join removed_before on removed_before.remote_id = desired.remote_id
            )
            select *, case
                when is_desired and is_acked and not is_uncertain and row_hash = held_hash then 'unchanged'
                when is_desired and is_lettered and not is_uncertain then 'rejected_before'
                when is_desired and is_acked then 'update'
                when is_desired then 'add'
                when is_doubtful and lane <> 'withdrawal' then 'kept'
                when not is_removable then 'release'
                when is_adopted and lane <> 'withdrawal' then 'release'
                else 'remove'
            end as step
            from compared"""

    def _denied_values(self) -> str:
        """Denied identifiers as the destination would have them, one CTE per match key."""
        parts = []
        for position, key in enumerate(self.sync.plugin.spec.match_keys):
            value = key.normalise("substr(consent_key, strpos(consent_key, ':') + 1)")
            kind = literal(f"{key.kind}:%")
            parts.append(
                f"denied{position} as (select {value} as value from plan_denials where consent_key like {kind})"
            )
        return ",\n".join(parts)

    def _is_denied(self) -> str:
        by_value = " ".join(
            f"or coalesce(held.id{n} in (select value from denied{n} where value is not null), false)"
            for n in range(len(self.identifiers))
        )
        return f"""(held.record_key in (select record_key from denied_customers)
            or held.remote_id in (select remote_id from denied_remotes) {by_value})"""

    def operations(self, condition: str) -> str:
        """One row per operation in sending order: withdrawals, other removals, updates, additions."""
        return f"""
            select
                md5(concat_ws('|', {literal(self.run_id)}, {literal(self.sync.name)},
                    {literal(self.target_key)}, step, remote_id)) as op_id,
                step as action, lane, record_key, remote_id, identifiers,
                case when step <> 'remove' then payload end as payload,
                row_hash, consent_keys, {_CONSENTED_AT},
                is_adopted, is_uncertain, was_removed_by_us
            from plan_diff
            where step in ('add', 'update', 'remove') and {condition}
            order by step <> 'remove', lane <> 'withdrawal', step <> 'update', record_key, remote_id"""

    def settled_locally(self) -> str:
        """Changes that need no call: `move` to a new owner, `release` of what is not ours to remove."""
        return """
            select remote_id, record_key, case when step = 'release' then 'release' else 'move' end as change
            from plan_diff
            where step = 'release' or (step = 'unchanged' and has_new_owner)"""

    def snapshot(self) -> str:
        """The full rows of the target, by key: record_key, payload, and what a consent statement may name."""
        return f"""select record_key, payload, consent_keys, {_CONSENTED_AT} from plan_desired order by record_key"""

    def refusals(self) -> str:
        """One row per refused row: record_key, reason."""
        return """
            select record_key, reason from plan_decided where reason is not null
            union all
            select record_key, 'duplicate_identifier' from plan_decided
            where reason is null and row_id not in (select row_id from plan_desired)
            union all
            select record_key, 'rejected_before' from plan_diff where step = 'rejected_before'
            order by all"""

    def refusal_counts(self) -> str:
        return f"select reason, count(*) from ({self.refusals()}) group by reason"

    def counts(self) -> str:
        """One row: the columns of gates.Counts."""
        return f"""
            select
                (select count(*) from plan_decided) as source,
                count(*) filter (where is_desired) as desired,
                count(*) filter (where is_held) as held,
                count(*) filter (where step = 'add') as added,
                count(*) filter (where step = 'update') as updated,
                count(*) filter (where step = 'remove') as removed,
                count(*) filter (where step = 'remove' and lane = 'withdrawal') as withdrawn,
                count(*) filter (where step in ('remove', 'release') and lane = 'leaver') as leaving,
                count(*) filter (where step in ('unchanged', 'kept')) as unchanged,
                count(*) filter (where is_remapped) as remapped,
                (select count(*) from {self.state}.activation.acked
                 where sync = {literal(self.sync.name)} and target_key <> {literal(self.target_key)})
                    as held_elsewhere
            from plan_diff"""

    def known_target(self) -> str:
        return f"""select remote_target from {self.state}.activation.targets
            where target_key = {literal(self.target_key)}"""


def consent_key(kind: str, value: str) -> str:
    """The `type:value` text of an identifier (SQL expressions); addresses are compared in lower case, keys as they are."""
    return f"{kind} || ':' || case when {kind} = 'customer_id' then {value} else lower(trim({value})) end"


def newest_statements(state: str, purpose: str, channel: str) -> str:
    """The newest consent statement per identifier for a purpose and channel (SQL literals); on ties denied wins."""
    catalog = f"{state}." if state else ""
    return f"""(
        select
            {consent_key("identifier_type", "identifier_value")} as consent_key,
            arg_max(status, (stated_at, status = 'denied')) as status,
            max(stated_at) as stated_at
        from {catalog}platform.consent_log
        where purpose = {purpose} and channel = {channel}
        group by consent_key
    )"""
