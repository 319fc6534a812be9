"""A small pretend shop, run through the real main job in processes of its own, with pretend destinations beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from sandbox.doubles import serve
from sandbox.generator import sample

CONTENT = (
    "identity.identity_clusters",
    "marts.customers",
    "marts.customer_identifiers",
    "marts.customer_timeline",
    "marts.orders",
    "marts.consents",
    "marts.suppressions",
    "marts.sessions",
    "metrics.metrics_daily",
    "segments.segment_membership",
    "syncs.sync_mailchimp_contacts",
)


@dataclass
class Installation:
    """One data folder with its own destinations; `run` executes the main job in a new process."""

    data_dir: Path
    doubles_url: str
    environment: dict[str, str]

    def cdp(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "cli.main", *arguments, **extra)

    def python(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, **self.environment, **extra},
            capture_output=True,
            text=True,
            timeout=600,
        )

    def run(self) -> subprocess.CompletedProcess[str]:
        finished = self.cdp("run", "--sandbox")
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.data_dir / "published" / "warehouse.duckdb", read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def warehouse(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.data_dir / "warehouse.duckdb", read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def state(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.data_dir / "state.duckdb", read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every published row that people or tools read, in an order of its own."""
        return {table: self.rows(f"from {table} order by all") for table in CONTENT}

    def held(self) -> dict[str, Any]:
        """What the pretend destinations hold now."""
        state = self.remote()
        return {"mailchimp": state["mailchimp"], "meta": state["meta"]}

    def remote(self) -> dict[str, Any]:
        """What the pretend destinations hold, and every request they answered."""
        return dict(httpx.get(f"{self.doubles_url}/_state").json())


Install = Callable[[str], Installation]


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Path:
    """The files of a pretend shop: landing folder and truth."""
    folder = tmp_path_factory.mktemp("shop")
    sample(folder)
    return folder


@pytest.fixture(scope="session")
def install(shop: Path, tmp_path_factory) -> Iterator[Install]:
    """Makes an installation with a fresh copy of the shop and destinations of its own."""
    target = tmp_path_factory.mktemp("dbt")
    with ExitStack() as stack:

        def make(name: str) -> Installation:
            data_dir = tmp_path_factory.mktemp(name) / "data"
            shutil.copytree(shop, data_dir)
            doubles = stack.enter_context(serve(data_dir / "sandbox", 0, data_dir / "landing" / "mailchimp"))
            environment = {
                **doubles.environment,
                "CDP_DATA_DIR": str(data_dir),
                "DBT_TARGET_PATH": str(target),
            }
            return Installation(data_dir, doubles.url, environment)

        yield make


@dataclass
class FirstRun:
    """One undisturbed first run: what it printed, what was published, what the destinations held after it."""

    installation: Installation
    printed: str
    content: dict[str, list[tuple[Any, ...]]]
    held: dict[str, Any]


@pytest.fixture(scope="session")
def first_run(install: Install) -> FirstRun:
    installation = install("undisturbed")
    printed = installation.run().stdout
    return FirstRun(installation, printed, installation.content(), installation.held())
