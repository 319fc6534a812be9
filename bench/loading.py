"""`python -m bench.loading [--rows N]`: loading a CSV and a JSONL file, beside the bare engine, pandas and dlt.

Each way is a process of its own on the same pretend events; what a way does is in `loading_ways.py`. The two slow ways
get the first rows only, and all are compared by rows per CPU-second: by the least of three turns, for what else a shared
machine does makes the same work up to twice as dear.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.events import write_events
from bench.processes import PYTHON, RESULTS, Cost, judged, measure

# the goals: the share of the rate of the bare engine's reader writing to a table as the engine does by itself (every
# column text), and the memory; what the engine reaches when told our compression and our columns is printed beside it
SHARE, PEAK_MIB = 0.8, 1536
TURNS = 3  # one way after the other each time, so that a busy minute spoils no comparison
# what a way may be given at most: pandas holds a JSON file 14 times over, dlt loads 3,000 rows a second
LARGEST = {"pandas": 300_000, "dlt": 20_000}
TOLD = {
    "bare": "the engine's reader, bare",
    "bare_compressed": "the same, raw's compression",
    "bare_table": "the same, all of raw's columns",
    "platform": "this platform",
    "pandas": "pandas, then the engine",
    "dlt": "dlt file pipeline",
}


@dataclass(frozen=True)
class Measurement:
    """What one way cost for `rows` rows of one format."""

    form: str
    way: str
    rows: int
    cost: Cost

    @property
    def rate(self) -> float:
        """Rows per CPU-second, start-up of the process included."""
        return self.rows / self.cost.cpu_seconds


def main(rows: int) -> None:
    """Measure every way for both formats, print a line for each as it ends, and then the ratios."""
    folder = RESULTS / "loading"
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Measurement] = []
    for measurement in _measure_all(folder, rows):
        found.append(measurement)
        print(_line(measurement), flush=True)
    told = [_ratios(form, found) for form in ("csv", "jsonl")]
    print("\n".join(told))
    (RESULTS / f"loading_{rows}.tsv").write_text("\n".join([*map(_line, found), *told]) + "\n")
    shutil.rmtree(folder)


def _measure_all(folder: Path, rows: int) -> Iterator[Measurement]:
    in_turn = [way for _ in range(TURNS) for way in TOLD if way not in LARGEST] + [*LARGEST]
    for number, form in enumerate(("csv", "jsonl")):
        costs: dict[str, list[Cost]] = {way: [] for way in TOLD}
        for way in in_turn:
            file = write_events(folder, _given(way, rows))[number]
            _warm(file)
            costs[way].append(_run(folder, way, file))
        for way, tried in costs.items():
            yield Measurement(form, way, _given(way, rows), _least(tried))


def _given(way: str, rows: int) -> int:
    return min(rows, LARGEST.get(way, rows))


def _least(tried: list[Cost]) -> Cost:
    """The least time, and the most memory, of several turns."""
    return Cost(
        min(cost.cpu_seconds for cost in tried),
        min(cost.wall_seconds for cost in tried),
        max(cost.peak_mib for cost in tried),
    )


def _warm(file: Path) -> None:
    """Into the disk cache, so that no way pays for a cold disk; in pieces, for a child starts with its parent's size."""
    with file.open("rb", buffering=0) as content:
        while content.read(1 << 20):
            pass


def _run(folder: Path, way: str, file: Path) -> Cost:
    place = folder / way
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    command = [PYTHON, "-m", "bench.loading_ways", way, str(file), str(place)]
    try:
        return measure(command, {}, RESULTS / "loading.log")
    finally:
        shutil.rmtree(place)


def _line(found: Measurement) -> str:
    cost = found.cost
    return (
        f"{found.form:<6} {TOLD[found.way]:<28} {found.rows:>9,} rows {cost.cpu_seconds:7.1f} CPU-s "
        f"{cost.wall_seconds:7.1f} s wall {cost.peak_mib:7.0f} MiB {found.rate / 1000:7.1f} k rows per CPU-s"
    )


def _ratios(form: str, found: list[Measurement]) -> str:
    rates = {each.way: each.rate for each in found if each.form == form}
    (peak,) = (each.cost.peak_mib for each in found if (each.form, each.way) == (form, "platform"))
    ours = rates["platform"]
    share = ours / rates["bare"]
    return (
        f"{form}: this platform loads at {share:.0%} of the bare engine writing a table by its own choices "
        f"(goal {SHARE:.0%}: {judged(share >= SHARE)}), at {ours / rates['bare_compressed']:.0%} of it told the "
        f"compression of raw tables, at {ours / rates['bare_table']:.0%} with all their columns too; "
        f"{ours / rates['pandas']:.1f} × pandas, {ours / rates['dlt']:.0f} × dlt; "
        f"peak {peak:,.0f} MiB (goal below {PEAK_MIB:,}: {judged(peak < PEAK_MIB)})."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    main(parser.parse_args().rows)
