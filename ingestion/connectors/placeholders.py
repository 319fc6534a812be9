"""What stands for `{CDP_…}`, `{since}` and `{until}` in a declaration, and keeping secrets out of sentences.

Pure text work; where values come from is the caller's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

_PLACEHOLDER = re.compile(r"\{(CDP_[A-Z0-9_]+\??|since|until)\}")
# shorter values are words like "eu" that a sentence may well contain
_SHORTEST_SECRET = 5


def fill(value: object, known: Mapping[str, str | None]) -> Any:  # noqa: ANN401 (the shape of `value`)
    """`value` with its placeholders replaced at any depth; a member whose placeholder is not known is left out.

    A text that stands alone becomes None when it cannot be filled.
    """
    if isinstance(value, Mapping):
        filled = {key: fill(item, known) for key, item in value.items()}
        return {key: item for key, item in filled.items() if item is not None}
    if isinstance(value, list | tuple):
        return [item for item in (fill(part, known) for part in value) if item is not None]
    return _fill_text(value, known) if isinstance(value, str) else value


def hiding(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that replaces every secret in a text, as it is or as it stands in an address, by `***`."""
    long_enough = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
    spellings = {spelling for secret in long_enough for spelling in (secret, quote(secret, safe=""))}
    # longest first: one secret may hold another
    pattern = re.compile("|".join(map(re.escape, sorted(spellings, key=len, reverse=True))) or r"(?!)")
    return lambda text: pattern.sub("***", text)


def _fill_text(text: str, known: Mapping[str, str | None]) -> str | None:
    values = {name: known.get(name.rstrip("?")) for name in _PLACEHOLDER.findall(text)}
    if not all(values.values()):
        return None
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), text)
