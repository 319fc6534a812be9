"""The step between building segments and using them: each is released or held, by itself, with its reasons.

What is decided and how is the segments room's work; a segment that is held is a failed check here, and the others go on.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration import dbt_process
from orchestration.dbt_graph import NIGHTLY_FRESHNESS
from orchestration.releases import release
from orchestration.row_counts import row_counts
from orchestration.sources import SOURCES
from orchestration.stopwatch import measured
from segments.contracts import read_segments
from segments.release import Decision
from warehouse.connections import open_warehouse
from warehouse.settings import Settings

SEGMENTS = read_segments(dbt_process.manifest(), [source.name for source in SOURCES])
TABLES = {
    "segment_members": "One row per segment and person in it, as released last.",
    "segment_stays": "One row per segment, person and time in it: when and why they entered and left.",
    "segment_decisions": "One row per segment: its newest decision, released or held, with the reasons.",
    "segment_daily_sizes": "One row per day and segment: how many people were in it.",
}
CHECK = "was_released"


def released_key(name: str) -> dg.AssetKey:
    """The released membership of one segment."""
    return dg.AssetKey(["released", name])


@dg.multi_asset(
    name="segment_releases",
    specs=[
        dg.AssetSpec(
            released_key(name),
            deps=[f"segment_{name}", "int_customer__identity_confidence"],
            description=f"Who was released into the segment {segment.title}. {segment.description}",
            group_name="segments",
            owners=[
                "team:" + (segment.contract.owner if segment.contract else "marketing").replace(" ", "_")
            ],
            kinds={"duckdb"},
            freshness_policy=NIGHTLY_FRESHNESS,
        )
        for name, segment in SEGMENTS.items()
    ]
    + [
        dg.AssetSpec(
            ["state", table],
            deps=[released_key(name) for name in SEGMENTS],
            description=text,
            group_name="state",
            owners=["team:data_engineering"],
            kinds={"duckdb"},
            freshness_policy=NIGHTLY_FRESHNESS,
        )
        for table, text in TABLES.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset=released_key(name),
            description="Nothing held it back: tests, sources, size and change are as its contract says.",
        )
        for name in SEGMENTS
    ],
)
def segment_releases(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
    settings = Settings.load()
    with measured(settings, context.run.run_id, "segment_releases"):
        decisions = release(settings, SEGMENTS, run_id=context.run.run_id)
    for decision in decisions:
        yield _result(decision)
    with open_warehouse(settings) as connection:
        rows = row_counts(connection, "state")
    for table in TABLES:
        yield dg.MaterializeResult(
            asset_key=["state", table], metadata={"dagster/row_count": rows.get(table, 0)}
        )


def _result(decision: Decision) -> dg.MaterializeResult[Any]:
    held, counts = decision.status == "held", decision.counts
    key = released_key(decision.segment)
    metadata: dict[str, Any] = {
        "dagster/row_count": counts.members if held else counts.candidates or 0,
        "entered": 0 if held else counts.entered,
        "left": 0 if held else counts.left,
        "would be in it": counts.candidates if counts.candidates is not None else "not built",
        "state": decision.sentence if held else "released",
    }
    if decision.override is not None:
        metadata["let pass by"] = f"{decision.override.person}: {decision.override.reason}"
    return dg.MaterializeResult(
        asset_key=key,
        metadata=metadata,
        check_results=[
            dg.AssetCheckResult(
                asset_key=key,
                check_name=CHECK,
                passed=not held,
                severity=dg.AssetCheckSeverity.ERROR,
                description=decision.sentence if held else None,
                metadata={
                    "in it now": metadata["dagster/row_count"],
                    "would be in it": metadata["would be in it"],
                },
            )
        ],
    )
