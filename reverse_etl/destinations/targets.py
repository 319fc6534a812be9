"""Reading the answers of a conversation that finds or makes a target: what was asked for, or a failure that says what to do.

Outcomes of operations are read in `answers.py` and the tools' own files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reverse_etl.contract import Response
from reverse_etl.destinations.answers import body_of, part_of, rows_of, without_addresses
from reverse_etl.errors import TargetFailed


def found(response: Response, name: str, tool: str, what: str, advice: str) -> Any:  # noqa: ANN401 (JSON)
    """A value of a good answer's body by its dotted name. Raises TargetFailed when the answer is none or lacks it."""
    value: Any = response.body if 200 <= response.status < 300 else None
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        words = without_addresses(explanation(response) or "no explanation given")
        raise TargetFailed(
            f"{what} could not be opened: {tool} answered {response.status} ({words}). {advice}, then run the sync again."
        )
    return value


def listed(response: Response, name: str, tool: str, what: str, advice: str) -> list[Mapping[str, Any]]:
    """The objects of a list in a good answer's body. Raises TargetFailed when the answer is none or lacks it."""
    found(response, name, tool, what, advice)
    return rows_of(response.body, name)


def explanation(response: Response) -> str:
    """The words of a refusal, wherever among the usual places of a JSON body they stand."""
    body = body_of(response)
    first = next(iter(rows_of(body, "errors")), {})
    places = (
        body.get("message"),
        body.get("detail"),
        part_of(body, "error").get("message"),
        part_of(body, "meta").get("error"),
        first.get("detail"),
        first.get("message"),
    )
    return next((str(words) for words in places if words), "")
