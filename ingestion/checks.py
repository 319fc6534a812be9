"""Typed columns: which SQL says that a delivered text is an integer, decimal, amount of money, date or timestamp.

The text itself is never changed here; casting is the models' work.
"""

from __future__ import annotations

from ingestion.declarations import Column, Table
from ingestion.declarations.columns import STRICT_TYPES
from ingestion.naming import literal, quoted

_INTEGER = r"\s*[+-]?(\d+|\d{1,3}(,\d{3})+)\s*"
_DECIMAL = r"\s*[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?\s*"
_MONEY = r"\s*\(?[+-]?\s?[£€$]?\s?[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?\)?\s*"


def typed_columns(table: Table, delivered: list[str]) -> dict[str, Column]:
    """The delivered columns whose type every value must be of; the other types are judged in staging."""
    declared = table.raw_columns
    return {
        name: declared[name] for name in delivered if name in declared and declared[name].type in STRICT_TYPES
    }


def is_wrong(name: str, column: Column) -> str:
    """SQL that is true where the column holds something that is not of its type; empty cells are never wrong."""
    return f"({quoted(name)} is not null and not coalesce({_parses(quoted(name), column)}, false))"


def describe(column: Column) -> str:
    """The type in words, for reasons and messages."""
    article = "an" if column.type == "integer" else "a"
    shown = f" ({' or '.join(column.formats)})" if column.formats else ""
    return f"{article} {column.type}{shown}"


def _parses(name: str, column: Column) -> str:
    if column.type == "integer":
        return f"regexp_full_match({name}, {literal(_INTEGER)})"
    if column.type == "decimal":
        # casting first is three times faster than the expression, which only thousands separators need
        return f"(try_cast({name} as decimal(38, 9)) is not null or {_number(name, _DECIMAL)})"
    if column.type == "money":
        return _number(name, _MONEY)
    if column.formats:
        formats = ", ".join(literal(form) for form in column.formats)
        return f"try_strptime({name}, [{formats}]) is not null"
    return f"try_cast({name} as {'date' if column.type == 'date' else 'timestamptz'}) is not null"


def _number(name: str, pattern: str) -> str:
    return f"(regexp_full_match({name}, {literal(pattern)}) and regexp_matches({name}, '[0-9]'))"
