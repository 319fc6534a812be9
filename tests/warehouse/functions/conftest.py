"""Hostile texts for every function, and the way to the known values beside this file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
CORPORA = Path(__file__).resolve().parents[4] / "shared" / "data" / "corpora"


@pytest.fixture(scope="session")
def hostile() -> list[str]:
    """Texts that broke software before (where the corpus is there), and our own: long, bidirectional, full of controls."""
    own = [
        "x" * 10_000, "1" * 10_000, "@" * 10_000, "a@" * 5_000, "+" * 300, " " * 10_000, "\x00", "a\x00b@c.de",
        "\u202e321 7700 900123", "\ufeff+44\u200b7912\u2060345678", "½ ² ³ ①", "٠" * 40, "😀" * 100,
        "'; drop table x; --", "<" * 500 + "@", "(" * 500 + "1", "+1" + ".1" * 120, "\ud7ff@\uffff.com",
    ]  # fmt: skip
    corpus = CORPORA / "naughty_strings" / "blns.json"
    return own + (json.loads(corpus.read_text(encoding="utf-8")) if corpus.exists() else [])
