"""A work place for pulls: landing, the pull's own folder, a warehouse, and no waiting."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
with warnings.catch_warnings():  # dlt imports sqlglot, which complains of another package that came with it
    warnings.simplefilter("ignore", DeprecationWarning)
    import sqlglot  # noqa: F401

from connector_pulls import Ground
from connector_vendors import Vendor, serve


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy between the test and its server, and a home folder that shows whatever is written there."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()


@pytest.fixture
def pulls(tmp_path: Path) -> Iterator[Ground]:
    with Ground(tmp_path) as ground:
        yield ground


@pytest.fixture
def served() -> Iterator[Callable[[type[Vendor]], Vendor]]:
    """Starts a vendor's server; all are stopped after the test."""
    with ExitStack() as stack:

        def start(kind: type[Vendor]) -> Vendor:
            server: AbstractContextManager[Vendor] = serve(kind())
            return stack.enter_context(server)

        yield start
