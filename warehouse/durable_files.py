"""How a finished file takes its place so that a crash or a power cut leaves the old one or the new one, never a part.

Writing the file, and getting its bytes to disk, is the caller's work.
"""

from __future__ import annotations

import os
from pathlib import Path


def put_in_place(finished: Path, target: Path) -> None:
    """Rename `finished`, whose bytes are on disk, to `target` on the same file system. Raises OSError.

    The rename itself is only safe from a power cut once the folder is on disk too.
    """
    os.replace(finished, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
