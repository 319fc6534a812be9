-- What people decided about syncs: which are paused, and who did what to them and why.
create table activation.paused (
    sync text primary key,
    paused_at timestamp not null,
    person text not null,
    reason text not null
);
-- One row per command that changed what a sync will do, kept for ever.
create table activation.audit (
    done_at timestamp not null,
    command text not null,            -- pause, resume, retry, reset
    sync text not null,
    person text not null,
    detail text not null              -- what it did, as a sentence
);
