"""The landing folder: which delivered file belongs to which table, and which files nobody asked for.

Names only; what is packed is in `archives.py`, and what a file's bytes say in `fingerprints.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ingestion.archives import Member, list_members
from ingestion.declarations import Source, Table
from ingestion.errors import FileUnreadable

# a pattern also means the same file packed
_PACKED = ("", ".gz", ".zip")


@dataclass(frozen=True)
class Delivery:
    """One file for one table; `file` is its path relative to the landing folder, with forward slashes.

    A file inside a ZIP is a delivery of its own: `path` is the ZIP, and `file` goes on inside it.
    """

    source: Source
    table: Table
    path: Path
    file: str
    member: Member | None = None

    @property
    def raw_table(self) -> str:
        return self.source.raw_table(self.table)

    @property
    def landing_dir(self) -> Path:
        inside = self.member.name.count("/") + 1 if self.member else 0
        return self.path.parents[self.file.count("/") - inside]


def find_deliveries(landing_dir: Path, source: Source) -> list[Delivery]:
    """The files of a source in load order: by table as declared, then by file name; hidden ones are no deliveries."""
    return [
        Delivery(source, table, path, file, member)
        for table in source.tables
        for file, (path, member) in sorted(_find(landing_dir, source, table).items())
    ]


def is_delivered(landing_dir: Path, file: str) -> bool:
    """True while a delivery of that name lies in landing, in a folder or inside a ZIP."""
    path = landing_dir / file
    return path.exists() or any(parent.is_file() for parent in path.parents)


def locate(landing_dir: Path, source: Source, table: Table, file: str) -> Delivery:
    """The delivery that was loaded under that name, also inside a ZIP; where it is gone, `path` does not exist."""
    path = landing_dir / file
    for archive in path.parents:
        if archive.is_file():
            inside = path.relative_to(archive).as_posix()
            member = next(
                (member for member in _members(archive, "*") if member and member.name == inside), None
            )
            if member:
                return Delivery(source, table, archive, file, member)
    return Delivery(source, table, path, file)


def find_unclaimed(landing_dir: Path, sources: Sequence[Source]) -> list[str]:
    """Files in the sources' folders that no table asks for (hidden files aside), relative to landing."""
    claimed = {delivery.path for source in sources for delivery in find_deliveries(landing_dir, source)}
    files = [path for source in sources for path in (landing_dir / source.name).rglob("*") if path.is_file()]
    files = [path for path in files if not (path.name.startswith("~") or _is_hidden(path, landing_dir))]
    return sorted(path.relative_to(landing_dir).as_posix() for path in files if path not in claimed)


def _find(landing_dir: Path, source: Source, table: Table) -> dict[str, tuple[Path, Member | None]]:
    found: dict[str, tuple[Path, Member | None]] = {}
    for pattern in table.patterns:
        outer, is_inside, inner = pattern.partition(".zip/")
        for ending in [".zip"] if is_inside else _PACKED:
            for path in (landing_dir / source.name).glob(outer + ending):
                if path.is_file() and not _is_hidden(path, landing_dir):
                    name = path.relative_to(landing_dir).as_posix()
                    found |= {
                        f"{name}/{member.name}" if member else name: (path, member)
                        for member in _members(path, inner or "*")
                    }
    return found


def _members(path: Path, inner: str) -> Iterator[Member | None]:
    """The files in a ZIP whose names fit; None stands for the file itself, also for a ZIP that cannot be read."""
    if path.suffix.lower() != ".zip":
        yield None
        return
    try:
        members = list_members(path)
    except FileUnreadable:
        members = []
    if not members:
        yield None  # unpacking it says why
    yield from (member for member in members if fnmatchcase(member.name, inner))


def _is_hidden(path: Path, landing_dir: Path) -> bool:
    """True for what a copying program has not finished, or keeps for itself."""
    return any(part.startswith(".") for part in path.relative_to(landing_dir).parts)


def find_unknown_folders(landing_dir: Path, sources: Sequence[Source]) -> list[str]:
    """Folders in landing that belong to no source: something was delivered that nobody declared."""
    known = {source.name for source in sources}
    folders = landing_dir.iterdir() if landing_dir.is_dir() else iter(())
    return sorted(folder.name for folder in folders if folder.is_dir() and folder.name not in known)
