"""Pull, load and look: what the tests of the connectors do over and over. Nothing is asserted here."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from connector_vendors import Vendor

from ingestion.connectors import Patience
from ingestion.declarations import Source, Table
from ingestion.loader import load
from ingestion.naming import quoted
from ingestion.pulled import PullReport, SourceResult
from ingestion.pulling import pull

NOW = datetime(2027, 1, 1)


class Ground:
    """One landing folder, one folder for cursors, one warehouse in memory."""

    def __init__(self, folder: Path) -> None:
        self.landing, self.work = folder / "landing", folder / "pulls"
        self.waits: list[float] = []
        self.connection = duckdb.connect(config={"threads": 1})

    def __enter__(self) -> Ground:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @property
    def patience(self) -> Patience:
        return Patience(sleep=self.waits.append, timeout=5)

    def pull(self, source: Source, environ: Mapping[str, str]) -> SourceResult:
        (result,) = self.pull_all([source], environ).results
        return result

    def pull_all(self, sources: Sequence[Source], environ: Mapping[str, str]) -> PullReport:
        return pull(sources, self.landing, self.work, environ=environ, now=NOW, patience=self.patience)

    def pull_from(self, vendor: Vendor) -> SourceResult:
        return self.pull(vendor.source(), vendor.environ)

    def load(self, source: Source) -> list[str]:
        """Load what lies in landing; returns what went wrong."""
        report = load(self.connection, self.landing, [source], loaded_at=NOW)
        rejected = self.connection.execute("select reason, original_text from raw.rejected_rows").fetchall()
        return [result.message for result in report.refused] + [str(reject) for reject in rejected]

    def newest(self, source: Source, table: Table) -> list[dict[str, str | None]]:
        """The newest version of every key: by file, which is named by time, then by row."""
        keys = ", ".join(map(quoted, table.raw_keys))
        found = self.connection.execute(
            f"select * from raw.{quoted(source.raw_table(table))} "
            f"qualify row_number() over (partition by {keys} order by _file desc, _row desc) = 1 order by {keys}"
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def differences(self, vendor: Vendor) -> list[str]:
        """Where the newest versions in the warehouse are not exactly the vendor's records."""
        source = vendor.source()
        (table,) = source.tables
        have = {self._key(table, row): row for row in self.newest(source, table)}
        want = {self._key(table, row): row for row in map(self._columns(table, vendor), vendor.rows)}
        found = [f"{key} is missing" for key in want.keys() - have.keys()]
        found += [f"{key} is no record of the vendor" for key in have.keys() - want.keys()]
        for key in want.keys() & have.keys():
            for name, value in want[key].items():
                if not _same(value, have[key].get(name)):
                    found.append(f"{key}: {name} is {have[key].get(name)!r}, not {value!r}")
        return found

    @staticmethod
    def _key(table: Table, row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(row[key]) for key in table.raw_keys)

    @staticmethod
    def _columns(table: Table, vendor: Vendor) -> Any:
        def columns(record: dict[str, Any]) -> dict[str, Any]:
            flat = vendor.flat(record)
            return dict(zip(table.raw_names(list(flat)), flat.values(), strict=True))

        return columns


def _same(value: object, text: str | None) -> bool:
    if value is None or isinstance(value, str):
        return value == text
    return text is not None and json.loads(text) == value


# what changes files, as Python tells its audit hooks; a pull dies before one of these
_CHANGES = frozenset(
    ["os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "shutil.rmtree"]
)


def pull_and_die(ground: Ground, vendor: Vendor, source: Source, *, at: int | None) -> int:
    """Pull in a process that is killed before its `at`-th change of a file; returns how many it made or began."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def count_changes(event: str, args: tuple[object, ...]) -> None:
            nonlocal count
            written = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
            if written or event in _CHANGES:
                count += 1
                if count == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count_changes)
        ground.pull(source, vendor.environ)
        os.write(writer, str(count).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as told:
        return int(told.read() or at or 0)


def rows_of(result: Any) -> int:
    """Rows of a pull that succeeded."""
    assert (result.status, result.message) == ("pulled", "")
    return sum(file.rows for file in result.files)
