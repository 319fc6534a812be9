"""What can go wrong with reading figures, as one tree: CdpError → ReportError → …

Each message names what is there instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection

from warehouse.errors import CdpError


class ReportError(CdpError):
    """A figure or a page cannot be made."""


class NotPublished(ReportError):
    """A table, or a column of one, is not in the published file: it is older than this version, or a run failed."""


class UnknownMetric(ReportError):
    """No published metric has this name."""


class UnknownDimension(ReportError):
    """The metric cannot be told apart by this."""


class BadPeriod(ReportError):
    """A date is not understood, or the period ends before it begins."""


def nearest(name: str, known: Collection[str]) -> str:
    """`, did you mean 'revenue'?` or a full stop, to go on a sentence that names something unknown."""
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f", did you mean {close[0]!r}?" if close else "."
