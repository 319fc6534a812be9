-- What tools say about who unsubscribed there: how far each account was read, and who stands there without a date.
create table activation.opt_outs_read (
    destination text not null,
    account_id text not null,
    read_at timestamp not null,       -- UTC; everything the tool knew then is in platform.consent_log
    primary key (destination, account_id)
);
create table activation.opt_outs_standing (
    destination text not null,
    account_id text not null,
    identifier_type text not null,
    identifier_value text not null,
    channel text not null,
    seen_at timestamp not null,       -- first seen: a tool that gives no date is heard once for each time somebody leaves
    primary key (destination, account_id, identifier_type, identifier_value, channel)
);
