"""A fresh small warehouse per test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from segment_shop import warehouse as open_shop


@pytest.fixture
def shop(tmp_path):
    with open_shop(tmp_path) as connection:
        yield connection
