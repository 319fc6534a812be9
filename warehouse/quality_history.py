"""Keeps each day's `data_quality_fields` in the durable state, so that quality can be followed over time.

How quality is judged is the models' business; the days are put together again in `data_quality_daily`.
"""

from __future__ import annotations

import duckdb

from warehouse.connections import STATE_CATALOG, transaction

HISTORY = f"{STATE_CATALOG}.platform.data_quality_history"
FIELDS = "quality.data_quality_fields"


def keep_quality(connection: duckdb.DuckDBPyConnection) -> int:
    """Write the warehouse's `quality.data_quality_fields` into the attached state file; returns the rows kept.

    One row per day, source and field, under the day on which the model was built; what that day kept before is
    replaced. Nothing is kept before the model was built for the first time.
    """
    built = connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'quality' and table_name = 'data_quality_fields'"
    ).fetchone()
    if not built:
        return 0
    with transaction(connection):
        connection.execute(f"delete from {HISTORY} where as_of_date in (select as_of_date from {FIELDS})")
        (kept,) = connection.execute(f"insert into {HISTORY} by name from {FIELDS}").fetchall()[0]
    return int(kept)
