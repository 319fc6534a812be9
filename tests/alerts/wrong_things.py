"""Conditions for the tests: a source that is late, in as many variants as needed."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts import Condition

NOW = datetime(2026, 11, 21, 4)


def late(sentence: str = "Nothing came since 19 November.", **changes: object) -> Condition:
    facts = {
        "subject": "source:shopify",
        "kind": "late",
        "sentence": sentence,
        "since": NOW - timedelta(hours=3),
    }
    return Condition(**{**facts, **changes})
