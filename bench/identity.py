"""`python -m bench.identity`: who is who at some sizes, in full and for one night's changes, beside bare Splink.

Each part runs as a process of its own, so that its peak memory is its own; read ratios, not seconds, on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb

from bench import pretend_records
from bench.processes import Cost, measure
from identity import blocking, cache, changes, records, scoring, train
from identity.resolver import SCREEN_WEIGHT, resolve
from identity.workspace import workspace
from warehouse.connections import open_warehouse
from warehouse.settings import PROJECT_DIR, Settings

RESULTS = PROJECT_DIR / "bench" / "results"
NIGHT = datetime(2026, 11, 1)
TABLE = "intermediate.int_identity__records"
# one record in a hundred: a third arrive, a third change their phone, a third are deleted
BEFORE = "hash(record_id) % 300 <> 0"
AFTER = "hash(record_id) % 300 <> 2"
COMPARING = ("weigh pairs", "weigh neighbourhoods", "cluster")
PARTS = {
    "records": "make the pretend shop's records",
    "train": "first run: learn and resolve",
    "full": "full run, model frozen",
    "delta": "one night, 1 % changed",
    "nothing": "one night, nothing changed",
    "splink": "bare Splink: predict and connected components",
}


def main(sizes: list[int]) -> None:
    """Measure every part at every size, print as it goes, and keep the table in bench/results/."""
    lines = ["records\tpart\tCPU s\tof it resolving\tof it pairs and clusters\tpeak MiB\tnote"]
    for size in sizes:
        folder = RESULTS / f"identity_{size}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        resolving: dict[str, float] = {}
        comparing: dict[str, float] = {}
        for part, title in PARTS.items():
            command = [
                sys.executable,
                "-m",
                "bench.identity",
                str(folder),
                "--part",
                part,
                "--records",
                str(size),
            ]
            cost = measure(command, {}, folder / "log")
            told = json.loads((folder / "told.json").read_text())
            resolving[part], comparing[part] = float(told["cpu_seconds"]), float(told["comparing"])
            print(_line(title, cost, resolving[part], told["note"]), flush=True)
            numbers = (
                f"{value:.1f}"
                for value in (cost.cpu_seconds, resolving[part], comparing[part], cost.peak_mib)
            )
            lines.append("\t".join([str(size), title, *numbers, told["note"]]))
        lines.append(_compare(resolving, comparing))
        print(lines[-1], flush=True)
    (RESULTS / "identity.tsv").write_text("\n".join(lines) + "\n")


def _line(title: str, cost: Cost, resolving: float, note: str) -> str:
    return f"{title:<46} {cost.cpu_seconds:8.1f} CPU-s, {resolving:8.1f} resolving {cost.peak_mib:7.0f} MiB  {note}"


def _compare(resolving: dict[str, float], comparing: dict[str, float]) -> str:
    full = resolving["full"]
    return (
        f"weighing and clustering ÷ bare Splink's predict and components: {comparing['full'] / comparing['splink']:.2f};"
        f" full run, ids and tables included, ÷ bare Splink: {full / resolving['splink']:.2f};"
        f" a night with 1 % changed ÷ full run: {resolving['delta'] / full:.3f};"
        f" nothing changed ÷ full run: {resolving['nothing'] / full:.3f}"
    )


class Stages:
    """CPU seconds per stage, as the resolver tells its progress."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "", time.process_time()

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:
        del stage, done, total  # the note names the stage
        now = time.process_time()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = note, now


def run_part(part: str, folder: Path, size: int) -> None:
    """One part, in this process; leaves what it took and did in `<folder>/told.json`."""
    comparing = 0.0
    if part == "records":
        started = time.process_time()
        note = f"{pretend_records.write(folder / 'records.parquet', size):,} records"
    else:
        settings = Settings(data_dir=folder / "data", memory_limit="12GB")
        with open_warehouse(settings, with_state=True) as connection:
            _deliver(connection, folder, AFTER if part in {"delta", "nothing"} else BEFORE)
            started = time.process_time()
            note, comparing = _splink(connection) if part == "splink" else _resolve(connection, part)
    told = {"cpu_seconds": time.process_time() - started, "comparing": comparing, "note": note}
    (folder / "told.json").write_text(json.dumps(told))


def _resolve(connection: duckdb.DuckDBPyConnection, part: str) -> tuple[str, float]:
    """What happened, and the CPU seconds of what Splink does as well: weighing pairs and clustering."""
    stages = Stages()
    report = resolve(connection, run_id=part, as_of=NIGHT, full=part == "full", progress=stages)
    assert report.is_full == (part in {"train", "full"})
    comparing = sum(stages.seconds.get(stage, 0.0) for stage in COMPARING)
    return f"{report.pairs:,} pairs weighed, {report.customers:,} customers", comparing


def _deliver(connection: duckdb.DuckDBPyConnection, folder: Path, which: str) -> None:
    phone = (
        "phone"
        if which == BEFORE
        else (
            "case when hash(record_id) % 300 = 1 then '+4477' || (hash(record_id) % 100000000)::varchar else phone end"
        )
    )
    connection.execute("create schema if not exists intermediate")
    connection.execute(
        f"create or replace table {TABLE} as select * exclude (person_id) replace ({phone} as phone)"
        f" from '{folder / 'records.parquet'}' where {which}"
    )


def _splink(connection: duckdb.DuckDBPyConnection) -> tuple[str, float]:
    """The same records, pairs and model through Splink's own prediction and clustering, as its documentation has it."""
    with workspace(connection) as warehouse:
        records.read(connection, warehouse)
        changes.find(connection, warehouse, cache.find(connection, warehouse, run_id=None, expected=None))
        frozen = train.load_model(connection, "state_store")
        assert frozen is not None
        pairs = blocking.find_candidates(connection, "identity_scratch.empty_cache")
        connection.execute("create table training_records as from records")
        connection.execute(
            "create table frequencies as select field, value, frequency from state_store.identity.model_term_frequencies"
            f" where model_version = {frozen.version}"
        )
        records.build_frequency_lookups(connection, frozen.record_count)
        connection.execute(
            "create table blocked as select id_l as join_key_l, id_r as join_key_r, '0' as match_key from candidates"
        )
        started = time.process_time()
        linker, api = scoring.make_linker(connection, frozen.settings)
        linker.table_management.register_blocked_pairs_for_predict(api.register("blocked"))
        frame = linker.inference.predict(threshold_match_weight=SCREEN_WEIGHT, warning_mode="never")
        linker.clustering.cluster_pairwise_predictions_at_threshold(frame, threshold_match_weight=0.0)
        comparing = time.process_time() - started
        return f"{pairs:,} pairs weighed, predict and components alone {comparing:.1f} CPU-s", comparing


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("folder", type=Path, nargs="?", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        run_part(options.part, options.folder, options.records[0])
    else:
        main(options.records)
