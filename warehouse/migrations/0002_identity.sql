-- Who is who, as decided so far. Never rebuilt by guessing: customer ids are promised to be stable.
create schema identity;

-- Trained matching models, newest version in use. A night never changes them.
create table identity.models (
    model_version integer primary key,
    fingerprint text not null,        -- of the model definition in code; another definition needs another training
    method text not null,             -- trained, or shipped (too few records to train on)
    trained_at timestamp not null,
    run_id text not null,
    record_count bigint not null,     -- the prior is lowered by one bit for every doubling since
    settings json not null,           -- complete Splink settings, parameters included
    diagnostics json not null
);

-- How common a value is among persons, frozen with the model; a value that is not listed was seen at most once.
create table identity.model_term_frequencies (
    model_version integer not null,
    field text not null,
    value text not null,
    frequency double not null
);

-- Every id ever given out. An id is never given out twice.
create table identity.customers (
    customer_id text primary key,
    created_order bigint not null,    -- age: the smaller, the older
    created_run_id text not null,
    created_at timestamp not null,
    status text not null              -- live, merged, retired
);

-- Which customer a record belongs to; a record that disappeared keeps its row, so that it can come back.
create table identity.assignments (
    record_id text primary key,
    customer_id text not null,
    is_present boolean not null
);

-- What happened to ids, append-only.
create table identity.ledger (
    ledger_id bigint primary key,
    run_id text not null,
    occurred_at timestamp not null,
    action text not null,             -- created, merged, split, moved, retired, restored
    customer_id text not null,        -- created: the new id; merged, retired, restored: the old id; split: the part's new id; moved: where to
    related_customer_id text,         -- merged: the surviving id; split: the id it was part of; moved: where from
    reason text not null,
    evidence json
);

-- Merged id → the id it went into at that time (may itself be merged later: follow to the end).
create table identity.redirects (
    old_customer_id text primary key,
    customer_id text not null,
    reason text not null,
    changed_at timestamp not null
);

-- What people decided about pairs of records; the newest decision on a pair counts.
create table identity.decisions (
    decision_id text primary key,
    record_id_l text not null,
    record_id_r text not null,
    decision text not null,           -- must_link, cannot_link
    decided_at timestamp not null,
    decided_by text,
    note text
);

-- Successful resolutions, newest last: what went in (as hashes) and what came out.
create table identity.runs (
    run_id text not null,
    run_number bigint primary key,
    as_of timestamp not null,
    input_hash text not null,
    model_version integer not null,
    record_count bigint not null,
    customer_count bigint not null,
    created_count bigint not null,
    merged_count bigint not null,
    split_count bigint not null,
    moved_count bigint not null,
    retired_count bigint not null,
    restored_count bigint not null,
    pair_count bigint not null,
    largest_cluster bigint not null
);
