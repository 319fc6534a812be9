-- What destinations were told, what they acknowledged, and what is still in the air. Only reverse_etl writes here.
create schema if not exists activation;
-- One row per remote record that a destination acknowledged and that we may later change or remove.
create table activation.acked (
    sync text not null,
    target_key text not null,         -- account and target, such as mailchimp:1a2b3c:Lapsed buyers
    remote_id text not null,          -- hashed main identifier (files: the record key)
    record_key text not null,         -- the customer who owns the remote record now
    identifiers json not null,        -- exactly the match keys last sent: a removal uses these
    row_hash text not null,
    mapping_version text not null,
    norm_version text not null,
    is_adopted boolean not null,      -- was there before us: changed, but never removed for leaving a segment
    acked_at timestamp not null,
    run_id text not null,
    primary key (sync, target_key, remote_id)
);
-- Write-ahead journal, one row per operation: written before the call, settled after the answer.
create table activation.op_journal (
    op_id text primary key,
    run_id text not null,
    sync text not null,
    target_key text not null,
    action text not null,             -- add, update, remove
    lane text not null,               -- withdrawal, change, leaver, regular
    remote_id text not null,
    record_key text not null,
    identifiers json,                 -- emptied once the outcome is known
    row_hash text,
    mapping_version text not null,
    norm_version text not null,
    is_adopted boolean not null,
    state text not null,              -- sent, accepted, rejected, unknown, superseded
    reason text,
    sent_at timestamp not null,
    settled_at timestamp
);
-- One row per sync and run.
create table activation.sync_runs (
    run_id text not null,
    sync text not null,
    destination text not null,
    target text not null,
    started_at timestamp not null,
    finished_at timestamp not null,
    status text not null,             -- sent, nothing to send, held, problems, failed, not configured
    desired integer not null,
    added integer not null,
    updated integer not null,
    removed integer not null,
    unchanged integer not null,
    refused json not null,            -- reason sentence → rows
    rejected json not null,           -- destination's reason → rows
    failed integer not null,          -- outcome unknown: sent again by the next run
    waiting integer not null,         -- planned but not sent (held)
    held_reason text,
    message text,
    requests integer not null,
    primary key (run_id, sync)
);
-- One row per operation that was sent, without personal data.
create table activation.sync_log (
    op_id text primary key,
    run_id text not null,
    sync text not null,
    record_key text not null,
    action text not null,
    lane text not null,
    status text not null,             -- accepted, rejected, unknown
    reason text,
    row_hash text,
    started_at timestamp not null,
    finished_at timestamp not null
);
-- Rows that are in a segment but were not sent in the newest run of their sync, each with its reason.
create table activation.refusals (
    sync text not null,
    run_id text not null,
    record_key text,
    reason text not null,
    sentence text not null
);
-- Rows a destination refused; a permanent refusal is not repeated until the row changes.
create table activation.dead_letters (
    sync text not null,
    target_key text not null,
    remote_id text not null,
    record_key text not null,
    action text not null,
    row_hash text,
    reason text not null,
    is_permanent boolean not null,
    attempts integer not null,
    first_failed_at timestamp not null,
    last_failed_at timestamp not null,
    run_id text not null,
    primary key (sync, target_key, remote_id)
);
-- The remote id of each audience, segment or list that a sync fills.
create table activation.targets (
    target_key text primary key,
    remote_target text not null,
    found_at timestamp not null
);
