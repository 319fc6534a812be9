"""What can go wrong while activating segments, as one tree: CdpError → ActivationError → …

A refused row or a held sync is not an error but a result, and stands in `results.py`.
"""

from __future__ import annotations

from warehouse.errors import CdpError


class ActivationError(CdpError):
    """A sync could not be read, planned or sent."""


class DeclarationError(ActivationError):
    """A sync is declared in a way that cannot be understood."""


class AccountError(ActivationError):
    """A destination's account settings are there but wrong."""


class AnswerMismatch(ActivationError):
    """A destination module did not account for every operation exactly once: a fault in this software."""


class ForbiddenRequest(ActivationError):
    """A destination module would have sent what its own facts forbid: a fault in this software."""


class DestinationStopped(ActivationError):
    """The destination refused the account itself (key, token, blocked audience): nothing more is sent to it."""


class StatementRefused(ActivationError):
    """A statement of consent is incomplete or unclear, so it was not recorded."""


class RunCancelled(ActivationError):
    """A person ended this run of a sync; what it had not sent is still planned."""


class TargetFailed(ActivationError):
    """The audience, segment or list to fill could not be found or created."""
