-- Journal, log and acknowledgements without an index of random keys: every wave rewrote the whole index, which cost more
-- time and memory than all of its rows. That a key stands there once is kept by the statements that write.
create table activation.op_journal_plain (
    op_id text not null,
    run_id text not null,
    sync text not null,
    target_key text not null,
    action text not null,
    lane text not null,
    remote_id text not null,
    record_key text not null,
    identifiers json,
    row_hash text,
    mapping_version text not null,
    norm_version text not null,
    is_adopted boolean not null,
    state text not null,
    reason text,
    sent_at timestamp not null,
    settled_at timestamp,
    job text
);
insert into activation.op_journal_plain by name from activation.op_journal order by sent_at;
drop table activation.op_journal;
alter table activation.op_journal_plain rename to op_journal;
create table activation.sync_log_plain (
    op_id text not null,
    run_id text not null,
    sync text not null,
    record_key text not null,
    action text not null,
    lane text not null,
    status text not null,
    reason text,
    row_hash text,
    started_at timestamp not null,
    finished_at timestamp not null
);
insert into activation.sync_log_plain by name from activation.sync_log order by started_at;
drop table activation.sync_log;
alter table activation.sync_log_plain rename to sync_log;
create table activation.acked_plain (
    sync text not null,
    target_key text not null,
    remote_id text not null,
    record_key text not null,
    identifiers json not null,
    row_hash text not null,
    mapping_version text not null,
    norm_version text not null,
    is_adopted boolean not null,
    acked_at timestamp not null,
    run_id text not null,
    fingerprint ubigint
);
insert into activation.acked_plain by name from activation.acked;
drop table activation.acked;
alter table activation.acked_plain rename to acked;
