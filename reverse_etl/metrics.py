"""How well syncs do, in rates and seconds per sync and run, worked out from the log tables in SQL.

The same query runs over the state store and over the published copy; what the rows of the log mean is `journal.py`.
"""

from __future__ import annotations

from typing import Any

import duckdb

from reverse_etl.log import as_dicts
from reverse_etl.sentences import REFUSALS

# match_rate: of those who may be sent, who has an address or number that the tool can recognise (what a tool itself
# makes of it is its own figure). Latency is from writing an operation down to knowing its outcome.
_METRICS = f"""
    with answers as (
        select
            sync,
            run_id,
            count(*) as operations,
            count(*) filter (where status = 'accepted') as accepted,
            count(*) filter (where status = 'rejected') as rejected,
            count(*) filter (where status = 'unknown') as unanswered,
            count(*) filter (where status = 'pending') as pending,
            median(epoch(finished_at - started_at)) as median_seconds,
            max(epoch(finished_at - started_at)) as slowest_seconds
        from activation.sync_log
        group by sync, run_id
    )
    select
        runs.sync,
        runs.run_id,
        runs.destination,
        runs.finished_at,
        runs.status,
        coalesce(answers.operations, 0) as operations,
        coalesce(answers.accepted, 0) as accepted,
        coalesce(answers.rejected, 0) as rejected,
        coalesce(answers.unanswered, 0) as unanswered,
        coalesce(answers.pending, 0) as pending,
        answers.accepted / nullif(answers.accepted + answers.rejected, 0) as acceptance_rate,
        runs.desired
        / nullif(runs.desired + coalesce((runs.refused ->> '$."{REFUSALS["no_identifier"]}"')::integer, 0), 0)
            as match_rate,
        answers.median_seconds,
        answers.slowest_seconds
    from activation.sync_runs as runs
    left join answers on answers.run_id = runs.run_id and answers.sync = runs.sync"""


def build_metrics(warehouse: duckdb.DuckDBPyConnection) -> int:
    """Write activation.sync_metrics beside the copies of the log (one row per sync and run); returns its rows."""
    warehouse.execute(f"create or replace table activation.sync_metrics as {_METRICS}")
    return int(warehouse.execute("select count(*) from activation.sync_metrics").fetchall()[0][0])


def read_newest_metrics(state: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """The metrics of each sync's newest run in which something was sent, by sync."""
    rows = as_dicts(
        state.execute(
            f"select * from ({_METRICS}) where operations > 0 "
            "qualify row_number() over (partition by sync order by finished_at desc) = 1"
        )
    )
    return {row["sync"]: row for row in rows}
