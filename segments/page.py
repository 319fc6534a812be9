"""The difference of two versions of a segment as one static page for a pull request: opens offline, prints, needs no script.

It names nobody: people stand as ids with the values that decided, so that it can lie beside the code.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
from jinja2 import Environment, PackageLoader, select_autoescape

from segments.difference import MOVED, Difference

PEOPLE_SHOWN = 50

PAGES = Environment(
    loader=PackageLoader("segments"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(
    connection: duckdb.DuckDBPyConnection, difference: Difference, *, syncs: list[str], made_at: datetime
) -> str:
    """The page as HTML text. `connection` still has the table of who moved; `syncs` are the tools that are told."""
    total = difference.staying.people + difference.entering.people + difference.leaving.people
    return PAGES.get_template("difference.html").render(
        d=difference,
        total=total or 1,
        people={change: _people(connection, change) for change in ("enters", "leaves")},
        shown=PEOPLE_SHOWN,
        syncs=syncs,
        lines=[[(line, _kind(line)) for line in text.splitlines()] for text in difference.texts],
        made_at=made_at,
    )


def _people(connection: duckdb.DuckDBPyConnection, change: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"select customer_id, why, spend_amount from {MOVED} where change = ? "
        "order by spend_amount desc nulls last, customer_id limit ?",
        [change, PEOPLE_SHOWN],
    ).fetchall()


def _kind(line: str) -> str:
    if line.startswith(("---", "+++", "@@")):
        return "head"
    return {"+": "new", "-": "old"}.get(line[:1], "same")
