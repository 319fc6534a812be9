"""The plan of one staging model: its columns in order, and which of them play a part that others build upon.

Plain data; what a column becomes is decided in `roles.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingestion.declarations import Source, Table

Shown = tuple[object, object]


@dataclass(frozen=True)
class Staged:
    """One column of a staging model; one without `sql` comes out of a macro that makes several (`Plan.late`).

    `shown` is what its two examples become: a row as it should be, and one with values that cannot be read.
    """

    name: str
    sql: str
    description: str
    pii: str | None = None
    shown: Shown | None = None


@dataclass
class Plan:
    """The staged columns so far. `parts` says which raw column is the email, the phone, the full name, …

    `late` are select lines that read staged columns, so they come a step later; `given` are the examples of raw columns;
    `countries` says which raw column holds the country of a phone or postcode, where one was declared.
    """

    source: Source
    table: Table
    staged: list[Staged] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    given: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    countries: dict[str, str] = field(default_factory=dict)
    reading: str | None = None
    names: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        name: str,
        sql: str,
        description: str,
        pii: str | None = None,
        *,
        shown: Shown | None = None,
    ) -> None:
        """Append a column, under a name that no other has."""
        taken = {column.name for column in self.staged}
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        self.staged.append(Staged(free, sql, description, pii, shown))
        if self.reading is not None:
            self.names.setdefault(self.reading, free)

    def give(self, good: str | None, bad: str | None) -> None:
        """The examples of the raw column that is being read: as it should be, and unreadable."""
        if self.reading is not None:
            self.given[self.reading] = (good, bad)

    def take(self, part: str, raw: str) -> bool:
        """True for the first column that plays `part`."""
        return self.parts.setdefault(part, raw) == raw

    def named(self, raw: str) -> str:
        """The staged name of a raw column."""
        return self.names[raw]

    @property
    def keys(self) -> list[str]:
        """The staged names of the table's keys."""
        return [self.named(raw) for raw in self.table.raw_keys]

    @property
    def model(self) -> str:
        return f"stg_{self.source.name}__{self.table.name}"

    @property
    def raw_table(self) -> str:
        return self.source.raw_table(self.table)

    @property
    def names_people(self) -> bool:
        """True when rows name somebody: then they carry a record_id."""
        return bool({"email", "phone", "full_name", "last_name"} & self.parts.keys())
