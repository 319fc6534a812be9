"""The line between a running step and whoever watches it: a callable that the command line sets before a run.

Inside Dagster's own processes nobody sets it and steps report silently; their events tell the rest.
"""

from contextvars import ContextVar

from warehouse.progress import Progress, silent

progress: ContextVar[Progress] = ContextVar("progress", default=silent)
