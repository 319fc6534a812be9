"""A landing folder, a real database and a small declared source; every test of the room starts from these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from ingestion.declarations import Source, Table
from ingestion.loader import load
from ingestion.reports import LoadReport

LOADED_AT = datetime(2026, 10, 31, 23, 59, 59)


def make_source(name: str = "shop", **table: object) -> Source:
    """A source with one table `people`: CSV with id (integer), name and joined (date) unless told otherwise."""
    settings: dict[str, object] = {
        "name": "people",
        "description": "One row per person.",
        "files": ["people*"],
        "format": "csv",
        "required": ["Id", "Name"],
        "columns": [{"name": "Id", "type": "integer"}, "Name", {"name": "Joined", "type": "date"}],
    }
    return Source.model_validate(
        {
            "name": name,
            "title": name,
            "description": "For tests.",
            "owner": "tests",
            "expected_every_hours": 24,
            "tables": [settings | table],
        }
    )


class Ground:
    """Deliver files, load them, and look at what is there."""

    def __init__(self, landing: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.landing, self.connection = landing, connection
        self.source = make_source()

    @property
    def table(self) -> Table:
        return self.source.tables[0]

    def declare(self, **table: object) -> None:
        self.source = make_source(**table)

    def deliver(self, name: str, content: str | bytes) -> Path:
        path = self.landing / self.source.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, at: datetime = LOADED_AT) -> LoadReport:
        return load(self.connection, self.landing, [self.source], loaded_at=at)

    def rows(
        self, columns: str = "* exclude (_file, _row, _load_id, _delivered_at)"
    ) -> list[tuple[object, ...]]:
        return self.ask(
            f"select {columns} from raw.{self.source.raw_table(self.table)} order by _load_id, _row"
        )

    def rejects(self) -> list[tuple[object, ...]]:
        return self.ask("select line, column_name, reason, original_text from raw.rejected_rows order by all")

    def ledger(self) -> list[tuple[object, ...]]:
        return self.ask(
            "select file, status, rows_in_file, rows_loaded, rows_rejected from raw.loads order by load_id"
        )

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        return self.connection.execute(sql).fetchall()

    def refusal(self) -> str:
        """Load, and expect exactly one refused file and nothing in the table; returns the message."""
        report = self.load()
        assert [result.status for result in report.files] == ["refused"]
        assert self.rows() == []
        assert self.ask("select status, message from raw.loads") == [("refused", report.files[0].message)]
        assert self.ask("select count(*) from raw.rejected_rows") == [(0,)]
        return report.files[0].message


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        yield Ground(tmp_path / "landing", connection)


@pytest.fixture
def memory_ground(tmp_path: Path) -> Iterator[Ground]:
    """As `ground`, without a file: for tests that load many times."""
    with duckdb.connect(config={"threads": 1}) as connection:
        yield Ground(tmp_path / "landing", connection)


@pytest.fixture
def corpora() -> Callable[[str], Path]:
    """A folder of the shared corpora, or a skip where it is absent."""

    def find(name: str) -> Path:
        folder = Path(__file__).parents[3] / "shared" / "data" / "corpora" / name
        if not folder.is_dir():
            pytest.skip(f"needs the corpus {name} beside the repository ({folder})")
        return folder

    return find
