"""What can go wrong while wiring a run: CdpError → OrchestrationError → DbtFailed, RunFailed."""

from warehouse.errors import CdpError


class OrchestrationError(CdpError):
    """A run could not be put together or carried out."""


class DbtFailed(OrchestrationError):
    """dbt could not read the project or could not run at all (a failing model or test is a result, not this)."""


class RunFailed(OrchestrationError):
    """A step of the run raised; what was finished before it stays, and the next run takes it from there."""
