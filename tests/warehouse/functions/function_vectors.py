"""The known values that the tests of the standardising functions share: `vectors/*.csv`, written for these tests."""

from __future__ import annotations

import csv
from pathlib import Path

VECTORS = Path(__file__).parent / "vectors"


def vectors(name: str) -> list[dict[str, str | None]]:
    """The rows of one file, empty cells as null; the first column, the text, stays as it is."""
    with (VECTORS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [
            {column: value if column == "text" else value or None for column, value in row.items()}
            for row in csv.DictReader(file)
        ]
