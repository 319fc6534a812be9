"""How delivered names become column names of raw tables, and how close two names are.

Only spelling belongs here; which columns a table has is declared in `ingestion/sources/`.
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[\W_]+")
# letters that are no other letter with a mark
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)


@functools.lru_cache(maxsize=10_000)  # declared names are asked for again and again
def column_name(header: str) -> str:
    """`Amount spent (GBP)` → `amount_spent_gbp`, `Última compra` → `ultima_compra`: lower case without accents.

    Letters of other scripts stay, all else becomes one `_`, and there is no leading digit.
    """
    plain = "".join(map(_without_mark, unicodedata.normalize("NFC", header))).lower().translate(_LETTERS)
    name = _NOT_WORD.sub("_", plain).strip("_") or "unnamed"
    return f"_{name}" if name[0].isdigit() else name


def _without_mark(letter: str) -> str:
    """A letter with a mark is the letter where that is a Latin one: elsewhere marks make other letters."""
    bare = unicodedata.normalize("NFKD", letter)
    return bare.encode("ascii", "ignore").decode() if bare[0].isascii() else letter


def key_column_name(key: str) -> str:
    """`messageId` → `message_id`: as `column_name`, after camel case has been split."""
    return column_name(_CAMEL.sub("_", key))


def column_names(headers: Sequence[str]) -> list[str]:
    """Names for a whole header, in order; a repeated name gets `_2`, `_3`, …"""
    taken: set[str] = set()
    names = []
    for header in headers:
        name = wanted = column_name(header)
        number = 2
        while name in taken:
            name, number = f"{wanted}_{number}", number + 1
        taken.add(name)
        names.append(name)
    return names


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `name`, or None when none is close."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def quoted(identifier: str) -> str:
    """An identifier for SQL, in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string for SQL, in single quotes."""
    return "'" + text.replace("'", "''") + "'"
