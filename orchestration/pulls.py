"""A pull as every front door makes it: one at a time per source, with its outcome on record for the alerts.

Without Dagster, so that the command line can pull without waiting for it; asking sources is the ingestion room's work.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

from ingestion.declarations import Source
from ingestion.pulled import PullReport
from ingestion.pulling import pull
from warehouse.connections import open_state
from warehouse.progress import Progress
from warehouse.pull_record import PullRecord, record_pull
from warehouse.run_lock import pull_lock
from warehouse.settings import Settings


def pull_sources(settings: Settings, sources: Sequence[Source], progress: Progress) -> PullReport:
    """Pull these sources into landing; a failure is a result, not an exception. Raises RunUnderWay."""
    # the clock, not the run's as-of: a cursor is a place in the vendor's own time
    now = datetime.now(UTC).replace(tzinfo=None)
    with ExitStack() as locks:
        for source in sources:
            locks.enter_context(pull_lock(settings, source.name))
        report = pull(
            sources,
            settings.landing_dir,
            settings.pulls_dir,
            environ=os.environ,
            progress=progress,
            now=now,
        )
    with open_state(settings) as state:
        for result in report.results:
            record_pull(
                state, PullRecord(result.source, now, result.status, len(result.files), result.message)
            )
    return report
