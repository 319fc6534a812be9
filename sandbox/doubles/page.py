"""The page that shows what the doubles hold and were asked, for a person with a browser.

What stands on it comes from the tools' `holdings`; how it looks is the template's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from sandbox.doubles.faults import KINDS
from sandbox.doubles.store import Store
from sandbox.doubles.tool import Holding, Tool

MOST_PEOPLE = 50
MOST_REQUESTS = 40
_TEMPLATES = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True, slots=True)
class Shown:
    """One holding as a table of its first people."""

    kind: str
    name: str
    count: int
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def draw_page(store: Store, tools: Sequence[Tool]) -> str:
    """The page as HTML, without anything to fetch from elsewhere."""
    # 404 is the right answer to whether somebody is there who is not
    answered = store.rows(
        "select tool, count(*) as requests, sum(status = 0 or status >= 400 and status <> 404) as refused from requests group by tool"
    )
    counts = {row["tool"]: row for row in answered}
    nothing = {"requests": 0, "refused": 0}
    shown = [
        {
            "name": tool.name,
            "title": tool.title,
            "holdings": [_shown(holding) for holding in tool.holdings()],
            **{name: counts.get(tool.name, nothing)[name] for name in nothing},
        }
        for tool in tools
    ]
    latest = store.rows("select * from requests order by id desc limit ?", MOST_REQUESTS)
    pending = store.rows("select * from faults where times > 0 order by id")
    return _template().render(
        tools=shown, latest=latest, faults=pending, kinds=KINDS, most=MOST_PEOPLE, most_requests=MOST_REQUESTS
    )


def _shown(holding: Holding) -> Shown:
    people = holding.people[:MOST_PEOPLE]
    columns = list(dict.fromkeys(name for person in people for name in person))
    rows = [[_text(person, name) for name in columns] for person in people]
    return Shown(holding.kind, holding.name, len(holding.people), columns, rows)


def _text(person: Mapping[str, Any], name: str) -> str:
    value = person.get(name)
    words = "" if value is None else str(value)
    # a digest is recognised by its beginning, and says nothing more to anybody
    is_digest = len(words) == 64 and all(letter in "0123456789abcdef" for letter in words)
    return f"{words[:10]}…" if is_digest else words


@cache
def _template() -> Template:
    loader = FileSystemLoader(_TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("doubles.html")
