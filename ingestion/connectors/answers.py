"""Reading what a vendor answered: its JSON as delivered, what stands where in it, and what a status means.

What to do about an answer is decided in `transport.py` and `pages.py`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson
import requests

from ingestion.declarations import Answer

_INTEGERS = range(-(1 << 63), 1 << 63)  # what JSON writers agree on
_MOST_DIGITS = 20


def value_at(body: object, path: str) -> object:
    """What stands at a dotted path of a JSON body (a number counts into a list); None where there is nothing."""
    for step in filter(None, path.split(".")):
        if isinstance(body, list):
            body = body[int(step)] if step.isdecimal() and int(step) < len(body) else None
        else:
            body = body.get(step) if isinstance(body, dict) else None
    return body


def parse(content: bytes) -> object:
    """JSON with every number as it was delivered: fractions and long integers would lose digits."""

    def as_delivered(text: str) -> orjson.Fragment:
        return orjson.Fragment(text)

    def integer(text: str) -> int | orjson.Fragment:
        fits = len(text) <= _MOST_DIGITS and int(text) in _INTEGERS
        return int(text) if fits else orjson.Fragment(text)

    return json.loads(content, parse_float=as_delivered, parse_int=integer, parse_constant=as_delivered)


def is_among(response: requests.Response, answers: tuple[Answer, ...]) -> bool:
    likely = [answer for answer in answers if answer.status == response.status_code]
    if not likely:
        return False
    try:
        body = response.json()
    except ValueError:
        body = None
    return any(_fits(body, answer) for answer in likely)


def _fits(body: object, answer: Answer) -> bool:
    if answer.path is None:
        return True
    found = value_at(body, answer.path)
    return found in answer.values if answer.values else found is not None


def seconds_asked(header: str | None) -> float | None:
    """`Retry-After` as seconds or as a date (RFC 9110, section 10.2.3); Shopify writes seconds with a fraction."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
