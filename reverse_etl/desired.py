"""The desired side of a plan and what it is compared with: people behind the row gates, and what was acknowledged.

One temporary table per step, after `recognition.py` has left out what is as it was; comparing the two sides is
`comparison.py`. Only plan_candidates is wide; the others refer to its rows by row_id.
"""

from __future__ import annotations

from dataclasses import dataclass

from reverse_etl.declarations import SyncDeclaration
from reverse_etl.mapping import FieldMapping
from reverse_etl.sql_text import FOLLOWS, consent_key, literal, quoted, relevant_statements

_NEVER = "timestamp '-infinity'"


@dataclass(frozen=True)
class DesiredRows:
    """The queries of one sync. `state` is the catalog under which the state file is attached."""

    sync: SyncDeclaration
    mapping: FieldMapping
    target_key: str
    state: str

    def steps(self) -> list[tuple[str, str]]:
        """Temporary table → query, in order, after plan_denials and the tables of `recognition.py`."""
        return [
            ("plan_held", self.held("plan_acked")),
            ("plan_candidates", self._candidates()),
            ("plan_decided", self._decided()),
            ("plan_desired", self._desired()),
            ("plan_leaving", self._leaving()),
            ("plan_staying", self._staying()),
            ("plan_wanted", self._wanted()),
        ]

    def denials(self) -> str:
        """Every denial for the purpose and channel: consent_key, denied_at (log only), source."""
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
            from {relevant_statements(self.state, self.sync.purpose, self.sync.channel)}
            where status = 'denied'"""

    def held(self, acknowledged: str | None = None) -> str:
        """What the target holds or may hold by our doing: one row per remote record, identifiers as last sent.

        `acknowledged` is a table with some of the ledger's rows for this sync and target, None = all of them.
        """
        sync, target = literal(self.sync.name), literal(self.target_key)
        ids = ", ".join(
            f"coalesce(sent.identifiers, acked.identifiers) ->> {literal(key.name)} as id{position}"
            for position, key in enumerate(self.sync.plugin.spec.match_keys)
        )
        return f"""
            with acked as (
                from {acknowledged or f"{self.state}.activation.acked"}
                where sync = {sync} and target_key = {target}
            ),
            sent as (
                select
                    remote_id,
                    arg_max(record_key, (sent_at, rowid)) as record_key,
                    arg_max(identifiers, (sent_at, rowid)) as identifiers,
                    arg_max(action, (sent_at, rowid)) = 'remove' as was_removing,
                    bool_or(is_adopted) as is_adopted,
                    bool_or(state <> 'pending') as is_uncertain,
                    bool_or(state = 'pending') as is_pending,
                    coalesce(bool_or(action <> 'remove') filter (where state <> 'pending'), false) as may_be_added,
                    coalesce(bool_or(action = 'remove') filter (where state <> 'pending'), false) as may_be_removed
                from {self.state}.activation.op_journal
                where sync = {sync} and target_key = {target} and state in ('sent', 'unknown', 'pending')
                group by remote_id
            )
            select
                coalesce(acked.remote_id, sent.remote_id) as remote_id,
                coalesce(acked.record_key, sent.record_key) as record_key,
                acked.row_hash,
                acked.mapping_version,
                acked.fingerprint,
                acked.remote_id is not null as is_acked,
                coalesce(sent.is_uncertain, false) as is_uncertain,
                coalesce(sent.is_pending, false) as is_pending,
                coalesce(sent.may_be_added, false) as may_be_added,
                coalesce(sent.may_be_removed, false) as may_be_removed,
                coalesce(sent.was_removing, false) as was_removing,
                coalesce(acked.is_adopted, sent.is_adopted) as is_adopted,
                {ids}
            from acked full outer join sent on sent.remote_id = acked.remote_id"""

    def _candidates(self) -> str:
        """The loose rows as the tool would have them: the one table that holds what would be sent."""
        key = quoted(self.mapping.columns.key)
        values = ", ".join(f"{value} as {quoted(name)}" for name, value in self.mapping.payload)
        ids = ", ".join(
            f"{value} as id{position}" for position, (_, value) in enumerate(self.mapping.identifiers)
        )
        packed = ", ".join(f"{quoted(name)} := {quoted(name)}" for name, _ in self.mapping.payload)
        return f"""
            with normalised as (
                select
                    nullif({key}::varchar, '') as record_key,
                    {key} in (
                        select {key} from plan_loose where {key} is not null group by all having count(*) > 1
                    ) as is_repeated,
                    {self.mapping.consent_keys()} as consent_keys,
                    {self.mapping.fingerprint} as fingerprint,
                    {values}
                from plan_loose where cdp_is_row
            ),
            written as (
                select
                    row_number() over () as row_id,
                    record_key,
                    is_repeated,
                    fingerprint,
                    case
                        when cdp_following is null then consent_keys
                        else list_concat(
                            consent_keys, list_transform(consent_keys, lambda key: {literal(FOLLOWS)} || key))
                    end as consent_keys,
                    to_json(struct_pack({packed}))::varchar as payload,
                    {ids}
                from normalised
                left join (
                    select distinct customer_id as cdp_following from marts.consents
                    where purpose = {literal(self.sync.purpose)} and channel = {literal(self.sync.channel)}
                      and rule = 'follows email'
                ) as following on cdp_following = record_key
            )
            select *, {self._remote_id()} as remote_id, md5(payload) as row_hash from written"""

    def _decided(self) -> str:
        purpose, channel = literal(self.sync.purpose), literal(self.sync.channel)
        return f"""
            with consents as (
                select
                    customer_id,
                    bool_or(status = 'denied') as is_denied,
                    bool_and(status = 'granted') as is_granted,
                    max(opted_in_at) as consented_at
                from marts.consents
                where purpose = {purpose} and channel = {channel}
                  and customer_id in (select record_key from plan_candidates)
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
                candidates.row_id,
                candidates.record_key,
                candidates.remote_id,
                candidates.fingerprint,
                candidates.row_hash,
                consents.consented_at,
                case
                    when record_key is null then 'no_key'
                    when is_repeated then 'duplicate_key'
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
        ids = ", ".join(f"id{position}" for position in range(len(self.mapping.identifiers)))
        return self.sync.plugin.spec.remote_id(f"coalesce({ids})")

    def _desired(self) -> str:
        """One row per remote record: of several customers with one address its owner so far, else the first."""
        return """
            with wanted as (
                select * from plan_decided
                where reason is null and remote_id not in (
                    -- what is held and not recognised is not recognised
                    select remote_id from plan_same where remote_id in (
                        select remote_id from plan_decided where remote_id not in (select remote_id from plan_held)))
            ),
            shared as (select remote_id from wanted group by remote_id having count(*) > 1)
            select * from wanted where remote_id not in (from shared)
            union all
            (select wanted.*
            from wanted
            left join plan_held as held on held.remote_id = wanted.remote_id
            where wanted.remote_id in (from shared)
            qualify row_number() over (
                partition by wanted.remote_id
                order by coalesce(held.record_key = wanted.record_key, false) desc, wanted.record_key) = 1)"""

    def _leaving(self) -> str:
        """What is held and not desired."""
        return "select * from plan_held where remote_id not in (select remote_id from plan_desired)"

    def _staying(self) -> str:
        """Customers who are desired under another address than one that is leaving."""
        return """
            select record_key from plan_same where record_key in (select record_key from plan_leaving)
            union
            select record_key from plan_desired where record_key in (select record_key from plan_leaving)"""

    def _wanted(self) -> str:
        """Identifiers of desired rows that something leaving has too: no removal may name them. One list, by column.

        With one match key only there are none: who has the identifier has the remote record.
        """
        keys = [key.name for key in self.sync.plugin.spec.match_keys]
        ids = ", ".join(f"id{position}" for position in range(len(keys)))
        if len(keys) == 1:
            return "select id0 from plan_leaving where false"
        shared = " or ".join(f"id{n} in (select id{n} from plan_leaving)" for n in range(len(keys)))
        paths = ", ".join(literal(f'$."{name}"') for name in keys)
        read = ", ".join(f"found[{n + 1}] as id{n}" for n in range(len(keys)))
        return f"""
            select {ids} from plan_candidates
            where row_id in (select row_id from plan_desired) and ({shared})
            union all
            select {ids} from (
                select json_extract_string(identifiers, [{paths}]) as found, {read} from plan_same
                where exists (select 1 from plan_leaving))
            where {shared}"""
