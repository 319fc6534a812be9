"""The declared sources as Dagster sees them: asset keys of deliveries and raw tables, and when each must be fresh.

What a source is, is said in `ingestion/sources/`; the assets themselves are in `defs/`.
"""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from ingestion.declarations import Source, Table, read_sources

SOURCES = read_sources()
TABLES = [(source, table) for source in SOURCES for table in source.tables]

# a night may begin late and take its time before a source counts as late in the UI
_GRACE = timedelta(hours=4)


def file_key(source: Source, table: Table) -> dg.AssetKey:
    """What was delivered for one table."""
    return dg.AssetKey(["landing", source.name, table.name])


def raw_key(source: Source, table: Table) -> dg.AssetKey:
    """The raw table it fills."""
    return dg.AssetKey(["raw", source.raw_table(table)])


def source_key(source: Source) -> dg.AssetKey:
    """The source itself: materialised whenever it delivered anything, so that its freshness is that of its deliveries."""
    return dg.AssetKey(["landing", source.name])


def freshness(source: Source) -> dg.FreshnessPolicy:
    """Late after the time in which this source is expected to deliver, with some grace for the run itself."""
    expected = timedelta(hours=source.expected_every_hours)
    return dg.FreshnessPolicy.time_window(fail_window=expected + _GRACE, warn_window=expected)


def source_spec(source: Source) -> dg.AssetSpec:
    """A source as an asset: watched, and late when it delivered nothing for longer than it should."""
    return dg.AssetSpec(
        source_key(source),
        description=source.description,
        group_name="landing",
        owners=["team:data_engineering"],
        kinds={source.kind},
        freshness_policy=freshness(source),
        metadata={"title": source.title, "owner": source.owner},
    )


def delivery_spec(source: Source, table: Table) -> dg.AssetSpec:
    """The delivered files of one table as an asset: watched, or pulled by this platform."""
    place = f"landing/{source.name}/{', '.join(table.patterns)}"
    return dg.AssetSpec(
        file_key(source, table),
        deps=[source_key(source)],
        description=f"{table.description} Delivered as {place}.",
        group_name="landing",
        owners=["team:data_engineering"],
        kinds={table.format},
        metadata={"files": ", ".join(table.patterns), "source": source.title},
    )
