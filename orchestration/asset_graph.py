"""Questions about the asset graph as a whole: is it one piece, and is every name in it something that exists."""

from __future__ import annotations

import dagster as dg


def broken_links(definitions: dg.Definitions) -> list[str]:
    """A sentence per asset that only exists because something depends on it (a mistyped or undeclared name)."""
    graph = definitions.resolve_asset_graph()
    declared = {spec.key for spec in definitions.resolve_all_asset_specs()}
    return [
        f"{key.to_user_string()} is read by {', '.join(sorted(c.to_user_string() for c in graph.get(key).child_keys))} "
        f"but nothing makes or declares it; correct the name where it is read."
        for key in sorted(graph.get_all_asset_keys())
        if key not in declared
    ]
