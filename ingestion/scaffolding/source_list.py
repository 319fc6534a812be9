"""The raw tables of a source added to `_staging__sources.yml`; every other character of that file stays.

Only the place of the new lines is found here; what they say is the declaration's.
"""

from __future__ import annotations

import yaml

from ingestion.declarations import Source
from ingestion.errors import ScaffoldRefused
from ingestion.scaffolding.properties import scalar
from ingestion.scaffolding.words import sentence, singular

RAW = "raw"


def with_raw_tables(text: str, source: Source) -> str:
    """The file's text with a line for every raw table of `source` that it does not name yet, after the last one.

    Raises ScaffoldRefused when the file lists no tables of the schema raw.
    """
    tables = _tables_of_raw(text)
    named = {pair[1].value for item in tables.value for pair in item.value if pair[0].value == "name"}
    new = [table for table in source.tables if source.raw_table(table) not in named]
    lines = "".join(
        f"      - name: {source.raw_table(table)}\n        description: {scalar(_delivered(table.description, table.name))}\n"
        for table in new
    )
    if not lines:
        return text
    end = _end_of(tables, text)
    head = text[:end] if text[:end].endswith("\n") else f"{text[:end]}\n"
    return head + lines + text[end:]


def _tables_of_raw(text: str) -> yaml.SequenceNode:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for source in _items(root, "sources"):
        if any(key.value == "name" and value.value == RAW for key, value in source.value):
            tables = next((value for key, value in source.value if key.value == "tables"), None)
            if isinstance(tables, yaml.SequenceNode) and tables.value:
                return tables
    raise ScaffoldRefused(
        "_staging__sources.yml lists no tables of a source named raw. Put `- name: raw` with `tables:` back into it."
    )


def _items(root: yaml.Node | None, key: str) -> list[yaml.MappingNode]:
    found = [value for name, value in getattr(root, "value", []) if name.value == key]
    return [item for value in found for item in value.value if isinstance(item, yaml.MappingNode)]


def _end_of(tables: yaml.SequenceNode, text: str) -> int:
    """Where the line after the last table begins (a block's end mark may stand behind comments and blanks)."""
    last = tables.value[-1]
    while isinstance(last, yaml.MappingNode | yaml.SequenceNode) and last.value:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    line_end = text.find("\n", last.end_mark.index - 1)
    return len(text) if line_end < 0 else line_end + 1


def _delivered(description: str, name: str) -> str:
    text = sentence(description)
    if text.startswith("One row per "):
        return text.replace("One row per ", "One row per delivered ", 1)
    return f"One row per delivered {singular(name).replace('_', ' ')}. {text}"
