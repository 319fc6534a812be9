"""A fresh small warehouse per test, and the project's own segments, compiled once."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from segment_shop import warehouse as open_shop

from orchestration.compiling import CompiledProject, compile_project
from segments.drafts import write_draft
from warehouse.settings import PROJECT_DIR


@pytest.fixture
def shop(tmp_path):
    with open_shop(tmp_path) as connection:
        yield connection


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """A copy of the dbt project with a drafted segment, and scores named."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT_DIR / "dbt_project", folder / "dbt_project")
    shutil.copy(PROJECT_DIR / "profiles.yml", folder)
    settings = (PROJECT_DIR / "dbt_project.yml").read_text()
    assert 'customer_scores: ""' in settings
    (folder / "dbt_project.yml").write_text(
        settings.replace('customer_scores: ""', "customer_scores: customer_rfm")
    )
    write_draft(
        folder / "dbt_project" / "models" / "segments", "tea_lovers", title="Tea lovers", owner="rosa"
    )
    return folder


@pytest.fixture(scope="session")
def compiled(project) -> CompiledProject:
    return compile_project(project, ["tea_lovers", "likely_to_churn", "win_back_by_email"])
