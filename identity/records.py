"""The match table: records with the columns that the model compares, and how common their values are.

Reads `intermediate.int_identity__records` by name; what the columns mean for matching is said in `features.py` and `model.py`.
"""

from __future__ import annotations

import duckdb

from identity import features, model, nicknames, rules
from identity.errors import RecordsInvalid, RecordsMissing
from identity.workspace import count_rows, first_row

RECORDS = "intermediate.int_identity__records"


def input_hash(connection: duckdb.DuckDBPyConnection, warehouse: str) -> str:
    """A hash of what matching reads of the records, whatever their order. Raises RecordsMissing, RecordsInvalid."""
    _check(connection, warehouse)
    columns = ", ".join(("record_id", *features.FIELDS))
    row = first_row(
        connection,
        f"select count(*), bit_xor(hash({columns})), sum(hash({columns})::hugeint) from {_table(warehouse)}",
    )
    assert row is not None
    return "-".join(str(value) for value in row)


def build(connection: duckdb.DuckDBPyConnection, warehouse: str) -> int:
    """Create table `records` in the scratch catalog, one row per record, and return the number of rows.

    `id` is the rank of record_id: small to join on, and the same whatever the order of the rows.
    """
    connection.execute(
        "create table nicknames as select unnest(?::text[]) as name, unnest(?::text[][]) as roots",
        [list(column) for column in zip(*nicknames.rows(), strict=True)],
    )
    limits = rules.LIMITS
    found = features.features(limits.email_names, limits.phone_names)
    columns = ", ".join(f"{sql} as {name}" for name, sql in found.items())
    derived = ", ".join(f"{sql} as {name}" for name, sql in features.DERIVED.items())
    connection.execute(
        f"""
        create table records as
        with features as (
            select row_number() over (order by r.record_id)::integer as id, r.record_id, {columns}
            from {_table(warehouse)} r
        )
        select features.*, {derived}
        from features left join nicknames n on n.name = split_part(features.first_name, ' ', 1)
        order by id
        """
    )
    return count_rows(connection, "records")


def count_frequencies(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `frequencies(field, value, frequency)`: the share of persons with a value, for values seen twice or more.

    Persons are not known yet: distinct emails (else phones, else records) stand in for them. Counting records would
    make a rare name look common merely because its one owner has many records.
    """
    parts = [
        f"""
        select '{field}' as field, {field} as value,
            count(distinct coalesce(email, phone, record_id))::double as persons,
            (select count(distinct coalesce(email, phone, record_id)) from records where {field} is not null) as total
        from records where {field} is not null group by all
        """
        for field in model.TERM_FREQUENCY_FIELDS
    ]
    connection.execute(
        "create or replace table frequencies as "
        f"select field, value, persons / total as frequency from ({' union all '.join(parts)}) where persons > 1"
    )


def build_frequency_lookups(connection: duckdb.DuckDBPyConnection, frozen: str, record_count: int) -> None:
    """Create `tf_<field>` for every value that the records hold, from the frozen table named `frozen`.

    A value unknown to it counts as seen once among the records of the training, so that its weight depends on
    nothing else and a night's arrivals change no other pair.
    """
    for field in model.TERM_FREQUENCY_FIELDS:
        connection.execute(
            f"""
            create or replace table tf_{field} as
            select v.{field}, coalesce(f.frequency, {1.0 / max(record_count, 1)}) as tf_{field}
            from (select distinct {field} from records where {field} is not null) v
            left join {frozen} f on f.field = '{field}' and f.value = v.{field}
            """
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
