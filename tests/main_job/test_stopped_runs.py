"""A run that is killed (SIGKILL) anywhere, and run again, ends like one that was left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

HARNESS = Path(__file__).parent / "stopped_run.py"
POINTS = [
    pytest.param("load", 20, id="loading"),
    pytest.param("dbt", 25, id="building what identity reads"),
    pytest.param("identity", 5, id="resolving identity"),
    pytest.param("identity", 8, id="between keeping ids and publishing them"),
    pytest.param("dbt", 150, id="building marts"),
    pytest.param("sync mailchimp_contacts", 3, id="sending contacts"),
    pytest.param("sync meta_lapsed_buyers", 2, id="sending an audience"),
]


@pytest.mark.parametrize(("stage", "step"), POINTS)
def test_a_killed_run_is_made_good_by_the_next(first_run, install, stage, step):
    installation = install("killed")
    killed = installation.python(str(HARNESS), stage, str(step), CDP_AS_OF="2026-10-31T23:59:59")
    assert killed.returncode == -9, killed.stdout + killed.stderr
    installation.run()
    assert installation.content() == first_run.content
    assert installation.held() == first_run.held
    sent_again = [d for d in installation.remote()["deliveries"] if d["times"] > 1]
    assert len(sent_again) <= 500, (
        "only the batch in the air may be repeated, and only because repeating is harmless"
    )
