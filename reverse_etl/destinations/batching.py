"""Cutting a batch where a tool limits bytes as well as records.

How many records one call may carry is the sender's affair (`DestinationSpec.batch`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any


def size_of(value: object) -> int:
    """Bytes of a value as JSON in a request's body, never fewer than what is sent."""
    return len(json.dumps(value).encode())


def within_bytes(items: Sequence[Any], most: int, most_each: int, envelope: int) -> Iterator[slice]:
    """Runs of items whose JSON stays within `most` bytes together, `envelope` bytes of body around them included.

    An item above `most_each` goes alone: the tool refuses it, and must not refuse the others for it.
    """
    start, total = 0, envelope
    for position, item in enumerate(items):
        size = size_of(item) + 2  # the comma and a space
        is_alone = size > most_each
        if position > start and (is_alone or total + size > most):
            yield slice(start, position)
            start, total = position, envelope
        total += size
        if is_alone:
            yield slice(start, position + 1)
            start, total = position + 1, envelope
    if start < len(items):
        yield slice(start, len(items))
