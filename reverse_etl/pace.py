"""How fast one account may be called: a rate kept by us first, and what the tool asks for in its headers second.

One pace belongs to one account and is shared by all its syncs; calling is the transport's work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_REMAINDERS = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
_EPOCH = 1_000_000_000  # larger numbers are points in time, smaller ones are seconds from now
_EPOCH_MILLISECONDS = 1_000_000_000_000


class Pace:
    """Keeps a rate over all threads and syncs; `hold` makes all of them pause, as the tool asked for."""

    def __init__(self) -> None:
        self._due = 0.0  # when all calls so far would have been made, one by one at the rate
        self._held_until = 0.0
        self._lock = threading.Lock()

    def wait(self, per_second: float, burst: int = 1) -> None:
        """Wait for this caller's turn at a rate of requests per second, of which `burst` may come at once."""
        with self._lock:
            now = time.monotonic()
            due = max(self._due, now)
            mine = max(due - (burst - 1) / per_second, self._held_until, now)
            self._due = max(due, self._held_until) + 1.0 / per_second
        if mine > now:
            time.sleep(mine - now)

    def hold(self, seconds: float) -> None:
        """Let nobody call for so long."""
        with self._lock:
            self._held_until = max(self._held_until, time.monotonic() + seconds)


class Paces:
    """The pace of each account (address and id), made when it is first asked for."""

    def __init__(self) -> None:
        self._paces: dict[tuple[str, str], Pace] = {}

    def of(self, address: str, account_id: str) -> Pace:
        return self._paces.setdefault((address, account_id), Pace())


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a refusal for haste asks to wait, None when it does not say. `now` is Unix time.

    Retry-After is seconds or a date (RFC 9110 §10.2.3); reset headers are seconds from now, or Unix time in seconds
    or milliseconds.
    """
    after = headers.get("retry-after")
    if after is not None:
        seconds = _number(after)
        return _from_date(after, now) if seconds is None else max(seconds, 0.0)
    return next((wait for name in _RESETS if (wait := _reset(headers.get(name), now)) is not None), None)


def used_up_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the allowance is renewed when an answer says that none is left, else None."""
    if not any(_number(headers.get(name)) == 0 for name in _REMAINDERS):
        return None
    return next((wait for name in _RESETS if (wait := _reset(headers.get(name), now)) is not None), None)


def _reset(value: str | None, now: float) -> float | None:
    number = _number(value)
    if number is None:
        return None
    if number >= _EPOCH_MILLISECONDS:
        number /= 1000
    return max(number - now, 0.0) if number >= _EPOCH else max(number, 0.0)


def _number(value: str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def _from_date(value: str, now: float) -> float | None:
    try:
        return max(parsedate_to_datetime(value).timestamp() - now, 0.0)
    except ValueError:
        return None
