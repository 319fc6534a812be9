"""The part of the contract for tools that cannot be asked what they hold, or need not be.

A tool that can be read implements these two functions itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reverse_etl.contract import Operation, Request, Response, Sighting, Target


class Unread:
    """Inspects nothing before writing."""

    def inspect(self, _operations: Sequence[Operation], _target: Target, /) -> list[Request]:
        return []

    def read_presence(
        self, _response: Response, _operations: Sequence[Operation], /
    ) -> Mapping[str, Sighting]:
        return {}
