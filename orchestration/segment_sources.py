"""Which sources a segment is built from, by the dbt graph, so that what its contract names can be checked against it.

When a source is late, and what that holds, is decided when segments are released.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ingestion.declarations import Source
from orchestration.holds import ancestors, segment_nodes
from segments.contracts import PREFIX, Segment

_RAW = "raw"


def upstream_sources(manifest: Mapping[str, Any], sources: Iterable[Source]) -> dict[str, set[str]]:
    """Segment → names of the sources that its table is built from, through whatever models."""
    owners = {source.raw_table(table): source.name for source in sources for table in source.tables}
    found = {}
    for unique_id in segment_nodes(manifest):
        origins = [
            manifest["sources"][node]
            for node in ancestors(manifest, unique_id)
            if node in manifest["sources"]
        ]
        name = manifest["nodes"][unique_id]["name"].removeprefix(PREFIX)
        found[name] = {
            owners[origin["name"]]
            for origin in origins
            if origin["source_name"] == _RAW and origin["name"] in owners
        }
    return found


def unread_sources(
    manifest: Mapping[str, Any], segments: Mapping[str, Segment], sources: Iterable[Source]
) -> list[str]:
    """A sentence for every source that a contract names but nothing in the segment's SQL comes from."""
    upstream = upstream_sources(manifest, sources)
    return [
        f"The segment {name} waits for {source} (`sources` in its contract) but is built from "
        f"{', '.join(sorted(upstream[name])) or 'no source'} alone. Take {source} out, or use it in {segment.file}."
        for name, segment in segments.items()
        for source in (segment.contract.sources if segment.contract else ())
        if source not in upstream[name]
    ]
