-- Operations that a tool took in and works on by itself, and runs that a person ended early.
alter table activation.op_journal add column job text;  -- the tool's own id, written before anybody waits for it
-- op_journal.state has one more value since: pending (handed over, the tool has not said yet what became of it)
alter table activation.sync_runs add column pending integer default 0;
-- One row per request to stop; it counts for runs that began before it and have not ended.
create table activation.cancellations (
    sync text not null,
    requested_at timestamp not null,  -- by the wall clock
    person text not null,
    reason text not null
);
