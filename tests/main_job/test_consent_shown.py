"""`cdp consent` on a real run: what was said since counts whichever way the person is named, and nobody is told as nobody."""

from __future__ import annotations

import shutil
from dataclasses import replace

import duckdb
import pytest


@pytest.fixture
def desk(first_run, tmp_path):
    """The state and the published tables of a run, to be changed by one test."""
    there = first_run.installation.data_dir
    shutil.copytree(there / "published", tmp_path / "published")
    shutil.copy(there / "state.duckdb", tmp_path)
    environment = {**first_run.installation.environment, "CDP_DATA_DIR": str(tmp_path)}
    return replace(first_run.installation, data_dir=tmp_path, environment=environment)


def test_a_statement_made_since_the_run_is_shown_with_the_person(desk):
    with duckdb.connect(desk.data_dir / "published" / "warehouse.duckdb", read_only=True) as connection:
        customer, email = connection.execute(
            "select customer_id, email from marts.customers where email is not null order by 1 limit 1"
        ).fetchone()
    said = desk.cdp("consent", "record", email, "denied", "all", "--proof", "a letter").stdout
    assert "It counts from now on." in said and "Nobody has" not in said
    shown = desk.cdp("consent", "show", customer).stdout
    assert "denied since the last run: everything" in shown and "a letter" in shown


def test_a_statement_of_nobody_is_kept_and_said_to_be_nobodys(desk):
    said = " ".join(
        desk.cdp("consent", "record", "typo@exampel.org", "denied", "all", "--proof", "a call").stdout.split()
    )
    assert "It counts from now on." in said and "Nobody has typo@exampel.org" in said
