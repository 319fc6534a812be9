"""Comparing what is desired with what the destination holds, by remote identifier, and reading the result.

Each remote record gets one step: add, update, remove, unchanged, kept, stays (a mode that removes nobody), release,
in flight, or refused before.
"""

from __future__ import annotations

from dataclasses import dataclass

from reverse_etl.declarations import SyncDeclaration
from reverse_etl.mapping import FieldMapping
from reverse_etl.sentences import DENIALS
from reverse_etl.sql_text import literal, quoted

_CONSENT_KEYS = "to_json(consent_keys)::varchar as consent_keys"
_CONSENTED_AT = "strftime(consented_at, '%Y-%m-%d %H:%M:%S.%f') as consented_at"


@dataclass(frozen=True)
class Comparison:
    """The queries over the tables of `desired.py`, and the finished comparison in plan_diff."""

    sync: SyncDeclaration
    mapping: FieldMapping
    target_key: str
    run_id: str
    state: str
    retrying: bool = False

    def diff(self) -> str:
        count = len(self.mapping.identifiers)
        # a removal names only identifiers that nobody has who stays
        free = [f"case when wanted{n}.value is null then leaving.id{n} end" for n in range(count)]
        free_ids = ", ".join(f"{expression} as free{n}" for n, expression in enumerate(free))
        joins = "\n".join(
            f"left join (select distinct id{n} as value from plan_wanted where id{n} is not null) as wanted{n} "
            f"on wanted{n}.value = leaving.id{n}"
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
                where target_key = {literal(self.target_key)} and action = 'remove'
                  and state in ('accepted', 'superseded')
            ),
            compared as (
                select
                    coalesce(desired.remote_id, held.remote_id) as remote_id,
                    coalesce(desired.record_key, held.record_key) as record_key,
                    desired.remote_id is not null as is_desired,
                    held.remote_id is not null as is_held,
                    coalesce(held.is_acked, false) as is_acked,
                    coalesce(held.is_uncertain, false) as is_uncertain,
                    coalesce(held.is_pending, false) as is_pending,
                    coalesce(held.was_removing, false) as was_removing,
                    coalesce(held.may_be_added, false) as may_be_added,
                    coalesce(held.may_be_removed, false) as may_be_removed,
                    coalesce(held.is_adopted, {self.sync.mode == "update_only"}) as is_adopted,
                    coalesce(held.record_key <> desired.record_key, false) as has_new_owner,
                    coalesce(held.mapping_version <> {literal(self.mapping.columns.version)}, false) as is_remapped,
                    held.row_hash as held_hash,
                    desired.fingerprint,
                    held.fingerprint is distinct from desired.fingerprint as is_unfamiliar,
                    desired.row_hash,
                    desired.consented_at,
                    desired.row_id,
                    lettered.row_hash is not null as is_lettered,
                    removed_before.remote_id is not null as was_removed_by_us,
                    {free_ids},
                    coalesce({", ".join(free)}) is not null as is_removable,
                    case
                        when desired.remote_id is not null then 'regular'
                        when {self._is_denied()} then 'withdrawal'
                        when held.record_key in (select record_key from plan_staying) then 'change'
                        else 'leaver'
                    end as lane,
                    held.record_key in (select record_key from plan_decided where reason = 'duplicate_key')
                        as is_doubtful
                from plan_desired as desired
                full outer join plan_held as held on held.remote_id = desired.remote_id
                left join plan_leaving as leaving on leaving.remote_id = held.remote_id
                {joins}
                left join lettered
                    on lettered.remote_id = desired.remote_id and lettered.row_hash = desired.row_hash
                left join removed_before on removed_before.remote_id = desired.remote_id
            )
            select *, case
                -- the tool is still at it: what becomes of that is known first; only an opt-out does not wait
                when is_pending and (lane <> 'withdrawal' or was_removing) then 'in_flight'
                when {self._is_parked()} then 'unanswered'
                when is_desired and is_acked and not is_uncertain and row_hash = held_hash then 'unchanged'
                when {self.sync.mode == "add_only"} and is_desired and is_acked and not is_uncertain
                    and held_hash <> '' then 'unchanged'
                when is_desired and is_lettered and not {self.retrying} then 'rejected_before'
                when is_desired and (is_acked or {self.sync.mode == "update_only"}) then 'update'
                when is_desired then 'add'
                when is_doubtful and lane <> 'withdrawal' then 'kept'
                when {self.sync.mode != "mirror"} and lane <> 'withdrawal' then 'stays'
                when not is_removable then 'release'
                when is_adopted and lane <> 'withdrawal' then 'release'
                when {self._would_forget()} then 'release'
                else 'remove'
            end as step
            from compared"""

    def _would_forget(self) -> str:
        """Whether a removal would delete the opt-out that the tool itself told of, so that others could undo it."""
        if not self.sync.plugin.spec.removing_forgets:
            return "false"
        return f"""record_key in (
            select identifier_value from {self.state}.activation.opt_outs_standing
            where destination = {literal(self.sync.destination)} and identifier_type = 'customer_id')"""

    def _is_parked(self) -> str:
        """Whether sending might deliver for a second time what a person would notice; a person must decide then."""
        return (
            "false"
            if self.sync.plugin.spec.repeats_safely
            else "case when is_desired then may_be_added else may_be_removed end"
        )

    def _denied_values(self) -> str:
        """Denied identifiers as the destination has them, or had them by an earlier version; one CTE per match key."""
        spec, parts = self.sync.plugin.spec, []
        stated = "substr(consent_key, strpos(consent_key, ':') + 1)"
        for position, key in enumerate(spec.match_keys):
            kind = literal(f"{key.kind}:%")
            values = " union ".join(
                f"select {way.normalise(stated)} as value from plan_denials where consent_key like {kind}"
                for way in spec.spellings(position)
            )
            parts.append(f"denied{position} as ({values})")
        return ",\n".join(parts)

    def _is_denied(self) -> str:
        by_value = " ".join(
            f"or coalesce(held.id{n} in (select value from denied{n} where value is not null), false)"
            for n in range(len(self.mapping.identifiers))
        )
        return f"""(held.record_key in (select record_key from denied_customers)
            or held.remote_id in (select remote_id from denied_remotes) {by_value})"""

    def operations(self, condition: str) -> str:
        """One row per operation in sending order: withdrawals, updates, additions, other removals.

        Removals that are not withdrawals come last, so that an audience never runs empty while it is exchanged. What is
        sent comes in the order of the model's rows: sorting it would take all of it into memory, or through the disk.
        """
        keys = [name for name, _ in self.mapping.identifiers]
        sent, removed = (
            ", ".join(f"{quoted(name)} := {column}{n}" for n, name in enumerate(keys))
            for column in ("id", "free")
        )
        op_id = f"""md5(concat_ws('|', {literal(self.run_id)}, {literal(self.sync.name)},
                    {literal(self.target_key)}, step, diff.remote_id))"""
        shared = "is_adopted, is_uncertain, was_removed_by_us from plan_diff as diff"

        def removals(lane: str) -> str:
            return f"""(select
                {op_id} as op_id, step as action, lane, record_key, remote_id,
                to_json(struct_pack({removed}))::varchar as identifiers, null::varchar as payload, row_hash,
                null::varchar as consent_keys, null::varchar as consented_at, {shared}
            where step = 'remove' and {lane} and {condition} order by record_key, remote_id)"""

        def upserts(step: str) -> str:
            return f"""(select
                {op_id} as op_id, step as action, lane, candidates.record_key, candidates.remote_id,
                to_json(struct_pack({sent}))::varchar as identifiers, candidates.payload, candidates.row_hash,
                {_CONSENT_KEYS}, {_CONSENTED_AT}, {shared}
            join plan_candidates as candidates using (row_id)
            where step = {literal(step)} and {condition})"""

        parts = [
            removals("lane = 'withdrawal'"),
            upserts("update"),
            upserts("add"),
            removals("lane <> 'withdrawal'"),
        ]
        return " union all ".join(parts)

    def settled_locally(self) -> str:
        """Changes that need no call: `move` to a new owner, `release` of what is not ours to remove.

        `assume`: what had no answer and is not asked for again counts as there, so that an opt-out removes it.
        On a retry also `close`: a refused row that nobody wants to send any more. `known`: what was sent is what the
        row says now, so that its fingerprint spares working that out again.
        """
        return f"""
            select remote_id, record_key, case when step = 'release' then 'release' else 'move' end as change,
                null::ubigint as fingerprint
            from plan_diff
            where step = 'release' or (step = 'unchanged' and has_new_owner)
            union all
            select remote_id, record_key, 'assume', null from plan_diff where step = 'stays' and is_uncertain
            union all
            select remote_id, record_key, 'close', null from {self.state}.activation.dead_letters
            where {self.retrying} and sync = {literal(self.sync.name)} and target_key = {literal(self.target_key)}
              and remote_id not in (select remote_id from plan_diff)
              and remote_id not in (select remote_id from plan_same)
            union all
            select remote_id, record_key, 'known', fingerprint from plan_diff
            where step = 'unchanged' and row_hash = held_hash and (is_unfamiliar or is_remapped)
              and not {self.sync.plugin.spec.is_snapshot}"""

    def snapshot(self) -> str:
        """The full rows of the target, by key: record_key, payload, and what a consent statement may name."""
        return f"""
            select record_key, payload, {_CONSENT_KEYS}, {_CONSENTED_AT}
            from plan_desired join plan_candidates using (row_id, record_key) order by record_key"""

    def refusals(self) -> str:
        """One row per refused row: record_key, reason."""
        return """
            select record_key, reason from plan_decided where reason is not null
            union all
            select record_key, 'duplicate_identifier' from plan_decided
            where reason is null and row_id not in (select row_id from plan_desired)
            union all
            select record_key, step from plan_diff where step in ('rejected_before', 'unanswered')
            order by all"""

    def refusal_counts(self) -> str:
        return f"select reason, count(*) from ({self.refusals()}) group by reason"

    def counts(self, same: int) -> str:
        """One row: the columns of gates.Counts, with so many rows that were recognised as what they were."""
        return f"""
            select
                (select count(*) from plan_decided) + {same} as source,
                count(*) filter (where is_desired) + {same} as desired,
                count(*) filter (where is_held) + {same} as held,
                count(*) filter (where step = 'add') as added,
                count(*) filter (where step = 'update') as updated,
                count(*) filter (where step = 'remove') as removed,
                count(*) filter (where step = 'remove' and lane = 'withdrawal') as withdrawn,
                count(*) filter (where step in ('remove', 'release') and lane = 'leaver') as leaving,
                count(*) filter (where step in ('unchanged', 'kept', 'stays')) + {same} as unchanged,
                count(*) filter (where is_remapped) as remapped,
                count(*) filter (where is_pending) as in_flight,
                (select count(*) from {self.state}.activation.acked
                 where sync = {literal(self.sync.name)} and target_key <> {literal(self.target_key)})
                    as held_elsewhere
            from plan_diff"""

    def known_target(self) -> str:
        return f"""select remote_target from {self.state}.activation.targets
            where target_key = {literal(self.target_key)}"""
