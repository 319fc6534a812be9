"""`cdp run`: the main job, from delivered files to synced tools, and a summary that a shop owner understands.

The job itself is Dagster's; this starts it in this process and shows what it does.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from datetime import datetime

import click

from cli.home import prepare_dagster_home
from cli.run_log import news_in_a_file
from cli.sandbox import pretend_shop
from cli.summary import print_summary
from cli.terminal import console, progress_bars
from warehouse.settings import Settings


@click.command()
@click.option(
    "--sandbox", is_flag=True, help="Use a pretend shop and pretend destinations (made on first use)."
)
@click.option(
    "--customers", default=1000, show_default=True, help="Size of the pretend shop, when it is made."
)
@click.option("--as-of", type=click.DateTime(), help="Pretend that now is this moment (UTC).")
def run(sandbox: bool, customers: int, as_of: datetime | None) -> None:
    """Load what was delivered, find who is who, build every table, and sync audiences.

    Files are read from the landing folder (`data/landing/<source>/`). A file that was loaded before is
    skipped; a file that cannot be read is refused with a reason and everything else goes on. Running again
    with nothing new changes nothing and sends nothing. Stopping at any point is safe: run it again.

    \b
    Exit status: 0 all good · 2 finished, but something needs a person · 1 could not run
    """
    started = time.monotonic()
    if as_of is not None:
        os.environ["CDP_AS_OF"] = as_of.isoformat()
    with ExitStack() as stack:
        settings = Settings.load()
        show = stack.enter_context(progress_bars())
        if sandbox:
            settings = stack.enter_context(pretend_shop(settings, customers, show))
        prepare_dagster_home(settings)
        stack.enter_context(news_in_a_file(settings.alert_log_path))
        os.environ["CDP_DATA_DIR"] = str(settings.data_dir)
        show("start", 0, None, "reading the project")
        from orchestration.main_job import run_main_job  # Dagster and dbt take seconds to import

        show("start", 1, 1)
        run_id = run_main_job(settings, show)
    problems = print_summary(settings, run_id, time.monotonic() - started)
    if problems:
        raise click.exceptions.Exit(2)
    console.print()
