"""What can go wrong while people are told something, as one tree: CdpError → AlertError → …

None of these stops a run: what could not be told stands in the report, and is tried again.
"""

from __future__ import annotations

from warehouse.errors import CdpError


class AlertError(CdpError):
    """Something could not be told."""


class ChannelMisconfigured(AlertError):
    """The settings of a channel are there but wrong, or not all there."""


class NotSent(AlertError):
    """The other side did not take it: it may be sent again."""


class MaybeSent(AlertError):
    """The connection ended after everything was handed over: sending again could tell it twice."""
