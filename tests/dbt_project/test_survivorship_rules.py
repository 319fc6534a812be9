"""What an analyst reads who mistypes a rule of survivorship in dbt_project.yml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
DECLARED = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]["survivorship"]


def without(name: str) -> dict[str, object]:
    return {attribute: rule for attribute, rule in DECLARED.items() if attribute != name}


MISTAKES = {
    "strategy": ({**DECLARED, "email": {"strategy": "verfied_frist"}}, ["strategy of email", "verfied_frist", "Did you mean 'verified_first'"]),
    "attribute": ({**DECLARED, "birthdate": {"strategy": "most_recent"}}, ["no attribute 'birthdate'", "Did you mean 'birth_date'"]),
    "left out": (without("company"), ["'company' has no rule"]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistyped_rule_is_named_with_the_nearest_one(mistake, tmp_path):
    """Parsing stops, so that no run chooses by a rule that was not meant."""
    rules, told = MISTAKES[mistake]
    finished = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "parse", "--vars", json.dumps({"survivorship": rules})],
        cwd=PROJECT,
        env={
            **os.environ,
            "CDP_DATA_DIR": str(tmp_path),
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "DBT_LOG_PATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode != 0
    for words in told:
        assert words in finished.stdout
