"""The small pieces of SQL and prose that staged columns are made of: macro calls, safe names, descriptions.

Which piece a column gets is decided by its role.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.declarations import Column
from ingestion.scaffolding.words import in_sql

UNREADABLE = "cannot be read"


def safe_name(raw: str) -> str:
    """A name that needs no quotes in SQL and is no function there: a word that is either gets an ending."""
    return f"{raw}_value" if in_sql(raw) != raw or raw == "user" else raw


def told(column: Column, otherwise: str = "") -> str:
    """The column's description as a sentence; dbt would read braces in it as its own."""
    text = " ".join((column.description or otherwise or column.name).split())
    text = text.replace("{", "(").replace("}", ")")
    return text if text.endswith((".", "?", "!")) else f"{text}."


def macro(name: str, raw: str, *arguments: str) -> str:
    """A call with the column first: `{{ parse_flag('email_ok') }}`."""
    given = ", ".join([f"'{in_sql(raw)}'", *arguments])
    return f"{{{{ {name}({given}) }}}}"


def macro_with_list(name: str, raw: str, values: Sequence[str]) -> str:
    """A call with the column and a list of texts."""
    return macro(name, raw, f"[{', '.join(map(repr, values))}]")
