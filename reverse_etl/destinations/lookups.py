"""Looking people up by their address before they are written: whom to ask for at once, what was found, and the tool's own ids.

How a tool is asked and how it answers is in its own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reverse_etl.contract import Action, Operation, Presence, Sighting

Row = Mapping[str, Any]


def in_groups(operations: Sequence[Operation], most: int) -> Iterator[Sequence[Operation]]:
    """The operations in their order, at most so many at once."""
    return (operations[start : start + most] for start in range(0, len(operations), most))


def addresses(operations: Sequence[Operation]) -> list[str]:
    """Their e-mail addresses as last sent."""
    return [operation.identifiers["email"] for operation in operations]


def op_ids(operations: Sequence[Operation]) -> tuple[str, ...]:
    """What a request that carries them says it carries."""
    return tuple(operation.op_id for operation in operations)


def sightings(
    operations: Sequence[Operation],
    rows: Mapping[str, Row],
    *,
    there: Presence = Presence.KNOWN,
    not_there: Presence = Presence.ABSENT,
    is_out: Callable[[Row], bool] = lambda _row: False,
    leaving_hides: bool = False,
) -> dict[str, Sighting]:
    """What a lookup found about each operation, from its rows by address; `id` of a row is the tool's own id.

    Leaving a list is right for everybody and says nothing about what they agreed to; where it would hide an opt-out
    (`leaving_hides`), whoever is out is seen as such for a removal too.
    """
    seen = {}
    for operation in operations:
        row = rows.get(operation.identifiers["email"])
        if row is None:
            seen[operation.op_id] = Sighting(not_there)
            continue
        counts = leaving_hides or operation.action is not Action.REMOVE
        presence = Presence.OPTED_OUT if counts and is_out(row) else there
        seen[operation.op_id] = Sighting(presence, str(row.get("id")))
    return seen


def record_id(operation: Operation, what: str) -> str:
    """The tool's own id of the record, as it was looked up just before.

    Without one only when somebody looks at what would be sent: then whose it would be.
    """
    return operation.record_id or f"({what} of {operation.identifiers['email']})"
