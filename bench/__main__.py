"""`make bench`: a pretend shop of some size through the whole run, stage by stage, then a night with 1 % of it new,
beside the same SQL run bare; then the loading of large files beside other ways to do it.

Figures are printed and kept in bench/results/; read ratios, not absolute times, on a shared machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from bench import loading
from bench.nights import deliver_night
from bench.processes import PYTHON, RESULTS, Cost, measure
from warehouse.settings import PROJECT_DIR

CDP = [PYTHON, "-m", "cli.main"]
LARGE = (
    300_000  # customers from which dbt as a command and other ways to load are left out: they say nothing new
)
PEAK_LIMIT_MIB = 8192  # what a run may hold of the machine at 1 M customers and 20 M events
NIGHT_SHARE = 0.01
DBT_FOLDERS = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
DBT_PHASES = ("before_identity", "after_identity", "after_release")
SLOWEST = """
    select split_part(unique_id, '.', 3), seconds from state.dbt_results
    where unique_id like 'model.%' order by seconds desc limit 10
"""


@dataclass
class Bench:
    """One shop's folder (made files in `made/`, the installation in `data/`), and the figures so far."""

    customers: int
    memory_limit: str
    rows: list[tuple[str, Cost]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return RESULTS / f"shop_{self.customers}"

    @property
    def log(self) -> Path:
        return self.folder / "output.log"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CDP_DATA_DIR": str(self.folder / "data"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "CDP_MEMORY_LIMIT": self.memory_limit,
        }

    def measure(self, name: str, command: list[str], **environment: str) -> Cost:
        return self.note(name, measure(command, {**self.environment, **environment}, self.log))

    def note(self, name: str, cost: Cost) -> Cost:
        self.rows.append((name, cost))
        print(
            f"{name:<28} {cost.cpu_seconds:7.1f} CPU-s {cost.wall_seconds:7.1f} s wall {cost.peak_mib:7.0f} MiB",
            flush=True,
        )
        return cost


def main(customers: int, memory_limit: str) -> None:
    """Generate, run, run again, deliver a night and run, and compare; about ten minutes at 100,000 customers."""
    bench = Bench(customers, memory_limit)
    _prepare(bench)
    _run(bench, "whole run")
    bench.measure("run again, nothing new", [*CDP, "run", "--sandbox"])
    night = deliver_night(bench.folder / "data", NIGHT_SHARE)
    _run(bench, "a night, 1 % new", CDP_AS_OF=night.isoformat())
    if customers < LARGE:
        _plain_dbt(bench)
    _bare(bench)
    _compare(bench)
    if customers < LARGE:
        loading.main(rows=20 * customers)  # 2 million at 100,000 customers


def _prepare(bench: Bench) -> None:
    """A fresh installation; the shop's files are made once and then used again (the same size gives the same bytes)."""
    made = bench.folder / "made"
    for name in ("data", "target", "plain", "bare"):
        shutil.rmtree(bench.folder / name, ignore_errors=True)
    bench.folder.mkdir(parents=True, exist_ok=True)
    if not (made / "sandbox" / "truth" / "shop.json").exists():
        command = [*CDP, "sandbox", "make", "--customers", str(bench.customers)]
        bench.measure("make the shop", command, CDP_DATA_DIR=str(made))
    shutil.copytree(made / "sandbox", bench.folder / "data" / "sandbox")
    shutil.copytree(made / "landing", bench.folder / "data" / "landing", copy_function=os.link)


def _run(bench: Bench, name: str, **environment: str) -> None:
    run = measure([*CDP, "run", "--sandbox"], {**bench.environment, **environment}, bench.log)
    stages, slowest = _stages(bench, run)
    for stage, cost in stages:
        bench.note(stage, cost)
    # each stage makes the system forget the peak before it, so the peak of the run is the largest of its stages
    bench.note(name, replace(run, peak_mib=max([run.peak_mib, *(cost.peak_mib for _, cost in stages)])))
    print("  slowest models, s wall: " + ", ".join(f"{model} {seconds:.1f}" for model, seconds in slowest))


def _stages(bench: Bench, run: Cost) -> tuple[list[tuple[str, Cost]], list[tuple[str, float]]]:
    with duckdb.connect(bench.folder / "data" / "warehouse.duckdb", read_only=True) as connection:
        stages = connection.execute(
            "select stage, cpu_seconds, wall_seconds, peak_mib from state.stage_costs"
            " where run_id = (select run_id from state.run_context) order by rowid"
        ).fetchall()
        slowest = connection.execute(SLOWEST).fetchall()
    rows = [(f"  {stage}", Cost(cpu, wall, peak)) for stage, cpu, wall, peak in stages]
    rest_cpu = run.cpu_seconds - sum(cost.cpu_seconds for _, cost in rows)
    rest_wall = run.wall_seconds - sum(cost.wall_seconds for _, cost in rows)
    return [*rows, ("  start-up, events, summary", Cost(rest_cpu, rest_wall, 0))], slowest


def _plain_dbt(bench: Bench) -> None:
    copy = bench.folder / "plain"
    copy.mkdir()
    shutil.copy(bench.folder / "data" / "warehouse.duckdb", copy / "warehouse.duckdb")
    command = [PYTHON, "-m", "dbt.cli.main", "build", "--exclude-resource-type", "unit_test", "--quiet"]
    bench.measure("dbt build as a command", [*command, *DBT_FOLDERS], CDP_DATA_DIR=str(copy))


def _bare(bench: Bench) -> None:
    copy = bench.folder / "bare" / "warehouse.duckdb"
    copy.parent.mkdir()
    shutil.copy(bench.folder / "data" / "warehouse.duckdb", copy)
    # a run keeps its manifest and its SQL in memory, so dbt writes them here, before anything is measured
    compiling = [PYTHON, "-m", "dbt.cli.main", "compile", "--quiet", *DBT_FOLDERS]
    measure(compiling, {**bench.environment, "CDP_DATA_DIR": str(copy.parent)}, bench.log)
    bench.measure(
        "the same SQL, bare", [PYTHON, "-m", "bench.bare_sql", str(copy), str(bench.folder / "target")]
    )


def _compare(bench: Bench) -> None:
    """The night's build against the same SQL bare (both on the warehouse of that night), and the peak against its limit."""
    cpu = {name.strip(): cost.cpu_seconds for name, cost in bench.rows}  # of two runs, the later stage counts
    bare, built = cpu["the same SQL, bare"], sum(cpu.get(phase, 0.0) for phase in DBT_PHASES)
    around = cpu["start-up, events, summary"]
    told = [
        f"CPU-s that dbt and Dagster add to the same SQL run bare: {built - bare:.1f} while building and testing "
        f"({built / bare:.2f} × bare), {built + around - bare:.1f} with start-up and every event "
        f"({(built + around) / bare:.2f} × bare).",
        _peak(bench),
    ]
    print("\n".join(told))
    lines = [
        f"{name}\t{cost.cpu_seconds:.1f}\t{cost.wall_seconds:.1f}\t{cost.peak_mib:.0f}"
        for name, cost in bench.rows
    ]
    header = "stage\tCPU s\twall s\tpeak MiB"
    (RESULTS / f"shop_{bench.customers}.tsv").write_text("\n".join([header, *lines, *told]) + "\n")


def _peak(bench: Bench) -> str:
    peak, name = max((cost.peak_mib, name.strip()) for name, cost in bench.rows if name != "make the shop")
    verdict = "within" if peak <= PEAK_LIMIT_MIB else "BEYOND"
    return (
        f"Largest resident size: {peak:.0f} MiB ({name}), {verdict} the {PEAK_LIMIT_MIB} MiB a run may take; "
        f"the engine's memory limit was {bench.memory_limit}."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("customers", type=int, nargs="?", default=100_000)
    parser.add_argument("--memory-limit", default="4GB", help="what the engine may hold (%(default)s)")
    arguments = parser.parse_args()
    main(arguments.customers, arguments.memory_limit)
