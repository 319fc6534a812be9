"""Questions about the asset graph as a whole: is it one piece, and is every name in it something that exists."""

from __future__ import annotations

import dagster as dg

# Dagster's mark on an asset that it made up because another one names it
STUB = "dagster/auto_created_stub_asset"


def broken_links(definitions: dg.Definitions) -> list[str]:
    """A sentence per asset that only exists because something depends on it (a mistyped or undeclared name)."""
    graph = definitions.resolve_asset_graph()
    return [
        f"{key.to_user_string()} is read by {', '.join(sorted(c.to_user_string() for c in graph.get(key).child_keys))} "
        f"but nothing makes or declares it; correct the name where it is read."
        for key in sorted(graph.get_all_asset_keys())
        if graph.get(key).metadata.get(STUB)
    ]
