"""From a finished load package of dlt to files in landing, whole or not at all.

The names depend on the package alone, so that a package that is moved twice, after a crash, lands as one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dlt
import pyarrow.parquet as pq
from dlt.common.schema import TTableSchema
from dlt.destinations.impl.destination.factory import destination

from ingestion.connectors.apis import to_line
from ingestion.declarations import Source, Table
from ingestion.pulled import PulledFile
from warehouse.durable_files import put_in_place


def landing_destination(
    landing_dir: Path, source: Source, table: Table, arrived: Callable[[PulledFile], None]
) -> destination:
    """A dlt destination that writes each job file to `landing/<source>/<table>/` and tells what arrived."""

    def move(job: str | list[object], _schema: TTableSchema) -> None:
        folder = landing_dir / source.name / table.name
        folder.mkdir(parents=True, exist_ok=True)
        path, rows = _write(Path(str(job)), folder, table)
        file = path.relative_to(landing_dir).as_posix()
        arrived(PulledFile(source.name, table.name, file, rows, path.stat().st_size))

    return dlt.destination(batch_size=0, loader_file_format="parquet", name="landing")(move)()


def _write(job: Path, folder: Path, table: Table) -> tuple[Path, int]:
    file = pq.ParquetFile(job)
    target = folder / f"{_name(job, file)}.{table.format}"
    unfinished = folder / f".{target.name}.part"
    with unfinished.open("wb") as out:
        if "record" in file.schema_arrow.names and table.format == "jsonl":
            for batch in file.iter_batches(columns=["record"]):
                out.writelines(f"{line}\n".encode() for line in batch.column(0).to_pylist())
        elif table.format == "jsonl":
            for batch in file.iter_batches():
                out.writelines(f"{to_line(row)}\n".encode() for row in batch.to_pylist())
        else:
            with job.open("rb") as source:
                shutil.copyfileobj(source, out)
        out.flush()
        os.fsync(out.fileno())
    # the new name must outlive a power failure, as the pull's own state will
    put_in_place(unfinished, target)
    return target, int(file.metadata.num_rows)


def _name(job: Path, file: pq.ParquetFile) -> str:
    """`20261122T101530Z_123456_000000000`: when the package was begun (UTC), and the place of the file's first row."""
    begun = datetime.fromtimestamp(float(job.parent.parent.name), UTC)
    if "ordinal" in file.schema_arrow.names:
        batch = next(file.iter_batches(batch_size=1, columns=["ordinal"]))
        place = f"{batch.column(0)[0].as_py():09d}"
    else:
        # dlt's own name of the file inside the package, spelled without digits: they could be read as a date
        place = job.name.split(".")[1].translate(str.maketrans("0123456789", "ghijklmnop"))
    return f"{begun:%Y%m%dT%H%M%SZ_%f}_{place}"
