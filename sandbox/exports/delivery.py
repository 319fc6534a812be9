"""Writing one delivered file: the column list of a vendor's export, sorted rows, the engine's own writers.

How a file gets to disk belongs here; which columns a vendor has belongs in the vendor's module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from sandbox.shop import Progress, ShopPlan, silent

Column = tuple[str, str]  # (header as the vendor writes it, SQL expression)


def select(columns: Sequence[Column], rest: str) -> str:
    """`select <expression> as "<header>", … <rest>`: the file's columns in the vendor's order."""
    listed = ",\n".join(f'{expression} as "{header}"' for header, expression in columns)
    return f"select {listed}\n{rest}"


def empty(*headers: str) -> list[Column]:
    """Columns this shop never fills."""
    return [(header, "null::varchar") for header in headers]


@dataclass
class Delivery:
    """A run of file writing: remembers what was written and tells the watcher."""

    connection: duckdb.DuckDBPyConnection
    plan: ShopPlan
    progress: Progress = silent
    files: list[str] = field(default_factory=list)

    def csv(self, name: str, sql: str, preamble: Sequence[str] = ()) -> None:
        """Write a query that ends in a total `order by` as CSV with a header, after optional preamble lines."""
        path = self.path(name)
        self.connection.execute(f"copy ({sql}) to '{_quoted(path)}' (format csv, header true)")
        if preamble:
            path.write_bytes("".join(f"{line}\n" for line in preamble).encode() + path.read_bytes())

    def lines(self, name: str, sql: str) -> None:
        """Write a query of one text column, row by row, nothing quoted: JSON lines."""
        self.connection.execute(
            f"copy ({sql}) to '{_quoted(self.path(name))}' (format csv, header false, quote '', escape '')"
        )

    def path(self, name: str) -> Path:
        """Where a file of the landing folder goes; counts it as delivered."""
        path = self.plan.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.files.append(name)
        self.progress("writing exports", len(self.files), None, name)
        return path

    @property
    def day(self) -> str:
        """The date in the names of files exported at the end of the history."""
        return f"{self.plan.end:%Y-%m-%d}"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
