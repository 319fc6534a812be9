-- How good each source's fields were, day by day: the warehouse can be rebuilt, a past day cannot.
create table platform.data_quality_history (
    as_of_date date not null,
    source text not null,
    field text not null,
    record_count bigint not null,
    filled_count bigint not null,
    valid_count bigint not null,
    invalid_count bigint not null,
    commonest_problem text,
    commonest_problem_count bigint not null,
    filled_share double not null,
    valid_share double,               -- null where nothing is filled
    score double not null,
    primary key (as_of_date, source, field)
);
