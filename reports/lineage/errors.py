"""What can go wrong with tracing columns, below ReportError; each message says where, and what to do next."""

from __future__ import annotations

from reports.errors import ReportError


class LineageError(ReportError):
    """Where columns come from cannot be told."""


class UnknownColumn(LineageError):
    """There is no table, column or remote field of this name."""


class UnreadableModel(LineageError):
    """The SQL of a model is not understood, or it reads a column that is not known."""
