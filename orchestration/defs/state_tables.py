"""The step that copies what SQL needs from the durable state into the warehouse (schema `state`)."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.dbt_graph import NIGHTLY_FRESHNESS
from warehouse.connections import open_state, open_warehouse
from warehouse.run_context import copy_segments, copy_state, newest_load_id
from warehouse.run_lock import take_run_lock
from warehouse.run_record import begin_run
from warehouse.settings import Settings

DESCRIPTIONS = {
    "run_context": "One row: which run this is, and what `now` means for it.",
    "consent_log": "One row per statement of consent made through this platform (never rebuilt, only copied).",
    "data_quality_history": "One row per day, source and field: how good the field was on that day.",
}


@dg.multi_asset(
    name="state_tables",
    specs=[
        dg.AssetSpec(
            ["state", name],
            description=text,
            group_name="state",
            owners=["team:data_engineering"],
            kinds={"duckdb"},
            freshness_policy=NIGHTLY_FRESHNESS,
        )
        for name, text in DESCRIPTIONS.items()
    ],
)
def state_tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
    settings = Settings.load()
    take_run_lock(settings)  # the first step of every run; held until its process or `run_main_job` ends
    with open_warehouse(settings, with_state=True) as connection:
        rows = copy_state(connection, run_id=context.run.run_id, as_of=settings.now())
        copy_segments(connection)  # as released last; this run's release renews them
        before = newest_load_id(connection)
    with open_state(settings) as connection:
        begin_run(connection, run_id=context.run.run_id, as_of=settings.now(), newest_load_id=before)
    for name, count in rows.items():
        yield dg.MaterializeResult(asset_key=["state", name], metadata={"dagster/row_count": count})
