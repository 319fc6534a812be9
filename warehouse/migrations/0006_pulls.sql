-- How the newest pull of each source that this platform asks itself went; one row per source.
create table platform.pulls (
    source text primary key,
    pulled_at timestamp not null,
    status text not null,             -- pulled, not configured, failed
    file_count integer not null,
    message text not null             -- why it failed, or which settings are missing
);
