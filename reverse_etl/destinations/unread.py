"""The parts of the contract that many tools answer the same way: nothing to read first, plain HTTP, no target to look for.

A tool with an answer of its own to one of them implements that function itself.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

from reverse_etl.contract import Operation, Request, Response, Sighting, Target, Verdict
from reverse_etl.destinations.answers import classify_by_status


class PlainHttp:
    """Answers mean what their status says."""

    def classify(self, response: Response, /) -> Verdict:
        return classify_by_status(response)


class Unread(PlainHttp):
    """A tool that cannot be asked what it holds before writing, or need not be."""

    def inspect(self, _operations: Sequence[Operation], _target: Target, /) -> list[Request]:
        return []

    def read_presence(
        self, _response: Response, _operations: Sequence[Operation], /
    ) -> Mapping[str, Sighting]:
        return {}


class OneSetPerAccount:
    """No conversation about a target: an account has one set of people, known by the account's id."""

    def open_target(
        self, _name: str, account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        return account_id
        yield


class NamedBySync:
    """No conversation about a target: it is whatever the sync calls it."""

    def open_target(
        self, name: str, _account_id: str, _fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        return name
        yield
