"""A copy of the project to which sources are added as CONTRIBUTING says, and run with nothing else delivered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

PROJECT = Path(__file__).parents[2]
DATA = PROJECT.parent / "shared" / "data"


@dataclass(frozen=True)
class Copy:
    """The project in a folder of its own, with a data folder beside it."""

    folder: Path

    @property
    def data_dir(self) -> Path:
        return self.folder.parent / "data"

    def add(self, kept: Path, place: str) -> None:
        """Step with a new file."""
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(kept, target)

    def edit(self, place: str, old: str, new: str) -> None:
        """Step with a few new lines; `old` stands there exactly once."""
        path = self.folder / place
        text = path.read_text()
        assert text.count(old) == 1, f"{place}: {text.count(old)} × {old!r}"
        path.write_text(text.replace(old, new))

    def deliver(self, file: Path, source: str) -> None:
        folder = self.data_dir / "landing" / source
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder)

    def run(self, as_of: str) -> str:
        """`cdp run` with the copy's own packages; returns what it printed."""
        finished = subprocess.run(
            [sys.executable, "-m", "cli.main", "run"],
            cwd=self.folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("CDP_")},
                "CDP_DATA_DIR": str(self.data_dir),
                "CDP_AS_OF": as_of,
                "DBT_TARGET_PATH": str(self.folder / "target"),
                "PYTHONPATH": str(self.folder),
            },
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert finished.returncode in (0, 2), finished.stdout + finished.stderr
        return finished.stdout

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.data_dir / "published" / "warehouse.duckdb", read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """The files that git knows, as they are now."""
    return copy_project(tmp_path / "project")


def copy_project(folder: Path) -> Copy:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    return Copy(folder)


@pytest.fixture
def data() -> Callable[[str], Path]:
    """A folder of the shared data, or a skip where it is absent."""

    def find(name: str) -> Path:
        folder = DATA / name
        if not folder.is_dir():
            pytest.skip(f"needs the data set {name} beside the repository ({folder})")
        return folder

    return find
