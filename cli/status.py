"""`cdp status`: the newest run, what it did, and what needs a person; read without disturbing a run under way."""

from __future__ import annotations

import click

from cli.summary import print_summary
from cli.terminal import console
from warehouse.connections import open_state
from warehouse.settings import Settings


@click.command()
def status() -> None:
    """What the last run did, and what needs a person.

    Exit status is 2 when something does.
    """
    settings = Settings.load()
    with open_state(settings) as connection:
        run = connection.execute(
            "select run_id, started_at, finished_at, as_of, status from platform.runs order by started_at desc limit 1"
        ).fetchone()
    if run is None:
        console.print(
            "Nothing has run yet. Put files into the landing folder and type `cdp run`, or `cdp run --sandbox`."
        )
        return
    run_id, started, finished, as_of, state = run
    ended = f"ended {finished:%H:%M}" if finished else "has not ended (running, or it was stopped: run again)"
    console.print(f"Last run: {started:%Y-%m-%d %H:%M} UTC, {ended}, {state}; as of {as_of:%Y-%m-%d}.")
    if print_summary(settings, run_id) or state == "failed":
        raise click.exceptions.Exit(2)
