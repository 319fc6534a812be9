"""One kind of delivery of a source and the raw table it fills: files, format, keys, load mode, columns.

What is in the files, and whether it fits, is found out when they are loaded.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from ingestion.declarations.columns import Column, Declaration, DeclaredColumn, Name
from ingestion.declarations.connections import Endpoint
from ingestion.naming import column_names, key_column_name

Format = Literal["csv", "jsonl", "json", "xlsx", "parquet"]
LoadMode = Literal["append", "upsert", "replace"]


class CsvDialect(Declaration):
    """How a delimited text file is written, where looking at the file does not tell.

    Without `delimiter`, the header decides between comma, semicolon, tab and bar; `whitespace` means runs of blanks.
    A quote within quotes is doubled, unless `escape` says that a backslash precedes what is to be taken as it stands.
    `comment` begins lines that are no rows. `decimal` is the decimal sign of numbers; the other sign parts thousands.
    `encoding` is only needed where the text could be read in two ways.
    """

    delimiter: Literal[",", ";", "\t", "|", "whitespace"] | None = None
    quote: Literal['"', "'", "none"] = '"'
    escape: Literal["\\"] | None = None
    comment: str | None = Field(default=None, min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: str | None = None

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str | None) -> str | None:
        try:
            "".encode(encoding or "utf-8")
        except LookupError as error:
            raise ValueError(
                "is no text encoding; examples are utf-16, windows-1252 and iso-8859-15"
            ) from error
        return encoding


class ControlTotal(Declaration):
    """A figure to compare with the marts, computed from the newest version of every row of this table.

    Exactly one of `count` (distinct values of a column) and `sum`; `plus` and `minus` are columns to add to and take
    from the sum. `where` is a column and the values a row must have in it. `stated` marks a figure that the source itself claims. `currency`
    is the column with the currency of a sum; without it the source's counts, then the shop's.
    """

    measure: Literal["customers", "orders", "revenue", "units", "events", "tickets", "spend"]
    count: str | None = None
    sum: str | None = None
    minus: str | None = None
    plus: str | None = None
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    currency: str | None = None
    stated: bool = False

    @model_validator(mode="after")
    def _one_figure(self) -> ControlTotal:
        if (self.count is None) == (self.sum is None):
            raise ValueError("a control total needs either `count` or `sum`")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it names, as declared."""
        figures = (self.count, self.sum, self.plus, self.minus, self.currency)
        return (*filter(None, figures), *self.where)


class Table(Declaration):
    """One kind of file (or resource, or database table) of a source, and the raw table it fills.

    `files` are glob patterns inside the source's landing folder (`**/` for dated folders; `x*.csv` also means
    `x1.csv.gz` and `x1.csv.zip`, and `x*.zip/y*` looks into a ZIP); `skip` counts lines above
    the header; `records` is the dotted path to the list of records in a JSON document ("" = the document itself);
    `sheets` are names or patterns of Excel sheets, all with the same header (the first sheet when none is given).

    `load` says what a delivery is: `append` adds rows (events), `upsert` adds rows and new versions of rows by `keys`,
    `replace` is the whole table, so that a key which is no longer there was deleted. `cursor` is the column that says
    when a row last changed. A replacing delivery that lacks more than `largest_shrink` of the keys deletes nothing.
    With `lines`, several rows of a delivery share a key (the lines of an order): they count, and are stored again, together.
    `leave_out` names rows that are no records, by a column and its values (`Total` under a sheet): raw keeps them,
    staging leaves them out.
    """

    name: Name
    description: str
    files: tuple[str, ...] = ()
    format: Format = "jsonl"
    skip: int = Field(default=0, ge=0)
    csv: CsvDialect = CsvDialect()
    records: str = ""
    sheets: tuple[str, ...] = ()
    load: LoadMode = "append"
    keys: tuple[str, ...] = ()
    lines: bool = False
    cursor: str | None = None
    largest_shrink: float = Field(default=0.5, ge=0, le=1)
    required: tuple[str, ...] = Field(min_length=1)
    columns: tuple[DeclaredColumn, ...] = Field(min_length=1)
    leave_out: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    control_totals: tuple[ControlTotal, ...] = ()
    endpoint: Endpoint | None = None
    query: str | None = None

    @model_validator(mode="after")
    def _named_columns_are_declared(self) -> Table:
        declared = {column.name for column in self.columns}
        named = {"required": self.required, "keys": self.keys, "cursor": filter(None, [self.cursor])}
        named["leave_out"] = tuple(self.leave_out)
        named["country"] = tuple(column.country for column in self.columns if column.country)
        named["control_totals"] = tuple(name for total in self.control_totals for name in total.columns)
        for key, names in named.items():
            for name in names:
                if name not in declared:
                    raise ValueError(f"`{key}` names the column {name!r}, which is not among the columns")
        return self

    @model_validator(mode="after")
    def _modes_have_keys(self) -> Table:
        if self.load != "append" and not self.keys:
            raise ValueError(f"`load: {self.load}` needs `keys`: the columns that tell one row from another")
        if self.lines and not self.keys:
            raise ValueError("`lines` needs `keys`: the columns that the lines of one thing share")
        return self

    @property
    def patterns(self) -> tuple[str, ...]:
        """Where the table's files are, inside the source's landing folder; what is pulled lies in a folder of its own."""
        return self.files or (f"{self.name}/**/*",)

    @property
    def raw_columns(self) -> dict[str, Column]:
        """The raw table's declared columns in order: name → declaration."""
        names = self.raw_names([column.name for column in self.columns])
        return dict(zip(names, self.columns, strict=True))

    @property
    def raw_keys(self) -> list[str]:
        """The key columns as the raw table names them."""
        return [self.raw_name(key) for key in self.keys]

    def raw_name(self, column: str) -> str:
        """A declared column's name in the raw table."""
        return next(name for name, declared in self.raw_columns.items() if declared.name == column)

    def raw_names(self, headers: list[str]) -> list[str]:
        """Names for the columns of a delivery, in order."""
        return [key_column_name(key) for key in headers] if self.is_json else column_names(headers)

    @property
    def is_json(self) -> bool:
        return self.format in ("json", "jsonl")
