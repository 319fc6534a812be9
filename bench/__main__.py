"""`make bench`: a pretend shop of some size through the whole run, stage by stage, beside the same SQL run bare;
then the loading of large files beside other ways to do it.

Figures are printed and kept in bench/results/; read ratios, not absolute times, on a shared machine.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import duckdb

from bench import loading
from bench.processes import PYTHON, RESULTS, Cost, measure
from warehouse.settings import PROJECT_DIR

CDP = [PYTHON, "-m", "cli.main"]


def main(customers: int) -> None:
    """Generate, run, run again, and compare; about seven minutes at 100,000 customers."""
    folder = RESULTS / f"shop_{customers}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = folder / "output.log"
    environment = {"CDP_DATA_DIR": str(folder / "data"), "DBT_TARGET_PATH": str(folder / "target")}
    rows: list[tuple[str, Cost]] = []

    def note(name: str, cost: Cost) -> None:
        rows.append((name, cost))
        print(
            f"{name:<28} {cost.cpu_seconds:7.1f} CPU-s {cost.wall_seconds:7.1f} s wall {cost.peak_mib:7.0f} MiB",
            flush=True,
        )

    note("make the shop", measure([*CDP, "sandbox", "make", "--customers", str(customers)], environment, log))
    run = measure([*CDP, "run", "--sandbox"], environment, log)
    for name, cost in _stages(folder, run):
        note(name, cost)
    note("whole run", run)
    note("run again, nothing new", measure([*CDP, "run", "--sandbox"], environment, log))
    note("dbt build as a command", _plain_dbt(folder, environment, log))
    note("the same SQL, bare", _bare(folder, log))
    _compare(rows, customers)
    loading.main(rows=5 * customers)


def _stages(folder: Path, run: Cost) -> list[tuple[str, Cost]]:
    with duckdb.connect(folder / "data" / "warehouse.duckdb", read_only=True) as connection:
        stages = connection.execute(
            "select stage, cpu_seconds, wall_seconds, peak_mib from state.stage_costs order by rowid"
        ).fetchall()
    rows = [(f"  {stage}", Cost(cpu, wall, peak)) for stage, cpu, wall, peak in stages]
    rest_cpu = run.cpu_seconds - sum(cost.cpu_seconds for _, cost in rows)
    rest_wall = run.wall_seconds - sum(cost.wall_seconds for _, cost in rows)
    return [*rows, ("  start-up, events, summary", Cost(rest_cpu, rest_wall, 0))]


def _plain_dbt(folder: Path, environment: dict[str, str], log: Path) -> Cost:
    copy = folder / "plain"
    copy.mkdir()
    shutil.copy(folder / "data" / "warehouse.duckdb", copy / "warehouse.duckdb")
    command = [PYTHON, "-m", "dbt.cli.main", "build", "--exclude-resource-type", "unit_test", "--quiet"]
    options = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    return measure([*command, *options], {**environment, "CDP_DATA_DIR": str(copy)}, log)


def _bare(folder: Path, log: Path) -> Cost:
    copy = folder / "bare" / "warehouse.duckdb"
    copy.parent.mkdir()
    shutil.copy(folder / "data" / "warehouse.duckdb", copy)
    return measure([PYTHON, "-m", "bench.bare_sql", str(copy), str(folder / "target")], {}, log)


def _compare(rows: list[tuple[str, Cost]], customers: int) -> None:
    cpu = {name.strip(): cost.cpu_seconds for name, cost in rows}
    bare, built = cpu["the same SQL, bare"], cpu["before_identity"] + cpu["after_identity"]
    around = cpu["start-up, events, summary"]
    told = (
        f"CPU-s that dbt and Dagster add to the same SQL run bare: {built - bare:.1f} while building and testing, "
        f"{built + around - bare:.1f} with start-up and every event ({(built + around) / bare:.2f} × bare)."
    )
    print(told)
    lines = [
        f"{name}\t{cost.cpu_seconds:.1f}\t{cost.wall_seconds:.1f}\t{cost.peak_mib:.0f}" for name, cost in rows
    ]
    header = "stage\tCPU s\twall s\tpeak MiB"
    (RESULTS / f"shop_{customers}.tsv").write_text("\n".join([header, *lines, told]) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
