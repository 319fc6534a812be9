"""What dlt leaves in a table's folder: after a pull that ended well, after one that was killed, and when all is given up.

Only files are looked at; running pipelines is the business of `pipelines.py`. dlt 1.31 is killed without loss, but not
always able to go on by itself: a test kills it before every single change of a file.
"""

from __future__ import annotations

import shutil
from pathlib import Path

# without these a package is one whose deletion began: dlt deletes what is empty, or moved on already
_PARTS = ("schema.json", "load_package_state.json", "new_jobs")
_BIN = ".discarded_"


def clear_up(folder: Path) -> None:
    """Remove what a killed pull left half made or done with, so that dlt finds whole packages only."""
    extracted, normalized = folder / "normalize" / "extracted", folder / "load" / "normalized"
    for part in (*(folder / "normalize").glob("*/"), folder / "load" / "new"):
        if part != extracted:
            shutil.rmtree(part, ignore_errors=True)
    for bin_ in (*folder.glob(f"{_BIN}*"), folder.parent / f"{_BIN}{folder.name}"):
        shutil.rmtree(bin_, ignore_errors=True)
    for package in extracted.glob("*"):
        moved_on = (
            normalized / package.name
        ).exists()  # dlt would make it anew, and fail to put it where it is
        if moved_on or not all((package / part).exists() for part in _PARTS):
            discard(package, folder)
    for package in normalized.glob("*/package_completed.json"):
        discard(package.parent, folder)  # every job is done; dlt would refuse to complete it twice


def tidy(folder: Path) -> None:
    """Remove what dlt keeps of packages that are done, and its trace: neither is needed, both grow."""
    shutil.rmtree(folder / "load" / "loaded", ignore_errors=True)
    (folder / "trace.pickle").unlink(missing_ok=True)


def forget(folder: Path) -> None:
    """Give all up: the next pull begins from scratch."""
    discard(folder, folder.parent)


def discard(doomed: Path, folder: Path) -> None:
    """Delete a folder at once, by another name: half of it would be taken for something."""
    bin_ = folder / f"{_BIN}{doomed.name}"
    shutil.rmtree(bin_, ignore_errors=True)
    if doomed.exists():
        doomed.rename(bin_)
        shutil.rmtree(bin_)
