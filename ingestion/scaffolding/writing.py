"""Files of a new source written into the project: all of them or none, and none that is there already.

What stands in them is made elsewhere; a stop at any point leaves the project as it was.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from ingestion.errors import ScaffoldRefused


def refuse_existing(project: Path, files: Collection[Path]) -> None:
    """Raises ScaffoldRefused naming the files that are there already and would be overwritten."""
    there = [str(path) for path in files if (project / path).exists()]
    if there:
        raise ScaffoldRefused(
            f"There already: {', '.join(there)}. Nothing was written. Look at them first; --force writes them anew, "
            f"another name leaves them alone."
        )


def write_all(project: Path, files: Mapping[Path, str], copies: Mapping[Path, Path] | None = None) -> None:
    """Write texts (paths inside the project) and copy files (target → original) beside their places, then rename.

    An error or an interruption puts back what was replaced and removes what was new.
    """
    targets: dict[Path, str | Path] = {project / path: text for path, text in files.items()}
    targets |= dict(copies or {})
    with ExitStack() as undo:
        for target, content in targets.items():
            _make_folders(target.parent, undo)
            undo.callback(_beside(target).unlink, missing_ok=True)
            if isinstance(content, Path):
                shutil.copyfile(content, _beside(target))
            else:
                _beside(target).write_text(content, encoding="utf-8")
        for target in targets:
            undo.callback(_put_back, target, target.read_bytes() if target.is_file() else None)
            os.replace(_beside(target), target)
        undo.pop_all()


def _beside(target: Path) -> Path:
    """A hidden name that neither the loader nor dbt takes for a file of theirs."""
    return target.with_name(f".{target.name}.unfinished")


def _make_folders(folder: Path, undo: ExitStack) -> None:
    for parent in reversed([folder, *folder.parents]):
        if not parent.exists():
            parent.mkdir()
            undo.callback(_remove_if_empty, parent)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _put_back(target: Path, content: bytes | None) -> None:
    if content is None:
        target.unlink(missing_ok=True)
    else:
        target.write_bytes(content)
