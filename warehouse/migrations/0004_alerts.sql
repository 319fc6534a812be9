-- What people were told: raised once, recovered once. Only alerts writes here.

-- One row per time that something was wrong, from the run that saw it first to the run that no longer saw it.
create table platform.alerts (
    alert_id text primary key,        -- kind:subject:number, such as late:source:shopify:3
    kind text not null,               -- late, shrinking, refused, rejected, failed, stopped, failing, held
    subject text not null,            -- what it is about, such as source:shopify
    sentence text not null,           -- as last seen; no personal data
    since timestamp not null,         -- when it began, as far as known
    raised_at timestamp not null,
    seen_at timestamp not null,       -- the last run that saw it
    recovered_at timestamp            -- null while it is open
);
-- One row per alert, event and channel: written before anything is sent, so that nothing is told twice.
create table platform.alert_notices (
    alert_id text not null,
    event text not null,              -- raised, recovered
    channel text not null,            -- log, webhook, mail
    status text not null,             -- waiting, sending, sent, unknown (a run ended while sending), superseded
    attempts integer not null,
    tried_at timestamp,
    sent_at timestamp,
    problem text,                     -- why the last attempt failed
    primary key (alert_id, event, channel)
);
