-- Each sync as it was last declared for each target, so that an opt-out reaches also targets it no longer points to.
create table activation.declared (
    sync text not null,
    target_key text not null,
    declaration json not null,        -- purpose, channel and fields of that time; no data of people
    seen_at timestamp not null,       -- the newest of a sync is where it points to now
    primary key (sync, target_key)
);
