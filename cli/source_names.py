"""The sources a command is about: all, or the one that was named.

What they are is declared; nothing is looked up elsewhere.
"""

from __future__ import annotations

from ingestion.declarations import SOURCES_DIR, Source, read_source, read_sources
from ingestion.naming import nearest
from warehouse.errors import CdpError


class UnknownSource(CdpError):
    """No file in ingestion/sources/ declares a source of this name."""


def chosen(name: str | None) -> list[Source]:
    """Every declared source, or the one of that name. Raises UnknownSource naming the nearest."""
    if name is None:
        return read_sources()
    path = SOURCES_DIR / f"{name}.yml"
    if path.is_file():
        return [read_source(path)]
    names = sorted(known.stem for known in SOURCES_DIR.glob("*.yml"))
    close = nearest(name, names)
    raise UnknownSource(
        f"There is no source {name!r}{f', did you mean {close!r}?' if close else '.'} There are: {', '.join(names)}. "
        f"`cdp sources add {name} --from FILE` makes one from a file."
    )
