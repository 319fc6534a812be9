"""Runs the main job and kills its own process (SIGKILL) when a stage has come so far; not a test itself."""

import os
import signal
import sys

from cli.home import prepare_dagster_home
from orchestration.main_job import run_main_job
from warehouse.settings import Settings


def main(stage: str, step: int) -> None:
    seen = 0

    def kill_at(name: str, done: int, total: int | None, note: str = "") -> None:
        nonlocal seen
        if name == stage:
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    settings = Settings.load()
    prepare_dagster_home(settings)
    run_main_job(settings, kill_at)


main(sys.argv[1], int(sys.argv[2]))
