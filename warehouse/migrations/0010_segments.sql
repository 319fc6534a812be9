-- Who is in which segment by release, and why each release happened or did not. Only the segments room writes here.
create schema if not exists segments;
-- One row per segment and person: the membership that readers and syncs see. Replaced per segment on release.
create table segments.members (
    segment_name text not null,
    customer_id text not null,
    reason text not null,             -- today's sentence; the one on entering is kept in stays
    is_holdout boolean not null,      -- chosen by hash to get nothing, so that the effect can be measured
    entered_at timestamp not null
);
-- One row per segment, person and time in it; left_at is null while they are in. Cannot be rebuilt.
create table segments.stays (
    segment_name text not null,
    customer_id text not null,
    entered_at timestamp not null,
    entered_reason text not null,
    left_at timestamp,
    left_reason text
);
-- One row per segment and run that changed something: released or held, why, and in what numbers.
create table segments.decisions (
    run_id text not null,
    segment_name text not null,
    decided_at timestamp not null,    -- the run's "now"
    status text not null,             -- released, held, retired
    title text not null,
    contract json,                    -- as it was; null when it could not be read
    reasons json not null,            -- sentences: why it is held, or what an override let pass
    candidate_count bigint,           -- people its SQL gave; null when it could not be built
    member_count bigint not null,     -- people in it after the decision
    entered_count bigint not null,
    left_count bigint not null,
    override_id text,
    recorded_at timestamp not null default now()::timestamp,  -- runs may share their "now"; the newest was recorded last
    primary key (run_id, segment_name)
);
-- One row per segment and day: how many people were in it at the end of that day's last run.
create table segments.daily_sizes (
    as_of_date date not null,
    segment_name text not null,
    member_count bigint not null,
    holdout_count bigint not null,
    status text not null,
    primary key (as_of_date, segment_name)
);
-- One row per time that a person let a held segment pass: who, when, why. Good for one release.
create table segments.overrides (
    override_id text primary key,
    segment_name text not null,
    person text not null,
    given_at timestamp not null,
    reason text not null,
    candidate_count bigint not null,  -- what the person saw: very different numbers are not let pass
    used_run_id text,
    used_at timestamp
);
-- The text of models, each once, and which of them made up a released definition: what `cdp segment diff` compares with.
create table segments.model_texts (
    text_hash text primary key,
    relation text not null,
    sql_text text not null
);
create table segments.definitions (
    segment_name text not null,
    released_at timestamp not null,
    run_id text not null,
    models json not null,             -- model name → text_hash
    contract json not null
);
