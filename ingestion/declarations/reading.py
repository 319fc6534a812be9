"""From a YAML file to a Source, or to an error that names the file, the line and the nearest key that exists.

What the keys mean is written at the models; nothing is looked up outside the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from ingestion.declarations.columns import Column
from ingestion.declarations.connections import Answer, Api, Auth, Database, Endpoint, Pagination, Since
from ingestion.declarations.places import Location
from ingestion.declarations.sources import Source
from ingestion.declarations.tables import ControlTotal, CsvDialect, Table
from ingestion.errors import DeclarationError
from ingestion.naming import nearest

SOURCES_DIR = Path(__file__).parent.parent / "sources"

# which model a key's value is read by: what its unknown keys are compared with
_NESTED: dict[str, type[BaseModel]] = {
    "tables": Table,
    "columns": Column,
    "csv": CsvDialect,
    "control_totals": ControlTotal,
    "endpoint": Endpoint,
    "pagination": Pagination,
    "since": Since,
    "api": Api,
    "auth": Auth,
    "throttled": Answer,
    "expired": Answer,
    "database": Database,
    "location": Location,
}
Place = tuple[int | str, ...]


def read_sources(directory: Path = SOURCES_DIR) -> list[Source]:
    """Every declared source, by name. Raises DeclarationError for the first file that is not understood."""
    return [read_source(path) for path in sorted(directory.glob("*.yml"))]


def read_source(path: Path) -> Source:
    """The source declared in one file. Raises DeclarationError naming the file, the line and the nearest key."""
    text = path.read_text(encoding="utf-8")
    try:
        source = Source.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise DeclarationError(
            f"{path.name} is not valid YAML: {error}. Correct it and run again."
        ) from error
    except ValidationError as error:
        raise DeclarationError(_explain(path, text, error)) from error
    if source.name != path.stem:
        raise DeclarationError(
            f"{path.name} declares a source named {source.name!r}. Name the file {source.name}.yml, or change `name`."
        )
    return source


def json_schema() -> dict[str, Any]:
    """The form of a source file as JSON Schema, for editors that complete and check while typing."""
    return Source.model_json_schema(by_alias=True)


def _explain(path: Path, text: str, error: ValidationError) -> str:
    lines = [f"{path.name} does not describe a source:"]
    for item in error.errors():
        place = tuple(item["loc"])
        where = f"line {_line_of(text, place)}, {'.'.join(map(str, place)) or 'top level'}"
        if item["type"] == "extra_forbidden":
            lines.append(f"  {where}: unknown key{_suggestion(place)}")
        else:
            lines.append(f"  {where}: {item['msg']} (found {item['input']!r:.80})")
    return "\n".join([*lines, "Correct the file and run again; the other files in the folder show the form."])


def _line_of(text: str, place: Place) -> int:
    """The 1-based line where `place` stands, or the innermost part of it that is in the file."""
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for step in place:
        found = _step_into(node, step)
        if found is None:
            return line
        line, node = found
    return line


def _step_into(node: yaml.Node | None, step: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    return None


def _suggestion(place: Place) -> str:
    key, known = str(place[-1]), sorted(_known_keys(place[:-1]))
    close = nearest(key, known)
    return f", did you mean `{close}`?" if close else f"; known keys are {', '.join(known)}"


def _known_keys(place: Place) -> Iterator[str]:
    names = [step for step in place if step in _NESTED]
    model = _NESTED[str(names[-1])] if names else Source
    for name, field in model.model_fields.items():
        yield field.alias or name
