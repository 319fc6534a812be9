"""What the doubles hold, as one JSON document for people and tests.

Changing it is done through the tools' own endpoints only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.doubles.store import Store
from sandbox.doubles.tool import Tool


def read_state(store: Store, tools: Sequence[Tool]) -> dict[str, Any]:
    """What each tool keeps, by its name; `deliveries` = how often each change was carried out."""
    deliveries = store.rows(
        "select tool, target, action, person, count(*) as times from deliveries group by tool, target, action, person"
    )
    counts = store.rows("select tool, status, count(*) as requests from requests group by tool, status")
    return {**{tool.name: tool.state() for tool in tools}, "deliveries": deliveries, "requests": counts}
