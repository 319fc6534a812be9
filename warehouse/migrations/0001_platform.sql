-- Runs of the platform, newest last: what the summary and `cdp status` read.
create table platform.runs (
    run_id text primary key,
    started_at timestamp not null,
    finished_at timestamp,
    as_of timestamp not null,
    status text not null,  -- running, succeeded, problems, failed
    summary json
);
-- Consent stated through this platform (CLI, import, opt-outs reported by destinations); append-only.
create table platform.consent_log (
    statement_id text primary key,
    stated_at timestamp not null,
    identifier_type text not null,   -- email, phone, customer_id
    identifier_value text not null,
    purpose text not null,
    channel text not null,
    status text not null,            -- granted, denied
    source text not null,
    proof text
);
