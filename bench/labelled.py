"""`python -m bench.labelled [FOLDER…]`: labelled sets resolved by us, by exact matching and by Splink's documented model.

Every folder holds `records.csv` or `records.parquet` with the truth in one of its columns; without folders, those
beside the project are taken. Nothing is tuned per set: columns are known by their usual names. The ways are in `labelled_ways.py`.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from pathlib import Path

from bench.labelled_ways import WAYS
from bench.processes import PYTHON, RESULTS, Cost, measure
from warehouse.settings import PROJECT_DIR

SETS = PROJECT_DIR.parent / "shared" / "data" / "identity"
TITLES = {"ours": "ours, shipped settings", "exact": "exact matching", "splink": "Splink as documented"}
FIGURES = ("precision", "recall", "f1", "b_cubed_f1", "exact_cluster_rate", "largest_cluster")
HEADER = ["set", "way", "precision", "recall", "F1", "B³ F1", "exact", "largest", "CPU s", "MiB"]


def main(folders: list[Path]) -> None:
    """Run every way on every set, each in its own process, then print the table and keep it in bench/results/."""
    costs = {(folder, way): cost for folder in folders for way, cost in _run(folder).items()}
    # measured after all are run: what this process holds in memory would count for the ones that it starts
    rows = [[folder.name, TITLES[way], *_figures(folder, way, cost)] for (folder, way), cost in costs.items()]
    table = _drawn([HEADER, *rows])
    print(table)
    (RESULTS / "labelled.txt").write_text(table + "\n")


def _run(folder: Path) -> dict[str, Cost]:
    work = _work(folder)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    costs = {}
    for way in ("prepare", *WAYS):
        command = [PYTHON, "-m", "bench.labelled_ways", way, str(_records(folder)), str(work)]
        costs[way] = measure(command, {}, work / "output.log")
        print(f"{folder.name}: {way} took {costs[way].cpu_seconds:.1f} CPU-s", flush=True)
    del costs["prepare"]
    return costs


def _figures(folder: Path, way: str, cost: Cost) -> list[str]:
    from identity.evaluation import measure as measure_clusters

    work = _work(folder)
    found = measure_clusters(_read(work / f"{way}.csv"), _read(work / "truth.csv"))
    shares = [f"{found[name]:.4f}" for name in FIGURES[:-1]]
    return [*shares, f"{found['largest_cluster']:.0f}", f"{cost.cpu_seconds:.1f}", f"{cost.peak_mib:.0f}"]


def _drawn(rows: list[list[str]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADER))]
    return "\n".join(
        "  ".join(text.ljust(width) if place < 2 else text.rjust(width) for place, (text, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    )  # fmt: skip


def _read(path: Path) -> dict[str, str]:
    with path.open(newline="") as file:
        return dict(csv.reader(file))


def _records(folder: Path) -> Path:
    found = [folder / name for name in ("records.csv", "records.parquet") if (folder / name).exists()]
    if not found:
        raise SystemExit(f"{folder} holds neither records.csv nor records.parquet.")
    return found[0].resolve()


def _work(folder: Path) -> Path:
    return RESULTS / "labelled" / folder.name


def _folders(given: list[Path]) -> list[Path]:
    folders = given or sorted(path for path in SETS.glob("*") if path.is_dir())
    if not folders:
        raise SystemExit(
            f"No labelled sets in {SETS}. Name folders that hold records.csv with a column truth_id."
        )
    return folders


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    main(_folders(parser.parse_args().folders))
