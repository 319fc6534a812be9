"""The landing folder: which delivered file belongs to which table, and which files nobody asked for.

Names only; what a file's bytes say is in `fingerprints.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.declarations import Source, Table


@dataclass(frozen=True)
class Delivery:
    """One file for one table; `file` is its path relative to the landing folder, with forward slashes."""

    source: Source
    table: Table
    path: Path
    file: str

    @property
    def raw_table(self) -> str:
        return self.source.raw_table(self.table)


def find_deliveries(landing_dir: Path, source: Source) -> list[Delivery]:
    """The files of a source in load order: by table as declared, then by file name; hidden ones are no deliveries."""
    folder = landing_dir / source.name
    return [
        Delivery(source, table, path, path.relative_to(landing_dir).as_posix())
        for table in source.tables
        for path in sorted(
            {
                path
                for pattern in table.patterns
                for path in folder.glob(pattern)
                if path.is_file() and not _is_hidden(path, landing_dir)
            }
        )
    ]


def find_unclaimed(landing_dir: Path, sources: Sequence[Source]) -> list[str]:
    """Files in the sources' folders that no table asks for (hidden files aside), relative to landing."""
    claimed = {delivery.path for source in sources for delivery in find_deliveries(landing_dir, source)}
    files = [path for source in sources for path in (landing_dir / source.name).rglob("*") if path.is_file()]
    files = [path for path in files if not (path.name.startswith("~") or _is_hidden(path, landing_dir))]
    return sorted(path.relative_to(landing_dir).as_posix() for path in files if path not in claimed)


def _is_hidden(path: Path, landing_dir: Path) -> bool:
    """True for what a copying program has not finished, or keeps for itself."""
    return any(part.startswith(".") for part in path.relative_to(landing_dir).parts)


def find_unknown_folders(landing_dir: Path, sources: Sequence[Source]) -> list[str]:
    """Folders in landing that belong to no source: something was delivered that nobody declared."""
    known = {source.name for source in sources}
    folders = landing_dir.iterdir() if landing_dir.is_dir() else iter(())
    return sorted(folder.name for folder in folders if folder.is_dir() and folder.name not in known)
