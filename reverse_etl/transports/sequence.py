"""Sending one request after the other, again after a failure that may pass.

What one request does is each transport's own.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from reverse_etl.accounts import Account
from reverse_etl.contract import DestinationSpec, Request, Response
from reverse_etl.transport import Patience


class OneByOne(ABC):
    """A transport that opens its connection when first needed, and anew after a failure."""

    def __init__(self, account: Account, spec: DestinationSpec, patience: Patience) -> None:
        self.account = account
        self._spec = spec
        self._patience = patience

    @abstractmethod
    def send(self, request: Request) -> Response:
        """One attempt. Status 0 with the reason in `error` when there was no answer."""

    def read(self, _path: str, /) -> bytes | None:
        return None

    @abstractmethod
    def close(self) -> None:
        """End the connection, if there is one; the next request opens another."""

    def send_all(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        for request in requests:
            yield request, self._patiently(request)

    def _patiently(self, request: Request) -> Response:
        for attempt in range(1, self._patience.attempts + 1):
            response = self.send(request)
            if response.status != 0:
                break
            self.close()
            may_repeat = self._spec.repeats_safely or response.is_unsent
            if not may_repeat or attempt == self._patience.attempts:
                break
            time.sleep(self._patience.wait(attempt))
        return response

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def refusal(status: int, words: str) -> Response:
    """An answer that says no, as HTTP tools word it."""
    return Response(status, {"error": {"message": words}})
