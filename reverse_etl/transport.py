"""With `transports/` the only modules of this room that do I/O: HTTP calls and file writes, with limits, retries, time-outs.

What to send and what an answer means is decided elsewhere; secrets are added here and appear in no message.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import httpx
import orjson

from reverse_etl.accounts import Account
from reverse_etl.contract import DestinationSpec, Request, Response, Verdict
from reverse_etl.pace import Pace, Paces, asked_wait, used_up_wait

Classify = Callable[[Response], Verdict]
_WEB = ("http://", "https://")
_JSON = {"content-type": "application/json"}
_SERVERS = {
    "postgresql": ("postgres", "PostgresTransport"),
    "postgres": ("postgres", "PostgresTransport"),
    "s3": ("s3", "BucketTransport"),
    "sftp": ("sftp", "SftpTransport"),
    "smtp": ("smtp", "MailTransport"),
    "smtps": ("smtp", "MailTransport"),
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try (seconds). Being told to slow down costs waiting time but no attempt."""

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 30.0
    slow_down_budget: float = 300.0
    timeout: float = 120.0  # Mailchimp's own limit for a request
    job_budget: float = (
        600.0  # for all jobs of one sync; what has not ended then is asked about in the next run
    )

    def wait(self, attempt: int) -> float:
        """Seconds before the next attempt after this many, twice as long each time."""
        return min(float(self.first_wait * 2 ** (attempt - 1)), self.longest_wait)


class Transport(Protocol):
    """Sends requests and gives an answer for each, in any order; failures come back as answers with status 0."""

    def send_all(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]: ...

    def read(self, path: str, /) -> bytes | None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_transport(
    account: Account,
    spec: DestinationSpec,
    classify: Classify,
    patience: Patience,
    paces: Paces | None = None,
) -> Transport:
    """The transport for an account by its address: HTTP at the account's pace, another server, or a folder."""
    if account.address.startswith(_WEB):
        pace = (paces or Paces()).of(account.address, account.account_id)
        return HttpTransport(account, spec, classify, patience, pace)
    scheme, is_server, _ = account.address.partition("://")
    if not is_server:
        return FileTransport(Path(account.address))
    module, name = _SERVERS[scheme]
    # loaded only where it is used: each brings a library of its own
    transport: Transport = getattr(import_module(f"reverse_etl.transports.{module}"), name)(
        account, spec, patience
    )
    return transport


class HttpTransport:
    """HTTP with client-side limits first (many tools send no Retry-After) and the server's wishes second."""

    def __init__(
        self, account: Account, spec: DestinationSpec, classify: Classify, patience: Patience, pace: Pace
    ) -> None:
        self._classify = classify
        self._patience = patience
        self._spec = spec
        self._concurrency = spec.concurrency
        self._pace = pace
        self._secrets = {name.lower(): value for name, value in account.headers.items()}
        self._auth, self._address = account.auth, account.address
        self._client = httpx.Client(
            base_url=account.address,
            timeout=patience.timeout,
            # over plain HTTP (loopback) there is nothing to verify, and reading the certificates takes 40 ms
            verify=account.address.startswith("https://"),
            limits=httpx.Limits(max_connections=spec.concurrency),
            trust_env=False,
            transport=account.mounted,
        )

    def send_all(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        if len(requests) < 2 or self._concurrency < 2:
            yield from ((request, self._send(request)) for request in requests)
            return
        with ThreadPoolExecutor(self._concurrency) as pool:
            yield from zip(requests, pool.map(self._send, requests), strict=True)

    def read(self, _path: str, /) -> bytes | None:
        return None

    def _send(self, request: Request) -> Response:
        attempts, slowed = 0, 0.0
        while True:
            self._pace.wait(self._spec.requests_per_second, self._spec.burst)
            response = self._call(request)
            verdict = self._classify(response)
            if verdict is Verdict.TRY_AGAIN:
                attempts += 1
                may_repeat = self._spec.repeats_safely or response.is_unsent
                if attempts >= self._patience.attempts or not may_repeat:
                    return response
                self._pace.hold(min(self._backoff(attempts, response), self._patience.longest_wait))
            elif verdict is Verdict.SLOW_DOWN:
                wait = self._backoff(1 + int(slowed > 0), response)
                slowed += max(wait, 0.01)
                # beyond the budget there is no point in waiting: the next run goes on
                if slowed > self._patience.slow_down_budget:
                    return response
                self._pace.hold(wait)
            else:
                self._keep_allowance(response)
                return response

    def _backoff(self, attempt: int, response: Response) -> float:
        asked = asked_wait(response.headers, time.time())
        if asked is not None:
            return asked
        return self._patience.wait(attempt)

    def _keep_allowance(self, response: Response) -> None:
        """Pause before the tool has to refuse, where it says that nothing is left of the allowance."""
        wait = used_up_wait(response.headers, time.time())
        if wait:
            self._pace.hold(min(wait, self._patience.longest_wait))

    def _call(self, request: Request) -> Response:
        is_elsewhere = request.path.startswith(_WEB)
        try:
            answer = self._client.request(
                request.method,
                request.path or self._address,
                params={
                    name: value if isinstance(value, str) else list(value)
                    for name, value in request.query.items()
                }
                or None,
                content=request.content if request.json is None else orjson.dumps(request.json),
                # an address of its own (a place to upload to) must not learn the account's key
                headers={
                    **({} if request.json is None else _JSON),
                    **({} if is_elsewhere else self._secrets),
                    **{name.lower(): value for name, value in request.headers.items()},
                },
                auth=None if is_elsewhere else self._auth,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Response(0, error=f"could not connect ({type(error).__name__})", is_unsent=True)
        except httpx.TimeoutException:
            return Response(0, error=f"no answer within {self._patience.timeout:.0f} s")
        except httpx.HTTPError as error:
            return Response(0, error=f"connection lost ({type(error).__name__})")
        return _read(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()


def _read(answer: httpx.Response) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    try:
        return Response(answer.status_code, answer.json() if answer.content else None, headers)
    except ValueError:
        return Response(answer.status_code, None, headers, text=answer.text)


class FileTransport:
    """Writes a file whole or not at all: temporary name, flushed to disk, renamed over the old one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send_all(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        for request in requests:
            yield request, self._write(request)

    def read(self, path: str) -> bytes | None:
        file = self._folder / path
        return file.read_bytes() if file.exists() else None

    def _write(self, request: Request) -> Response:
        final = self._folder / request.path
        partial = final.with_name(f".{final.name}.partial")
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(request.content or b"")
                file.flush()
                os.fsync(file.fileno())
            partial.replace(final)
        except OSError as error:
            partial.unlink(missing_ok=True)
            return Response(0, error=f"could not write {final}: {error.strerror}")
        return Response(200)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
