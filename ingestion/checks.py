"""Typed columns: which SQL says that a delivered text is an integer, decimal, amount of money, date or timestamp.

The text itself is never changed here; casting is the models' work.
"""

from __future__ import annotations

from ingestion.declarations import Column, Table
from ingestion.declarations.columns import STRICT_TYPES
from ingestion.naming import literal, quoted

# digits in one piece or in threes, by the decimal sign: a comma, blank or apostrophe parts thousands, or a full stop
_WHOLE = {".": r"(\d+|\d{1,3}(,\d{3})+)", ",": r"(\d+|\d{1,3}([.\s’'\x{00a0}\x{202f}]\d{3})+)"}
_FRACTION = {".": r"(\.\d*)?", ",": r"(,\d*)?"}
# `£12`, `12,00 €`, `EUR 12`, `(12)`
_UNIT = r"([£€$¥]|[A-Z]{3}|kr|zł|Kč)?"


def typed_columns(table: Table, delivered: list[str]) -> dict[str, Column]:
    """The delivered columns whose type every value must be of; the other types are judged in staging."""
    declared = table.raw_columns
    return {
        name: declared[name] for name in delivered if name in declared and declared[name].type in STRICT_TYPES
    }


def is_wrong(name: str, column: Column, decimal: str = ".") -> str:
    """SQL that is true where the column holds something that is not of its type; empty cells are never wrong.

    `decimal` is the file's decimal sign; a plain number (`1234.5`, as workbooks hold it) is one under either.
    """
    return f"(coalesce({quoted(name)}, '') <> '' and not coalesce({_parses(quoted(name), column, decimal)}, false))"


def describe(column: Column) -> str:
    """The type in words, for reasons and messages."""
    article = "an" if column.type == "integer" else "a"
    shown = f" ({' or '.join(column.formats)})" if column.formats else ""
    return f"{article} {column.type}{shown}"


def as_instant(name: str, column: Column) -> str:
    """SQL for a date or timestamp as a naive timestamp in UTC; a text without a zone is taken as it stands."""
    if column.formats:
        formats = ", ".join(literal(form) for form in column.formats)
        return f"try_strptime({quoted(name)}, [{formats}])::timestamp"
    kind = "date" if column.type == "date" else "timestamptz"
    return f"try_cast({quoted(name)} as {kind})::timestamp"


def _parses(name: str, column: Column, decimal: str) -> str:
    whole, fraction = _WHOLE[decimal], _FRACTION[decimal]
    if column.type == "integer":
        pattern = rf"\s*[+-]?{whole}\s*"
        return f"regexp_full_match({name}, {literal(pattern)})"
    if column.type == "decimal":
        # casting first is three times faster than the expression, which only thousands separators need
        pattern = rf"\s*[+-]?{whole}?{fraction}\s*"
        return f"(try_cast({name} as decimal(38, 9)) is not null or {_number(name, pattern)})"
    if column.type == "money":
        pattern = rf"\s*\(?[+-]?\s?{_UNIT}\s?[+-]?{whole}?{fraction}[\s\x{{00a0}}]?{_UNIT}\)?\s*"
        plain = f"try_cast({name} as decimal(38, 9)) is not null or " if decimal == "," else ""
        return f"({plain}{_number(name, pattern)})"
    if column.formats:
        formats = ", ".join(literal(form) for form in column.formats)
        return f"try_strptime({name}, [{formats}]) is not null"
    return f"try_cast({name} as {'date' if column.type == 'date' else 'timestamptz'}) is not null"


def _number(name: str, pattern: str) -> str:
    return f"(regexp_full_match({name}, {literal(pattern)}) and regexp_matches({name}, '[0-9]'))"
