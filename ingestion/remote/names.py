"""Which remote files a source asks for, and which names may become paths in landing: both decided by the name alone.

Remote names are whatever the other side sends; nothing here touches a file.
"""

from __future__ import annotations

import unicodedata
from fnmatch import fnmatchcase

from ingestion.declarations import Source, Table

# what file systems allow for one step of a path, and S3 for a whole key
LONGEST_STEP = 255
LONGEST_NAME = 1024
MOST_STEPS = 64


def asking_table(source: Source, name: str) -> Table | None:
    """The first table one of whose patterns the name fits, as pathlib's glob would find it; never a hidden file."""
    steps = name.split("/")
    if len(steps) > MOST_STEPS or any(_is_hidden(step) for step in steps):
        return None
    for table in source.tables:
        if any(_fits(steps, pattern.split("/")) for pattern in table.patterns):
            return table
    return None


def deepest(source: Source) -> int:
    """How many folders deep the source's files may be; nothing below needs to be listed."""
    patterns = [pattern.split("/") for table in source.tables for pattern in table.patterns]
    return max(MOST_STEPS if "**" in steps else len(steps) - 1 for steps in patterns)


def why_refused(name: str) -> str | None:
    """Why a name must not become a path below landing (as the end of a sentence), or None when it may."""
    steps = name.split("/")
    if any(unicodedata.category(sign) == "Cs" for sign in name):
        return "has a name that is not UTF-8"
    if any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in name):
        return "has a name with a line break or another control character"
    if "\\" in name or any(step in ("", ".", "..") for step in steps):
        return "has a name that could lead out of the folder"
    if len(name.encode()) > LONGEST_NAME or any(len(step.encode()) > LONGEST_STEP for step in steps):
        return f"has a name of more than {LONGEST_STEP} bytes"
    return None


def shown(name: str) -> str:
    """A remote name fit for one line of text: control characters escaped, the middle of a long one left out."""
    plain = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in name)
    return plain if len(plain) <= 120 else f"{plain[:80]}…{plain[-30:]}"


def _is_hidden(step: str) -> bool:
    return step.startswith(".") and step not in (".", "..")


def _fits(steps: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not steps
    if pattern[0] == "**":
        return any(_fits(steps[skipped:], pattern[1:]) for skipped in range(len(steps)))
    return bool(steps) and fnmatchcase(steps[0], pattern[0]) and _fits(steps[1:], pattern[1:])
