"""A draft as the YAML a person reads and corrects: every guess with a comment that says what supports it.

The guesses are made in `profiling.py`; writing the file is the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.scaffolding.guesses import Guess
from ingestion.scaffolding.profiling import Draft, TableDraft
from ingestion.scaffolding.properties import scalar
from ingestion.scaffolding.templates import SCHEMA_LINE


def draft_yaml(draft: Draft) -> str:
    """The whole source file."""
    source = draft.source
    lines = [
        SCHEMA_LINE,
        f"# Guessed from {', '.join(file.name for file in draft.files)}. A comment says what supports each guess: correct",
        "# what is wrong, then make the staging models again with `cdp sources add` and --force.",
        f"name: {source.name}",
        f"title: {scalar(source.title)}",
        f"description: {scalar(source.description)}",
        f"owner: {scalar(source.owner)}  # who is asked when it is late",
        f"expected_every_hours: {source.expected_every_hours:g}  # weekly, and a little grace; nothing in a file says",
        *_setting("region", source.region, "ISO country of telephone numbers without +…, e.g. DE"),
        *_setting("currency", source.currency, "ISO code of amounts that do not say their own, e.g. EUR"),
    ]
    if source.largest_reject_share:
        rejected, loaded = draft.report.rows_rejected, draft.report.rows_loaded
        why = (
            f"{rejected:,} of {rejected + loaded:,} rows of this file are rejected: see `cdp sources preview`"
        )
        lines.append(f"largest_reject_share: {source.largest_reject_share:g}  # {why}")
    lines.append("tables:")
    for table in draft.tables:
        lines += _table(table)
    return "\n".join(lines) + "\n"


def _setting(key: str, value: str | None, told: str) -> list[str]:
    return [f"{key}: {value}" if value else f"# {key}:  # {told}; without it the shop's"]


def _table(table: TableDraft) -> list[str]:
    data = table.declaration()
    lines = [
        f"  - name: {table.shape.table}",
        f"    description: {scalar(data['description'])}  # better: what a row is",
        f"    files: {_list(table.shape.patterns)}",
        f"    format: {table.shape.format}",
    ]
    if table.shape.sheets:
        lines.append(f"    sheets: {_list(table.shape.sheets)}")
    if table.shape.records:
        lines.append(f"    records: {scalar(table.shape.records)}  # where the list is in the document")
    if table.shape.skip:
        lines.append(f"    skip: {table.shape.skip}  # lines above the header")
    if data["csv"]:
        lines.append(
            f"    csv: {{{', '.join(f'{key}: {_quoted(value)}' for key, value in data['csv'].items())}}}"
        )
    lines += _loading(table, data["load"])
    lines += [f"    # {note}" for note in table.shape.notes]
    lines += ["    columns:", *(_column(guess) for guess in table.guesses)]
    return lines


def _loading(table: TableDraft, load: str) -> list[str]:
    lines = []
    if table.keys:
        lines.append(
            f"    load: {load}  # `replace` if every file is the whole list, so that who is missing was deleted"
        )
        lines.append(f"    keys: {_list(table.keys)}  # {table.keys_reason}")
    else:
        lines.append(f"    load: {load}  # {table.keys_reason}")
    if table.cursor:
        lines.append(f"    cursor: {scalar(table.cursor)}  # by its name: when a row last changed")
    if table.leave_out:
        left = ", ".join(f"{scalar(name)}: {_list(values)}" for name, values in table.leave_out.items())
        lines.append(f"    leave_out: {{{left}}}  # sums below the data, no records")
    required = table.keys or [table.guesses[0].column.name]
    lines.append(f"    required: {_list(required)}")
    return lines


def _column(guess: Guess) -> str:
    column, reason = guess.column, guess.reason
    name = scalar(column.name)
    if column.type == "text":
        return f"      - {name}  # {reason}"
    settings = [f"name: {name}", f"type: {column.type}"]
    for key in ("formats", "values"):
        if getattr(column, key):
            settings.append(f"{key}: {_list(getattr(column, key))}")
    return f"      - {{{', '.join(settings)}}}  # {reason}"


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"


def _quoted(value: str) -> str:
    """As `scalar`, and in quotes where a plain word would end a list."""
    plain = scalar(value)
    return plain if plain.startswith('"') or not set("[]{},:#*&!|>%@") & set(plain) else f'"{value}"'
