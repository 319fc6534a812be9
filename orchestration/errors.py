"""What can go wrong while wiring a run: CdpError → OrchestrationError → DbtFailed, RunFailed."""

from warehouse.errors import CdpError


def plain(said: str) -> str:
    """What dbt said, without the values of all variables and without what the engine says of its own memory."""
    told = said.partition("Vars supplied to")[0]
    return "\n".join(line for line in told.splitlines() if not line.startswith(("nanobind:", " - "))).strip()


class OrchestrationError(CdpError):
    """A run could not be put together or carried out."""


class DbtFailed(OrchestrationError):
    """dbt could not read the project or could not run at all (a failing model or test is a result, not this)."""


class RunFailed(OrchestrationError):
    """A step of the run raised; what was finished before it stays, and the next run takes it from there."""
