"""Stands in for dbt's `adapter` while sqlfluff renders models, so that linting needs neither dbt nor a warehouse.

Only what models and macros call while rendering belongs here; it never runs in a build.
"""

from __future__ import annotations

from collections.abc import Callable


def dispatch(name: str, _namespace: str | None = None) -> Callable[..., str]:
    """A macro that renders as a function call on its first argument: sqlfluff judges layout, not results.

    The `newest_…` macros are relations, so they render as a subquery on theirs.
    """

    def render(*arguments: object, **_options: object) -> str:
        first = str(arguments[0]).strip() if arguments else ""
        return f"(select * from {first}) as newest" if name.startswith("newest_") else f"{name}({first})"

    return render
