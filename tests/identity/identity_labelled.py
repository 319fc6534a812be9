"""Public labelled record sets as `int_identity__records`, by naming their columns.

Only the mapping is here; what is expected of the figures is in the tests.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

LABELLED_DIR = Path(__file__).resolve().parents[3] / "shared" / "data" / "identity"

COLUMNS: dict[str, str] = {
    "first_name": "varchar", "last_name": "varchar", "email": "varchar", "phone": "varchar", "street": "varchar",
    "city": "varchar", "postcode": "varchar", "country": "varchar", "birth_date": "date", "company": "varchar",
    "loyalty_id": "varchar", "web_user_id": "varchar", "email_is_placeholder": "boolean",
    "phone_is_placeholder": "boolean", "email_name_count": "integer", "phone_name_count": "integer",
    "seen_at": "timestamp", "display_name": "varchar",
}  # fmt: skip

MAPPINGS: dict[str, dict[str, str]] = {
    "fake_1000": {
        "first_name": "lower(first_name)", "last_name": "lower(surname)", "birth_date": "try_cast(dob as date)",
        "city": "lower(city)", "email": "lower(email)",
    },
    "febrl3": {
        "first_name": "given_name", "last_name": "surname", "street": "concat_ws(' ', street_number, address_1)",
        "city": "suburb", "postcode": "postcode", "loyalty_id": "soc_sec_id",
        "birth_date": "try_strptime(date_of_birth, '%Y%m%d')::date",
    },
}  # fmt: skip


def load(connection: duckdb.DuckDBPyConnection, name: str, truth_path: Path) -> None:
    """Create intermediate.int_identity__records from a labelled set, and write its truth file."""
    mapping = MAPPINGS[name]
    columns = ", ".join(
        f"nullif(({mapping.get(c, 'null')})::varchar, '')::{kind} as {c}" for c, kind in COLUMNS.items()
    )
    connection.execute("create schema if not exists intermediate")
    source = f"read_csv('{LABELLED_DIR / name / 'records.csv'}', all_varchar = true)"
    connection.execute(
        f"create table intermediate.int_identity__records as"
        f" select '{name}:' || rec_id as record_id, '{name}' as source, rec_id as source_key, {columns} from {source}"
    )
    for column in ("email", "phone"):
        connection.execute(
            f"""
            update intermediate.int_identity__records r set {column}_name_count = n.names
            from (select {column} as value, count(distinct first_name || ' ' || last_name) as names
                from intermediate.int_identity__records group by 1) n
            where n.value = r.{column}
            """
        )
    connection.execute(
        f"copy (select '{name}' as source, rec_id as source_key, truth_id as person_id, 'person' as kind from {source})"
        f" to '{truth_path}' (header)"
    )
