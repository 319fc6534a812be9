"""How many records of the same person a record meets, estimated from the business's own records: where every weight starts.

Only pairs of a sample are looked at, and only those that narrow keys find; what pairs weigh is worked out in `scoring.py`.
"""

from __future__ import annotations

from typing import Any

import duckdb

from identity import model, scoring
from identity.workspace import count_rows, first_row

SAMPLE_RECORDS = 5_000
CARRIERS = 40  # a key carried by more profiles says little, and would cost much


def estimate_mates(
    connection: duckdb.DuckDBPyConnection, settings: dict[str, Any], record_count: int
) -> float:
    """Records of the same person per record, but at most the shipped figure.

    Reads `records` and `frequencies`. In a list that was deduplicated before, most lookalikes are strangers: with 0.2
    mates where 1.5 are presumed, every weight is 3 bits too high (rldata10000: precision 0.91 → 0.95). Above the
    shipped figure nothing is believed, because people of one household are counted as well.
    """
    _find_pairs(connection)
    for field in model.TERM_FREQUENCY_FIELDS:
        connection.execute(
            f"create or replace table tf_{field} as select value, frequency from frequencies where field = '{field}'"
        )
    complete = {**settings, "unknown_frequency": 1.0 / max(record_count, 1)}
    scoring.score(connection, complete, "mate_pairs", "mate_scores")
    row = first_row(connection, "select coalesce(sum(1 / (1 + pow(2.0, -weight))), 0) from mate_scores")
    sampled = min(SAMPLE_RECORDS, count_rows(connection, "records"))
    connection.execute("drop table mate_pairs; drop table mate_scores")
    mates = (float(row[0] if row else 0.0) + 1) / (sampled + 1)
    return float(f"{min(model.SHIPPED_PRIOR_MATES, mates):.4g}")


def _find_pairs(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `mate_pairs(id_l, id_r)`: a profile of the sample, and another that carries a key with it."""
    keys = ", ".join(f"[{number}::varchar, {key}]" for number, key in enumerate(model.MATE_KEYS))
    connection.execute(
        f"""
        create or replace table mate_pairs as
        with keys as (
            select id, record_id, key[1] || '|' || key[2] as key
            from (select id, record_id, unnest([{keys}]) as key from records) where key[2] is not null
        ),
        sample as (select id from records order by md5(record_id) limit {SAMPLE_RECORDS}),
        sampled as (select * from keys semi join sample using (id)),
        carriers as (
            select key, id from keys semi join sampled using (key)
            qualify count(*) over (partition by key) between 2 and {CARRIERS}
        )
        select distinct s.id as id_l, c.id as id_r from sampled s join carriers c using (key) where c.id <> s.id
        """
    )
