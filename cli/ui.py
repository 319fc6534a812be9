"""`cdp ui`: Dagster's pages (lineage, runs, schedules) on this project, with its history in the data folder."""

from __future__ import annotations

import os
import sys

import click

from cli.home import prepare_dagster_home
from warehouse.settings import PROJECT_DIR, Settings


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port on 127.0.0.1.")
def ui(port: int) -> None:
    """Open the lineage, runs and schedules in the browser.

    Shows the runs made by `cdp run` as well; the nightly schedule runs while this is open.
    Stop it with Ctrl-C.
    """
    settings = Settings.load()
    prepare_dagster_home(settings)
    environment = {**os.environ, "CDP_DATA_DIR": str(settings.data_dir)}
    click.echo(f"Lineage: http://127.0.0.1:{port}/asset-groups   (Ctrl-C stops)")
    os.chdir(PROJECT_DIR)
    command = [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"]
    os.execve(sys.executable, [*command, "-h", "127.0.0.1", "-p", str(port)], environment)
