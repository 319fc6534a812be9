"""The one module that speaks HTTP to vendors: signed, paced, asked again where that helps, answered whole or not at all.

What to ask, and what an answer means, is decided in `apis.py` and `pages.py`.

dlt's own retrying session is not used: it takes a `Retry-After: 2.0` (Shopify) for none, cannot tell throttling that comes
as status 400 (Meta), passes on a body that was cut where no length was announced, and puts addresses into errors.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import exceptions as trouble

from ingestion.connectors.answers import is_among, parse, seconds_asked
from ingestion.connectors.placeholders import hiding
from ingestion.connectors.signing import RefreshedToken, Unsigned, create_signer
from ingestion.declarations import Api
from ingestion.errors import ConnectionCut, CursorExpired, RequestRefused, SignInRefused

_PASSING = (
    trouble.ConnectionError,
    trouble.Timeout,
    trouble.ChunkedEncodingError,
    trouble.ContentDecodingError,
)
_BUSY = frozenset([408, 425, 429])
_LOOPBACK = frozenset(["127.0.0.1", "localhost", "::1"])
_LIBRARY_LOG = logging.getLogger("urllib3.connectionpool")


@dataclass(frozen=True)
class Patience:
    """How long to go on: attempts per request, and waits in seconds.

    Without a `Retry-After`, the n-th wait is `unit` * 2^(n-1), at most 60 units: two minutes in all, which outlasts the
    one-minute windows most vendors count in. A host that cannot be reached at all is given up after `attempts_to_connect`.
    """

    attempts: int = 8
    attempts_to_connect: int = 4
    unit: float = 1.0
    longest_wait: float = 300.0
    timeout: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def wait_after(self, attempt: int) -> float:
        """Seconds to wait after the `attempt`-th failure in a row (counted from 1)."""
        return self.unit * float(min(2 ** (attempt - 1), 60))


@dataclass(frozen=True)
class _Later:
    """A request that may succeed later: why it did not, and the seconds the vendor asks to wait (None: not said)."""

    why: str
    wait: float | None = None
    connected: bool = True


class Session(requests.Session):
    """Requests to one API. Raises the errors of the room, in sentences without secrets."""

    def __init__(self, api: Api, environ: Mapping[str, str], secrets: list[str], patience: Patience) -> None:
        super().__init__()
        self._api, self._patience, self._hide = api, patience, hiding(secrets)
        self._not_before = 0.0
        self._veil = _Veil(self._hide)
        _LIBRARY_LOG.addFilter(self._veil)
        self.auth = create_signer(api.auth, environ, self._ask_for_token)

    def close(self) -> None:
        """Close the connections; secrets need no more hiding."""
        super().close()
        _LIBRARY_LOG.removeFilter(self._veil)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401 (as the class above says it)
        """The whole, parsed answer. Raises SignInRefused, RequestRefused, CursorExpired, ConnectionCut."""
        request.hooks = {"response": []}  # statuses are judged here, where it is known whether to ask again
        kwargs |= {"timeout": self._patience.timeout, "allow_redirects": False, "stream": False}
        renewed = False
        attempt = 1
        while True:
            self._keep_pace()
            found = self._try(request, kwargs)
            if isinstance(found, requests.Response) and _is_success(found):
                return found
            if isinstance(found, requests.Response):
                signed = "Authorization" in request.headers
                if (
                    found.status_code == 401
                    and isinstance(self.auth, RefreshedToken)
                    and signed
                    and not renewed
                ):
                    renewed = True
                    self.auth.forget()
                    self.auth(request)
                    continue
                found = self._judge(found)
            self._patience.sleep(self._time_to_wait(request, found, attempt))
            attempt += 1

    def _try(self, request: requests.PreparedRequest, kwargs: dict[str, Any]) -> requests.Response | _Later:
        try:
            response = super().send(request, **kwargs)
        except _PASSING as error:
            return _describe(error)
        except (trouble.RequestException, ValueError) as error:
            raise RequestRefused(
                f"The address of {_host(request)} cannot be asked ({type(error).__name__}). Correct `base_url`."
            ) from None
        if _is_success(response):
            try:
                parsed = parse(response.content)
            except ValueError:
                return _Later("its answer was cut off, or is no JSON")
            response.json = lambda **_: parsed  # type: ignore[method-assign]  # parsed once, numbers as delivered
        return response

    def _keep_pace(self) -> None:
        if self._api.requests_per_second:
            now = time.monotonic()
            if now < self._not_before:
                self._patience.sleep(self._not_before - now)
            self._not_before = max(now, self._not_before) + 1 / self._api.requests_per_second

    def _judge(self, response: requests.Response) -> _Later:
        """Why to ask again later. Raises where asking again would not help."""
        status, host = response.status_code, _host(response.request)
        if status in _BUSY or status >= 500 or is_among(response, self._api.throttled):
            return _Later(f"it answered {status}", seconds_asked(response.headers.get("Retry-After")))
        if status == 410 or is_among(response, self._api.expired):
            raise CursorExpired(f"{host} no longer knows the position asked for{self._said(response)}.")
        if status == 401:
            raise SignInRefused(f"{host} does not accept the key{self._said(response)}. {self._check_keys()}")
        if status == 403:
            raise SignInRefused(
                f"{host} does not let this key read {_path(response)}{self._said(response)}. Give the key that right."
            )
        if status == 404:
            raise RequestRefused(
                f"{host} has no {_path(response)} (404). Check `base_url`, `path` and the API version."
            )
        if 300 <= status < 400:
            raise RequestRefused(
                f"{host} sends elsewhere ({status}); keys are not sent after it. Correct `base_url`."
            )
        raise RequestRefused(
            f"{host} refuses the request for {_path(response)} ({status}){self._said(response)}. "
            f"Correct the endpoint's params or body."
        )

    def _time_to_wait(self, request: requests.PreparedRequest, later: _Later, attempt: int) -> float:
        """Seconds. Raises ConnectionCut when patience is at its end."""
        host = _host(request)
        longest = self._patience.attempts if later.connected else self._patience.attempts_to_connect
        if attempt >= longest:
            raise ConnectionCut(
                f"{host} was asked {attempt} times in vain: {later.why}. Nothing is lost; run again later."
            )
        if later.wait is None:
            return self._patience.wait_after(attempt)
        if later.wait > self._patience.longest_wait:
            raise ConnectionCut(
                f"{host} asks to wait {later.wait:,.0f} seconds. Nothing is lost; run again then."
            )
        return later.wait

    def _ask_for_token(self, address: str, form: dict[str, str]) -> Mapping[str, object]:
        answer = self.post(check_address(address), data=form, auth=Unsigned()).json()
        return answer if isinstance(answer, dict) else {}

    def _check_keys(self) -> str:
        auth = self._api.auth
        names = [name for name in (auth.user, auth.secret, auth.client_secret) if name]
        return f"Check {', '.join(names)}." if names else "Declare `auth`."

    def _said(self, response: requests.Response) -> str:
        """The vendor's own words, shortened to one line: error bodies are short and say which parameter is wrong."""
        words = " ".join(self._hide(response.text).split())
        return f": {words:.200}" if words else ""


def check_address(address: str) -> str:
    """The address, when keys may be sent there. Raises RequestRefused."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[\w.:-]+", host):
        raise RequestRefused(
            f"{address!r} is no address of an API. Correct `base_url`: it begins with https://."
        )
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise RequestRefused(
            f"{host} would get the key in clear text. Correct `base_url`: it begins with https://."
        )
    return address


class _Veil(logging.Filter):
    """The library's log of requests, should anybody switch it on, holds addresses, and some vendors put keys in them."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        super().__init__()
        self._hide = hide

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._hide(record.getMessage()), ()
        return True


def _is_success(response: requests.Response) -> bool:
    return 200 <= response.status_code < 300


def _describe(error: Exception) -> _Later:
    """The library's message is not repeated: it holds the whole address."""
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return _Later("no such host is known", connected=False)
    if isinstance(error, trouble.SSLError):
        return _Later("its certificate is not accepted", connected=False)
    if isinstance(error, trouble.ReadTimeout):
        return _Later("it did not answer in time")
    if isinstance(error, trouble.ConnectTimeout) or "NewConnectionError" in text:
        return _Later("no connection could be made", connected=False)
    return _Later("the connection broke off")


def _host(request: requests.PreparedRequest) -> str:
    return urlsplit(request.url or "").hostname or "the API"


def _path(response: requests.Response) -> str:
    return urlsplit(response.url or "").path
