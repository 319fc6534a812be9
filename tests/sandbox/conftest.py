"""The sample shop, written once for all tests of the generator."""

from __future__ import annotations

import pytest

from sandbox.generator import sample
from sandbox.shop import Shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return sample(tmp_path_factory.mktemp("shop"))
