"""The desired side of a plan and what it is compared with: people behind the row gates, and what was acknowledged.

One temporary table per step; comparing the two sides is `comparison.py`.
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
    uses_fingerprints: bool = True

    def steps(self) -> list[tuple[str, str]]:
        """Temporary table → query, in order."""
        return [
            ("plan_denials", self.denials()),
            ("plan_same", self._same()),
            ("plan_held", self.held("acked.fingerprint not in (select fingerprint from plan_same)")),
            ("plan_candidates", self._candidates()),
            ("plan_decided", self._decided()),
            ("plan_desired", self._desired()),
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

    def _same(self) -> str:
        """Acknowledged rows whose input, consent and owner are what they were: nothing else need be known of them.

        Everything that is not certain from one look at the raw row goes the long way: a key that stands there twice,
        any denial that might concern the row, whatever is in the air. A file is written whole, so it has none.
        """
        sync, target = literal(self.sync.name), literal(self.target_key)
        scope = f"sync = {sync} and target_key = {target}"
        if not self.uses_fingerprints or self.sync.plugin.spec.is_snapshot:
            return f"select remote_id, record_key, fingerprint from {self.state}.activation.acked where false"
        key = f"{quoted(self.mapping.columns.key)}::varchar"
        texts = self.mapping.consent_texts()
        said = ", ".join(f"{text} as said{n}" for n, text in enumerate(texts))
        nobody_denied = "\n".join(
            f"and not exists (select 1 from plain_denials where plain_denials.consent_key = source.said{n})"
            for n in range(len(texts))
        )
        granted = f"""select customer_id from marts.consents
                where purpose = {literal(self.sync.purpose)} and channel = {literal(self.sync.channel)}"""
        return f"""
            with source as (
                select {key} as record_key, {self.mapping.fingerprint} as fingerprint, {said}
                from {self.sync.relation}
            ),
            plain_denials as (
                select case when starts_with(consent_key, {literal(FOLLOWS)}) then substr(consent_key, {len(FOLLOWS) + 1})
                    else consent_key end as consent_key
                from plan_denials
            ),
            repeated as (
                select hash({key}) as key_hash from {self.sync.relation} group by all having count(*) > 1
            )
            select acked.remote_id, acked.record_key, acked.fingerprint
            from source
            join {self.state}.activation.acked as acked
                on acked.fingerprint = source.fingerprint and acked.record_key = source.record_key
            where {scope} and mapping_version = {literal(self.mapping.columns.version)} and row_hash <> ''
                and hash(source.record_key) not in (select key_hash from repeated)
                and source.record_key in ({granted} and status = 'granted')
                and not exists (
                    select 1 from ({granted} and status is distinct from 'granted') as others
                    where others.customer_id = source.record_key)
                {nobody_denied}
                and not exists (
                    select 1 from {self.state}.activation.op_journal as sent
                    where {scope.replace("sync =", "sent.sync =").replace("target_key =", "sent.target_key =")}
                      and sent.remote_id = acked.remote_id and state in ('sent', 'unknown', 'pending'))"""

    def held(self, condition: str = "true") -> str:
        """What the target holds or may hold by our doing: one row per remote record, identifiers as last sent.

        `condition` leaves acknowledged rows out (a fingerprint that is null is none of those).
        """
        sync, target = literal(self.sync.name), literal(self.target_key)
        ids = ", ".join(
            f"coalesce(sent.identifiers, acked.identifiers) ->> {literal(key.name)} as id{position}"
            for position, key in enumerate(self.sync.plugin.spec.match_keys)
        )
        return f"""
            with acked as (
                select * from {self.state}.activation.acked
                where sync = {sync} and target_key = {target} and coalesce({condition}, true)
            ),
            sent as (
                select
                    remote_id,
                    arg_max(record_key, sent_at) as record_key,
                    arg_max(identifiers, sent_at) as identifiers,
                    arg_max(action, sent_at) = 'remove' as was_removing,
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
                    count(*) over (partition by {key}) as key_count,
                    {self.mapping.consent_keys()} as consent_keys,
                    {self.mapping.fingerprint} as fingerprint,
                    {values}
                from {self.sync.relation}
                where {self.mapping.fingerprint} not in (select fingerprint from plan_same)
            )
            select
                row_number() over () as row_id,
                record_key,
                key_count,
                fingerprint,
                case
                    when cdp_following is null then consent_keys
                    else list_concat(consent_keys, list_transform(consent_keys, lambda key: {literal(FOLLOWS)} || key))
                end as consent_keys,
                to_json(struct_pack({packed}))::varchar as payload,
                {ids}
            from normalised
            left join (
                select distinct customer_id as cdp_following from marts.consents
                where purpose = {literal(self.sync.purpose)} and channel = {literal(self.sync.channel)}
                  and rule = 'follows email'
            ) as following on cdp_following = record_key"""

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
        ids = ", ".join(f"id{position}" for position in range(len(self.mapping.identifiers)))
        return self.sync.plugin.spec.remote_id(f"coalesce({ids})")

    def _desired(self) -> str:
        return """
            select decided.*, row_number() over (
                partition by decided.remote_id
                order by coalesce(held.record_key = decided.record_key, false) desc, decided.record_key
            ) as place
            from plan_decided as decided
            left join plan_held as held on held.remote_id = decided.remote_id
            where reason is null and decided.remote_id not in (select remote_id from plan_same)
            qualify place = 1"""
