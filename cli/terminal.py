"""How the command line looks: progress bars, tables, numbers and colours.

What is shown is decided by each command.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from warehouse.progress import Progress

# in a pipe or a log file nothing may be cut off at 80 columns
console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)

STAGES = {
    "start": "Reading the project",
    "pull": "Fetching what is new",
    "load": "Loading files",
    "profile": "Looking at columns",
    "dbt": "Building tables",
    "identity": "Finding who is who",
    "sync": "Syncing to tools",
    "publish": "Publishing",
    "generate": "Making a pretend shop",
}


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Live bars on a terminal, one per stage; one line per finished stage where output is not a terminal."""
    if not console.is_terminal:
        yield _finished_lines()
        return
    columns = [
        SpinnerColumn(),
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    ]
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int | None, note: str = "") -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(STAGES.get(stage, stage), total=total, note=note)
            bars.update(tasks[stage], completed=done, total=total, note=note[:40])

        yield show


def _finished_lines() -> Progress:
    told: set[tuple[str, int]] = set()

    def show(stage: str, done: int, total: int | None, note: str = "") -> None:  # noqa: ARG001
        if total and done >= total and (stage, total) not in told:
            told.add((stage, total))
            console.print(f"[dim]{STAGES.get(stage, stage)}: {done:,} of {total:,}[/dim]")

    return show


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> Table:
    """A plain table; columns whose values are all numbers stand to the right."""
    rows = [list(row) for row in rows]
    drawn = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for index, header in enumerate(headers):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        drawn.add_column(header, justify="right" if numeric else "left", header_style="dim")
    for row in rows:
        drawn.add_row(
            *[number(value) if isinstance(value, int | float) else str(value or "") for value in row]
        )
    return drawn


def number(value: float) -> str:
    """1234 → 1,234; 0.98765 → 0.988."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")


def counted(count: int, noun: str) -> str:
    """1 row, 1,234 rows."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def heading(text: str) -> None:
    console.print(f"\n[bold]{text}[/bold]")
