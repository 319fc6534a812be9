"""The ways to load a file that `loading.py` compares, each run as a process of its own: `<way> <file> <folder>`.

Every way writes one table of text columns to a new database file in the folder and must end with all rows in it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb

from bench.events import COLUMNS


def bare(file: Path, folder: Path) -> int:
    """The engine's reader, all columns text, with the compression the engine chooses."""
    with _connect(folder) as connection:
        connection.execute(f"create table events as select * from {_reader(file)}")
        return _count(connection, "events")


def bare_compressed(file: Path, folder: Path) -> int:
    """As `bare`, with the compression of the raw tables."""
    columns = ", ".join(f'"{name}" varchar using compression zstd' for name in COLUMNS)
    with _connect(folder) as connection:
        connection.execute(f"create table events ({columns})")
        connection.execute(f"insert into events select * from {_reader(file)}")
        return _count(connection, "events")


def bare_table(file: Path, folder: Path) -> int:
    """As `bare_compressed`, with the other columns of a raw table: file, row position, load and time of delivery."""
    columns = ", ".join(f'"{name}" varchar using compression zstd' for name in COLUMNS)
    with _connect(folder) as connection:
        connection.execute(
            f"create table events ({columns}, _file varchar, _row bigint, _load_id bigint, _delivered_at timestamp)"
        )
        connection.execute(
            f"insert into events select *, '{file.name}', row_number() over (), 1, timestamp '2026-01-01' "
            f"from {_reader(file)}"
        )
        return _count(connection, "events")


def platform(file: Path, folder: Path) -> int:
    """This platform's loader: count by a second reader, typed column, rejects, ledger, row positions."""
    from ingestion.declarations import Source
    from ingestion.loader import load

    landing = folder / "landing"
    (landing / "web").mkdir(parents=True)
    (landing / "web" / file.name).symlink_to(file)
    table = {
        "name": "events",
        "description": "One row per event.",
        "files": [file.name],
        "format": file.suffix[1:],
        "required": ["messageId"],
        "columns": [{"name": n, "type": "timestamp" if n == "timestamp" else "text"} for n in COLUMNS],
    }
    source = {
        "name": "web",
        "title": "Web",
        "description": "Events.",
        "owner": "bench",
        "expected_every_hours": 24,
    }
    with _connect(folder) as connection:
        report = load(
            connection,
            landing,
            [Source.model_validate(source | {"tables": [table]})],
            loaded_at=datetime(2026, 1, 1),
        )
        assert not report.rows_rejected and not report.refused, report
        return _count(connection, "raw.web_events")


def pandas(file: Path, folder: Path) -> int:
    """Read into a data frame, then written by the engine."""
    import pandas as pd

    frame = (
        pd.read_csv(file, dtype=str) if file.suffix == ".csv" else pd.read_json(file, lines=True, dtype=False)
    )
    with _connect(folder) as connection:
        connection.register("frame", frame)
        connection.execute("create table events as select * from frame")
        return _count(connection, "events")


def dlt(file: Path, folder: Path) -> int:
    """dlt's file source with its defaults, to the same engine."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt as data_load_tool
    from dlt.sources.filesystem import filesystem, read_csv, read_jsonl

    pipeline = data_load_tool.pipeline(
        "loading",
        pipelines_dir=str(folder / "pipelines"),
        dataset_name="events",
        destination=data_load_tool.destinations.duckdb(str(folder / "warehouse.duckdb")),
    )
    read = read_csv() if file.suffix == ".csv" else read_jsonl()
    files = filesystem(bucket_url=file.parent.as_uri(), file_glob=file.name)
    pipeline.run((files | read).with_name("events"))
    with _connect(folder) as connection:
        return _count(connection, "events.events")


WAYS: dict[str, Callable[[Path, Path], int]] = {
    way.__name__: way for way in (bare, bare_compressed, bare_table, platform, pandas, dlt)
}


def _reader(file: Path) -> str:
    if file.suffix == ".csv":
        return f"read_csv('{file}', all_varchar = true)"
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    return f"read_json('{file}', format = 'newline_delimited', columns = {{{columns}}})"


def _connect(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(folder / "warehouse.duckdb")
    connection.execute("set threads = 2; set memory_limit = '4GB'; set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    return connection


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


if __name__ == "__main__":
    print(WAYS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3])))
