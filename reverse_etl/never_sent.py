"""What a tool's facts forbid in any request, checked on the request itself just before it leaves.

A destination module that would send it is at fault; nothing of the request is sent then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reverse_etl.contract import DestinationSpec, Request
from reverse_etl.errors import ForbiddenRequest


def check(request: Request, spec: DestinationSpec) -> None:
    """Raises ForbiddenRequest when the path, a field or a field's value is one that the spec rules out.

    Reading changes nothing, so paths are ruled out for what writes.
    """
    if request.method == "GET":
        return
    path = next((part for part in spec.forbidden_paths if part in request.path), None)
    if path is not None:
        raise ForbiddenRequest(_sentence(spec, f"called {path}"))
    if not spec.forbidden_fields and not spec.allowed_values:
        return
    for name, value in _fields(request.json):
        if name in spec.forbidden_fields:
            raise ForbiddenRequest(_sentence(spec, f"written the field {name}"))
        if name in spec.allowed_values and value not in spec.allowed_values[name]:
            raise ForbiddenRequest(_sentence(spec, f"written {name} as {value!r}"))


def _sentence(spec: DestinationSpec, what: str) -> str:
    return (
        f"A request to {spec.destination}/{spec.object} would have {what}, which may never be sent from here. "
        f"Nothing of it was sent; mend the destination's encode function."
    )


def _fields(body: object) -> Iterator[tuple[str, Any]]:
    """Every field of a JSON body, at any depth."""
    if isinstance(body, Mapping):
        for name, value in body.items():
            yield name, value
            yield from _fields(value)
    elif isinstance(body, list | tuple):
        for item in body:
            if isinstance(item, Mapping | list | tuple):
                yield from _fields(item)
