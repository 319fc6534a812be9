-- A hash of the columns that an acknowledged row was made from: while it is the same, nothing has to be worked out anew.
alter table activation.acked add column fingerprint ubigint;  -- null = not known; of one engine version and mapping
