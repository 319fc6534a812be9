"""The command line in a copy of the project with a data folder of its own: what it writes stays there."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[2]
# all that the commands read; the demo, the destinations and the tests stay away
NEEDED = ("cli", "ingestion", "warehouse", "dbt_project", "dbt_project.yml", "profiles.yml")


@dataclass(frozen=True)
class Desk:
    """A person's terminal: `cdp` answers with exit status and all that was printed."""

    project: Path
    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)

    def cdp(self, *arguments: str, status: int = 0) -> str:
        """What `cdp …` printed; it must end with `status` and never with a traceback."""
        finished = self.python("-m", "cli.main", *arguments)
        printed = finished.stdout + finished.stderr
        assert "Traceback" not in printed, printed
        assert finished.returncode == status, printed
        return printed

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.project,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("CDP_")},
                "CDP_DATA_DIR": str(self.data_dir),
                "DBT_TARGET_PATH": str(self.project / "target"),
                "DBT_LOG_PATH": str(self.project / "logs"),
                "PYTHONPATH": str(self.project),
                **self.settings,
            },
            capture_output=True,
            text=True,
            timeout=600,
        )

    def deliver(self, name: str, content: str) -> Path:
        path = self.data_dir / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def contents(self) -> dict[str, str]:
        """Every file of project and data, but for what Python and tools keep for themselves."""
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in (self.project, self.data_dir)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }


@pytest.fixture(scope="session")
def project_copy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in NEEDED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / name, folder / name)
    return folder


@pytest.fixture
def desk(project_copy: Path, tmp_path: Path) -> Desk:
    shutil.copytree(project_copy, tmp_path / "project")
    (tmp_path / "data").mkdir()
    return Desk(tmp_path / "project", tmp_path / "data")


@pytest.fixture(scope="session")
def odd_files() -> ModuleType:
    """The odd spreadsheet that profiling is tested with as well."""
    path = PROJECT / "tests" / "ingestion" / "scaffolding" / "odd_files.py"
    spec = importlib.util.spec_from_file_location("odd_files", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
