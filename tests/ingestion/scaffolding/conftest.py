"""A dbt project of its own (macros, generic tests, list of raw tables) and plausible deliveries for any source."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from ingestion.declarations import Source, Table
from ingestion.declarations.columns import STRICT_TYPES
from ingestion.loader import load
from ingestion.reports import LoadReport
from ingestion.scaffolding.roles import plan_columns
from ingestion.scaffolding.skeletons import SOURCE_LIST, make_skeleton
from warehouse.connections import open_warehouse
from warehouse.settings import Settings

PROJECT = Path(__file__).parents[3]
LOADED_AT = datetime(2026, 10, 31, 12)
# what a staging model needs of the project; nothing downstream of it
NEEDED = (
    "dbt_project.yml", "profiles.yml", ".sqlfluff", "dbt_project/macros", "dbt_project/sqlfluff_library",
    "dbt_project/tests/generic", "dbt_project/models/_groups.yml",
)  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """A project folder, a data folder, and dbt between them."""

    project: Path
    settings: Settings

    def scaffold(self, source: Source) -> None:
        """Write the skeleton of a source into the project."""
        source_list = self.project / SOURCE_LIST
        for path, text in make_skeleton(source, source_list.read_text()).files.items():
            (self.project / path).parent.mkdir(parents=True, exist_ok=True)
            (self.project / path).write_text(text)

    def take_over(self, folder: str) -> None:
        """A folder of this project as it is."""
        shutil.copytree(PROJECT / folder, self.project / folder, dirs_exist_ok=True)

    def deliver(self, source: Source, rows: int = 20, hostile: Sequence[str] = ()) -> None:
        """Files in landing for every table: rows of values that fit their types, then rows with texts that do not."""
        for table in source.tables:
            folder = self.settings.landing_dir / source.name
            path = folder / _file_name(table)
            path.parent.mkdir(parents=True, exist_ok=True)
            good = plausible_rows(source, table, rows + len(hostile))
            free = free_texts(table)
            bad = [row | dict.fromkeys(free, text) for row, text in zip(good[rows:], hostile, strict=True)]
            write_delivery(path, table, [*good[:rows], *bad])

    def load(self, sources: Sequence[Source]) -> LoadReport:
        with open_warehouse(self.settings) as connection:
            return load(connection, self.settings.landing_dir, sources, loaded_at=LOADED_AT)

    def build(self, *select: str) -> subprocess.CompletedProcess[str]:
        """`dbt build` in a process of its own."""
        return self.dbt("build", "--select", *(select or ["path:dbt_project/models/staging"]))

    def lint(self) -> subprocess.CompletedProcess[str]:
        """The house's SQL form."""
        return subprocess.run(
            [sys.executable, "-m", "sqlfluff", "lint", "--nocolor", "dbt_project/models"],
            cwd=self.project,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", *arguments, "--no-use-colors"],
            cwd=self.project,
            env={
                **os.environ,
                "CDP_DATA_DIR": str(self.settings.data_dir),
                "DBT_TARGET_PATH": str(self.project / "target"),
                "DBT_LOG_PATH": str(self.project / "logs"),
                "PYTHONPATH": str(PROJECT),
            },
            capture_output=True,
            text=True,
            timeout=1800,  # all templates are some 400 steps
        )

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.settings.warehouse_path)) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def hostile() -> list[str]:
    """Texts that broke software before; without the corpus, those that we met."""
    corpus = PROJECT.parent / "shared" / "data" / "corpora" / "naughty_strings" / "blns.json"
    own = [
        "undefined",
        "'; drop table x; --",
        '"',
        "\u202e",
        "٠١٢",
        "½",
        "\ufeff",
        "😀",
        "a" * 5000,
        "1/0",
        "{{ 7 * 7 }}",
    ]
    return [*own, *(json.loads(corpus.read_text(encoding="utf-8")) if corpus.exists() else [])]


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return make_ground(tmp_path)


def make_ground(folder: Path) -> Ground:
    project = folder / "project"
    for name in NEEDED:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, project / name)
        else:
            shutil.copy(PROJECT / name, project / name)
    source_list = project / SOURCE_LIST
    source_list.parent.mkdir(parents=True)
    # raw tables of sources that are not part of the test would be missing from the warehouse, which dbt allows
    shutil.copy(PROJECT / SOURCE_LIST, source_list)
    return Ground(project, Settings(data_dir=folder / "data"))


def plausible_rows(source: Source, table: Table, count: int) -> list[dict[str, str | None]]:
    """Rows by raw name → text: the good example of every column's type, under keys that count up."""
    plan = plan_columns(source, table)
    columns, keys = table.raw_columns, table.raw_keys
    rows = []
    for number in range(1, count + 1):
        row = {raw: plan.given.get(raw, (f"some {raw}", None))[0] for raw in columns}
        for raw, column in columns.items():
            if raw in keys and column.type not in ("date", "timestamp"):
                row[raw] = f"person{number}@mail.example.com" if column.type == "email" else str(number)
            if column.type == "json":
                row[raw] = '{"key": "value"}'
        rows.append(row)
    return rows


def free_texts(table: Table) -> list[str]:
    """The columns whose values raw takes as they come, but for its keys."""
    keys = table.raw_keys
    return [
        raw
        for raw, column in table.raw_columns.items()
        if raw not in keys and column.type not in STRICT_TYPES
    ]


def write_delivery(path: Path, table: Table, rows: list[dict[str, str | None]]) -> None:
    """The rows as the declared kind of file, under the declared names."""
    headers = {raw: column.name for raw, column in table.raw_columns.items()}
    objects = [{headers[raw]: value for raw, value in row.items()} for row in rows]
    if table.format == "csv":
        _write_csv(path, table, list(headers.values()), [list(row.values()) for row in rows])
    elif table.format == "xlsx":
        _write_xlsx(path, table, list(headers.values()), [list(row.values()) for row in rows])
    elif table.format == "parquet":
        pq.write_table(pa.Table.from_pylist(objects), path)
    elif table.format == "jsonl":
        path.write_text("".join(json.dumps(item) + "\n" for item in objects))
    else:
        document: object = objects
        for step in reversed([step for step in table.records.split(".") if step]):
            document = {step: document}
        path.write_text(json.dumps(document))


def _write_csv(path: Path, table: Table, header: list[str], rows: list[list[str | None]]) -> None:
    delimiter = table.csv.delimiter if table.csv.delimiter not in (None, "whitespace") else ","
    with path.open("w", newline="") as file:
        file.write("about this report\n" * table.skip)
        writer = csv.writer(file, delimiter=str(delimiter))
        writer.writerow(header)
        writer.writerows(rows)


def _write_xlsx(path: Path, table: Table, header: list[str], rows: list[list[str | None]]) -> None:
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet(next(iter(table.sheets), "Sheet1"))
        for number, row in enumerate([header, *rows]):
            for column, value in enumerate(row):
                sheet.write_string(number + table.skip, column, value or "")


def _file_name(table: Table) -> str:
    pattern = table.patterns[0]
    name = pattern.replace("**/", "2026-01-15/").replace("*", "1")
    return name if Path(name).suffix else f"{name}.{table.format}"
