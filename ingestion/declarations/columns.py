"""A column as delivered, and the types that say what its text should be.

Raw tables keep the text whatever the type; what a value becomes is decided in staging.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# a row with a value that is not of such a type is rejected
StrictType = Literal["integer", "decimal", "money", "date", "timestamp"]
# what such a value should be is settled in staging: there an invalid one stays beside the null, with its reason
LenientType = Literal[
    "text",
    "boolean",
    "email",
    "phone",
    "name",
    "address",
    "postcode",
    "country",
    "currency",
    "category",
    "json",
]
ColumnType = StrictType | LenientType
STRICT_TYPES: frozenset[str] = frozenset(["integer", "decimal", "money", "date", "timestamp"])

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
# names of environment variables: secrets stand there and nowhere else
EnvironmentName = Annotated[str, Field(pattern=r"^CDP_[A-Z0-9_]+$")]


class Declaration(BaseModel):
    """Every part of a source file: unknown keys are errors, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Declaration):
    """A column as delivered.

    `formats` are strptime formats for dates and timestamps, the first that fits is taken; without any, ISO 8601 is
    meant. `values` are the ones a category may have. `country` names the column that tells the country of a phone,
    postcode or address in this row; without it the source's region counts.
    """

    name: str
    type: ColumnType = "text"
    description: str = ""
    formats: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    country: str | None = None


def expand(column: object) -> object:
    """`Email` stands for `{name: Email}`."""
    return {"name": column} if isinstance(column, str) else column


DeclaredColumn = Annotated[Column, BeforeValidator(expand, json_schema_input_type=Column | str)]
