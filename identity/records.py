"""The match table: profiles (distinct records) with the columns that the model compares, and how common values are.

Reads `intermediate.int_identity__records` by name; what the columns mean for matching is said in `features.py` and `model.py`.
"""

from __future__ import annotations

import duckdb

from identity import features, model, nicknames, rules
from identity.errors import RecordsInvalid, RecordsMissing
from identity.workspace import first_row

RECORDS = "intermediate.int_identity__records"


def read(connection: duckdb.DuckDBPyConnection, warehouse: str) -> str:
    """Create `present_rows(record_id, row_hash)`, one row per record, and return a hash of all, whatever their order.

    A row's hash covers what matching reads of the record. Raises RecordsMissing, RecordsInvalid.
    """
    _check(connection, warehouse)
    limits = rules.LIMITS
    fields = ", ".join(features.read_fields(limits.email_names, limits.phone_names))
    connection.execute(
        f"create or replace table present_rows as select r.record_id, hash({fields}) as row_hash from {_table(warehouse)} r"
    )
    row = first_row(
        connection,
        "select count(*), bit_xor(hash(record_id, row_hash)), sum(hash(record_id, row_hash)::hugeint) from present_rows",
    )
    assert row is not None
    return "-".join(str(value) for value in row)


def describe(connection: duckdb.DuckDBPyConnection, warehouse: str, which: str) -> None:
    """Create `described`: the features of the records listed in table `which`, and the profile they make."""
    limits = rules.LIMITS
    found = features.features(limits.email_names, limits.phone_names)
    columns = ", ".join(f"{sql} as {name}" for name, sql in found.items())
    connection.execute(
        f"""
        create or replace table described as
        with features as (
            select r.record_id, {columns} from {_table(warehouse)} r
            where r.record_id in (select record_id from {which})
        )
        select *, {features.PROFILE} as profile from features
        """
    )


def add(connection: duckdb.DuckDBPyConnection, numbers: str) -> None:
    """Add to table `records` the profiles of table `numbers(record_id, id)`, from `described`; one row per profile.

    `id` is the profile's number, `record_id` the record that stands for it.
    """
    _create_nicknames(connection)
    derived = ", ".join(f"{sql} as {name}" for name, sql in features.DERIVED.items())
    query = f"""
        select d.*, {derived} from (
            select i.id, described.* from described join {numbers} i using (record_id) order by i.id
        ) d left join nicknames n on n.name = split_part(d.first_name, ' ', 1)
    """
    connection.execute(f"create table if not exists records as select * from ({query}) limit 0")
    connection.execute(f"insert into records {query}")


def repeat(connection: duckdb.DuckDBPyConnection, most: int) -> None:
    """Create `training_records`: `records` with each profile as often as it occurs, but at most `most` times.

    Agreement is learnt from how records are, equal ones included; ten thousand equal ones would teach nothing more.
    """
    connection.execute(
        f"""
        create or replace table training_records as
        with numbered as (
            select p.record_id, p.id from present p
            qualify row_number() over (partition by p.id order by p.record_id) <= {most}
        )
        select row_number() over (order by n.record_id)::integer as id, n.record_id, r.* exclude (id, record_id)
        from numbered n join records r on r.id = n.id
        """
    )


def _create_nicknames(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table if not exists nicknames as select unnest(?::text[]) as name, unnest(?::text[][]) as roots",
        [list(column) for column in zip(*nicknames.rows(), strict=True)],
    )


def count_frequencies(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `frequencies(field, value, frequency)`: the share of persons with a value, for values seen twice or more.

    Persons are not known yet: distinct emails (else phones, else records) stand in for them. Counting records would
    make a rare name look common merely because its one owner has many records.
    """
    parts = [
        f"""
        select '{field}' as field, {field} as value,
            count(distinct coalesce(email, phone, record_id))::double as persons,
            (select count(distinct coalesce(email, phone, record_id)) from training_records where {field} is not null) as total
        from training_records where {field} is not null group by all
        """
        for field in model.TERM_FREQUENCY_FIELDS
    ]
    connection.execute(
        "create or replace table frequencies as "
        f"select field, value, persons / total as frequency from ({' union all '.join(parts)}) where persons > 1"
    )


def build_frequency_lookups(connection: duckdb.DuckDBPyConnection, record_count: int) -> None:
    """Create `tf_<field>` for every value that the training records hold, as Splink's training wants it, from `frequencies`."""
    for field in model.TERM_FREQUENCY_FIELDS:
        connection.execute(
            f"""
            create or replace table tf_{field} as
            select v.{field}, coalesce(f.frequency, {1.0 / max(record_count, 1)}) as tf_{field}
            from (select distinct {field} from training_records where {field} is not null) v
            left join frequencies f on f.field = '{field}' and f.value = v.{field}
            """
        )


def load_frequencies(connection: duckdb.DuckDBPyConnection, state: str, model_version: int) -> None:
    """Create `tf_<field>(value, frequency)`, frozen with the model, for scoring.

    A value that is not listed was seen at most once, so that its weight depends on nothing else and a night's
    arrivals change no other pair.
    """
    for field in model.TERM_FREQUENCY_FIELDS:
        connection.execute(
            f"create or replace table tf_{field} as select value, frequency from"
            f" {state}.identity.model_term_frequencies where model_version = {model_version} and field = '{field}'"
        )


def _check(connection: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    found = connection.execute(
        "select column_name from duckdb_columns() where database_name = ? and schema_name = 'intermediate'"
        " and table_name = 'int_identity__records'",
        [warehouse],
    ).fetchall()
    missing = {"record_id", *features.FIELDS} - {name for (name,) in found}
    if missing:
        what = f"lacks {', '.join(sorted(missing))}" if found else "does not exist"
        raise RecordsMissing(
            f"{RECORDS} {what}. Build the staging and intermediate models first (`cdp run`)."
        )
    row = first_row(
        connection,
        f"select record_id, count(*) from {_table(warehouse)} group by 1 having count(*) > 1 or record_id is null limit 1",
    )
    if row:
        raise RecordsInvalid(
            f"{RECORDS} holds record_id {row[0]!r} {row[1]} times; it must be present and unique. "
            "Look at the staging model of that source: it should keep the newest version per key only."
        )


def _table(warehouse: str) -> str:
    return f'"{warehouse}".{RECORDS}'
