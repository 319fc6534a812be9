"""Which module opens a declared place: the one choice between buckets and servers.

What an open place can do is said in `folders.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from ingestion.declarations import Location
from ingestion.remote.folders import RemoteFolder


def open_folder(location: Location, environ: Mapping[str, str]) -> AbstractContextManager[RemoteFolder]:
    """A connection to the declared place, made when the block is entered. Raises as RemoteFolder's methods do."""
    # each library costs a quarter of a second to import, and most shops use neither
    if location.scheme == "s3":
        from ingestion.remote.s3 import open_bucket

        return open_bucket(location, environ)
    from ingestion.remote.sftp import open_server

    return open_server(location, environ)
