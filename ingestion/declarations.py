"""What a source is: tables, file names, formats, columns and freshness, read from `ingestion/sources/<source>.yml`.

Only the shape of the declaration is checked here; whether a delivered file fits it is found out when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ingestion.errors import DeclarationError
from ingestion.naming import column_names, key_column_name, nearest

SOURCES_DIR = Path(__file__).parent / "sources"

Format = Literal["csv", "jsonl", "json", "xlsx", "parquet"]
ColumnType = Literal["text", "integer", "decimal", "money", "date", "timestamp"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Declaration):
    """A column as delivered. `type` only decides which rows are rejected: raw always keeps the text.

    `formats` are strptime formats for dates and timestamps; without any, ISO 8601 is meant.
    """

    name: str
    type: ColumnType = "text"
    formats: tuple[str, ...] = ()


def _expand(column: object) -> object:
    return {"name": column} if isinstance(column, str) else column


class Table(_Declaration):
    """One kind of file of a source, and the raw table it fills.

    `files` are glob patterns inside the source's landing folder; `skip` counts lines above the header; `delimiter` is
    only for CSV whose columns are parted by runs of blanks (commas, semicolons and tabs are found by the header);
    `records` is the dotted path to the list of records in a JSON document ("" = the document itself is the list).
    """

    name: Name
    description: str
    files: tuple[str, ...] = Field(min_length=1)
    format: Format
    skip: int = Field(default=0, ge=0)
    delimiter: Literal["whitespace"] | None = None
    records: str = ""
    sheet: str | None = None
    required: tuple[str, ...] = Field(min_length=1)
    columns: tuple[Annotated[Column, BeforeValidator(_expand)], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _required_are_declared(self) -> Table:
        declared = {column.name for column in self.columns}
        for name in self.required:
            if name not in declared:
                raise ValueError(f"required column {name!r} is not among the columns")
        return self

    @property
    def raw_columns(self) -> dict[str, Column]:
        """The raw table's declared columns in order: name → declaration."""
        headers = [column.name for column in self.columns]
        names = [key_column_name(key) for key in headers] if self.is_json else column_names(headers)
        return dict(zip(names, self.columns, strict=True))

    @property
    def is_json(self) -> bool:
        return self.format in ("json", "jsonl")


class Source(_Declaration):
    """One system that delivers files into `landing/<name>/`, and how often something new is expected."""

    name: Name
    title: str
    description: str
    owner: str
    expected_every_hours: float = Field(gt=0)
    tables: tuple[Table, ...] = Field(min_length=1)

    def raw_table(self, table: Table) -> str:
        """Name of the table in schema `raw`."""
        return f"{self.name}_{table.name}"


def read_sources(directory: Path = SOURCES_DIR) -> list[Source]:
    """Every declared source, by name. Raises DeclarationError for the first file that is not understood."""
    return [read_source(path) for path in sorted(directory.glob("*.yml"))]


def read_source(path: Path) -> Source:
    """The source declared in one file. Raises DeclarationError naming the file, the place and the nearest key."""
    try:
        source = Source.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise DeclarationError(
            f"{path.name} is not valid YAML: {error}. Correct it and run again."
        ) from error
    except ValidationError as error:
        raise DeclarationError(_explain(path, error)) from error
    if source.name != path.stem:
        raise DeclarationError(
            f"{path.name} declares a source named {source.name!r}. Name the file {source.name}.yml, or change `name`."
        )
    return source


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"{path.name} does not describe a source:"]
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"]) or "top level"
        if item["type"] == "extra_forbidden":
            lines.append(f"  {place}: unknown key{_suggestion(str(item['loc'][-1]))}")
        else:
            lines.append(f"  {place}: {item['msg']} (found {item['input']!r:.80})")
    return "\n".join([*lines, "Correct the file and run again; the other files in the folder show the form."])


def _suggestion(key: str) -> str:
    close = nearest(key, _known_keys())
    return (
        f", did you mean `{close}`?" if close else f"; known keys are {', '.join(sorted(set(_known_keys())))}"
    )


def _known_keys() -> Iterator[str]:
    for model in (Source, Table, Column):
        yield from model.model_fields
