-- On what a statement rests, and when this platform came to know of it. Statements are only ever added.
alter table platform.consent_log add column legal_basis text;    -- consent, contract, legitimate interest; null = consent
alter table platform.consent_log add column recorded_at timestamp;
