"""The step after loading that adds up what each source's own rows say, for the reconciliation to compare with."""

from typing import Any

import dagster as dg

from ingestion.control_totals import compute
from orchestration.dbt_graph import NIGHTLY_FRESHNESS
from orchestration.row_counts import row_counts
from orchestration.sources import SOURCES, TABLES, raw_key
from orchestration.stopwatch import measured
from warehouse.connections import open_warehouse
from warehouse.settings import Settings


@dg.asset(
    name="control_totals",
    key_prefix="raw",
    deps=[raw_key(source, table) for source, table in TABLES if table.control_totals],
    group_name="raw",
    owners=["team:data_engineering"],
    kinds={"duckdb"},
    freshness_policy=NIGHTLY_FRESHNESS,
    description="One row per source, table, measure and currency: what the delivered rows, or the source itself, add up to.",
)
def control_totals(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
    settings = Settings.load()
    with measured(settings, context.run.run_id, "control_totals"), open_warehouse(settings) as connection:
        compute(connection, SOURCES, settings.now())
        rows = row_counts(connection, "raw")["control_totals"]
    return dg.MaterializeResult(metadata={"dagster/row_count": rows})
