"""Recording outcomes, as the statements of one transaction over a view of facts (one row per settled operation).

Acknowledged state advances per record and only here; who is told about failures is `results.py`.
"""

from __future__ import annotations

SETTLEMENT = (
    """update activation.acked set record_key = f.record_key, identifiers = f.identifiers::json, row_hash = f.row_hash,
        mapping_version = f.mapping_version, norm_version = f.norm_version, is_adopted = f.is_adopted, acked_at = f.now,
        run_id = f.run_id, fingerprint = null
    from {facts} as f where acked.rowid = f.acked_row and f.status = 'accepted' and f.action <> 'remove'""",
    """delete from activation.acked where rowid in (
        select acked_row from {facts} where status = 'accepted' and action = 'remove')""",
    """insert into activation.acked by name
    select sync, target_key, remote_id, record_key, identifiers::json as identifiers, row_hash, mapping_version,
        norm_version, is_adopted, now as acked_at, run_id
    from {facts} where status = 'accepted' and action <> 'remove' and acked_row is null""",
    """delete from activation.dead_letters using {facts} as f
    where dead_letters.sync = f.sync and dead_letters.target_key = f.target_key
      and f.status = 'accepted'
      -- a person who was refused under an old address and accepted under a new one is no longer a problem
      and (dead_letters.remote_id = f.remote_id
        or (dead_letters.record_key = f.record_key and 'remove' not in (dead_letters.action, f.action)))""",
    """insert into activation.dead_letters by name
    select sync, target_key, remote_id, record_key, action, row_hash, reason, is_permanent, 1 as attempts,
        now as first_failed_at, now as last_failed_at, run_id
    from {facts} where status = 'rejected'
    on conflict (sync, target_key, remote_id) do update set attempts = dead_letters.attempts + 1,
        record_key = excluded.record_key, action = excluded.action, row_hash = excluded.row_hash,
        reason = excluded.reason, is_permanent = excluded.is_permanent,
        last_failed_at = excluded.last_failed_at, run_id = excluded.run_id""",
    """insert into platform.consent_log by name
    select md5(concat_ws('|', destination, purpose, channel, identifier_type, identifier_value, now::varchar)) as statement_id,
        now as stated_at, identifier_type, identifier_value, purpose, channel,
        'denied' as status, destination as source, 'reported by the destination while syncing ' || sync as proof
    from (select *, case when opt_out_email is null then 'customer_id' else 'email' end as identifier_type,
            coalesce(opt_out_email, record_key) as identifier_value from {facts})
    where is_opt_out
    on conflict do nothing""",
    """update activation.sync_log set status = f.status, reason = f.reason, finished_at = f.clock
    from {facts} as f where sync_log.rowid = f.log_row""",
    """insert into activation.sync_log by name
    select op_id, run_id, sync, record_key, action, lane, status, reason, row_hash,
        coalesce(sent_at, clock) as started_at, clock as finished_at
    from {facts} where log_row is null""",
    """update activation.op_journal set state = 'superseded', identifiers = null
    from {facts} as f
    where op_journal.sync = f.sync and op_journal.target_key = f.target_key
      and op_journal.remote_id = f.remote_id and op_journal.op_id <> f.op_id
      -- a refusal says nothing about an earlier operation that had no answer: that one may still have been done
      and op_journal.state in ('sent', 'unknown') and f.status in ('accepted', 'skipped')""",
    """update activation.op_journal set state = f.status, reason = f.reason, job = f.job,
        settled_at = case when f.status <> 'pending' then f.clock end,
        identifiers = case when f.status in ('unknown', 'pending') then op_journal.identifiers end
    from {facts} as f where op_journal.rowid = f.journal_row""",
)

# What may be there or not because nobody answered, and is not going to be asked for again, counts as there, so that an
# opt-out removes it; without a row hash, so that it is sent once more should the person be wanted again.
ASSUMED = (
    "update activation.acked set row_hash = '', fingerprint = null where {guessed}",
    """insert into activation.acked by name
    select sync, target_key, remote_id, arg_max(record_key, (sent_at, rowid)) as record_key,
        arg_max(identifiers, (sent_at, rowid)) as identifiers, '' as row_hash,
        arg_max(mapping_version, (sent_at, rowid)) as mapping_version, arg_max(norm_version, (sent_at, rowid)) as norm_version,
        bool_or(is_adopted) as is_adopted, max(sent_at) as acked_at, arg_max(run_id, (sent_at, rowid)) as run_id
    from activation.op_journal
    where {guessed} and state in ('sent', 'unknown') and action <> 'remove'
      and (sync, target_key, remote_id) not in (select (sync, target_key, remote_id) from activation.acked where {guessed})
    group by sync, target_key, remote_id""",
    """update activation.op_journal set state = 'superseded', identifiers = null
    where {guessed} and state in ('sent', 'unknown')""",
)
