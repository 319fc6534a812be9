"""A folder of an S3-compatible bucket: Amazon's, or another maker's that is declared with its endpoint.

Reading only; what is copied, and where to, is decided by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyarrow import ArrowException, fs

from ingestion.declarations import Location
from ingestion.errors import ConnectionCut, PullError, PullFailed, RemoteFileChanged, RemoteFileRefused
from ingestion.remote.folders import RemoteFile, read_settings
from ingestion.remote.names import shown

CHUNK_BYTES = 8 << 20
CONNECT_SECONDS = 10.0

# what the library says → what a person can do; everything else counts as a cut connection
_REFUSALS = {
    "NO_SUCH_BUCKET": "there is no such bucket. Correct `location.url`",
    "ACCESS_DENIED": "this key may not list or read it. Ask the owner of the bucket for read access",
    "INVALID_ACCESS_KEY_ID": "the key id is not known. Correct the value of the variable named in `location.user`",
    "SIGNATURE_DOES_NOT_MATCH": "the secret key is wrong. Correct the value of the variable named in "
    "`location.password`",
    "INVALID_CLIENT_TOKEN_ID": "the key id is not known. Correct the value of the variable named in `location.user`",
}


@contextmanager
def open_bucket(location: Location, environ: Mapping[str, str]) -> Iterator[Bucket]:
    """The declared bucket and prefix; nothing is asked before the first listing."""
    settings = read_settings(location, environ)
    with _explained(location):
        store = fs.S3FileSystem(
            access_key=settings.get("user"),
            secret_key=settings.get("password"),
            connect_timeout=CONNECT_SECONDS,
            **_address(location),
        )
    yield Bucket(location, store)


class Bucket:
    """See RemoteFolder."""

    def __init__(self, location: Location, store: Any) -> None:  # noqa: ANN401 (pyarrow is not typed)
        self._location, self._store = location, store
        self._root = f"{location.host}/{location.folder}".rstrip("/")

    def list_files(self, depth: int, _refuse: Callable[[str], None], /) -> Iterator[RemoteFile]:
        with _explained(self._location):
            try:
                found = self._store.get_file_info(fs.FileSelector(self._root, recursive=depth > 0))
            except FileNotFoundError:
                return  # a prefix without files does not exist, which is no fault: all may have been taken away
        yield from (self._describe(info) for info in found if info.is_file)

    def read(self, name: str) -> Iterator[bytes]:
        with _explained(self._location, name), self._store.open_input_stream(self._path(name)) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk

    def look_at(self, name: str) -> RemoteFile:
        with _explained(self._location, name):
            info = self._store.get_file_info(self._path(name))
        if not info.is_file:
            raise RemoteFileChanged(f"{shown(name)} went away")
        return self._describe(info)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _describe(self, info: Any) -> RemoteFile:  # noqa: ANN401
        # listings of some makers show milliseconds, while asking for one file shows seconds everywhere
        modified = info.mtime_ns // 1_000_000_000
        return RemoteFile(info.path.removeprefix(f"{self._root}/"), info.size, modified * 1_000_000_000)


def _address(location: Location) -> dict[str, str]:
    """Where requests go: a maker's own endpoint is addressed by path, Amazon's by the bucket's region."""
    if location.endpoint is None:
        return {"region": location.region or fs.resolve_s3_region(location.host)}
    scheme, _, host = location.endpoint.rstrip("/").partition("://")
    return {"scheme": scheme, "endpoint_override": host, "region": location.region or "us-east-1"}


@contextmanager
def _explained(location: Location, name: str | None = None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise RemoteFileChanged(f"{shown(name or location.url)} went away") from error
    except (OSError, ArrowException) as error:
        raise _explain(location, name, error) from error


def _explain(location: Location, name: str | None, error: Exception) -> PullError:
    for code, advice in _REFUSALS.items():
        if f"AWS Error {code}" in str(error):
            if name is not None and code == "ACCESS_DENIED":
                return RemoteFileRefused(f"{shown(name)} is not given to this key")
            return PullFailed(f"{location.url} cannot be read: {advice}, and run again.")
    where = location.endpoint or location.url
    return ConnectionCut(f"{where} did not answer as a bucket does ({_first_words(error)})")


def _first_words(error: Exception) -> str:
    return shown(str(error).partition("Details:")[0].splitlines()[0] if str(error) else type(error).__name__)
