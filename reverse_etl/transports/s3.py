"""Files in an S3-compatible bucket: an object appears whole or not at all, because the store shows it when it is complete.

Only writing and reading one object at a time; what is in it is decided elsewhere.
"""

from __future__ import annotations

from typing import Any

from pyarrow import ArrowException, fs

from reverse_etl.contract import Request, Response
from reverse_etl.errors import TargetFailed
from reverse_etl.transports.sequence import OneByOne, refusal

_CONNECT_SECONDS = 10.0
_REFUSED = ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "INVALID_CLIENT_TOKEN_ID")
_MISSING = ("NO_SUCH_BUCKET",)


class BucketTransport(OneByOne):
    """One bucket and prefix."""

    _store: Any = None

    def send(self, request: Request) -> Response:
        path, content = self._path(request.path), request.content or b""
        try:
            with self._opened().open_output_stream(path) as stream:
                stream.write(content)
            size = self._opened().get_file_info(path).size
        except (OSError, ArrowException) as error:
            return _explain(error)
        if size != len(content):
            return Response(0, error=f"the bucket holds {size} of {len(content)} bytes")
        return Response(200)

    def read(self, path: str, /) -> bytes | None:
        """The object's bytes, None when it is not there. Raises TargetFailed when that cannot be known."""
        try:
            if not self._opened().get_file_info(self._path(path)).is_file:
                return None
            with self._opened().open_input_stream(self._path(path)) as stream:
                return bytes(stream.read())
        except (OSError, ArrowException) as error:
            raise TargetFailed(
                f"{path} could not be read back from the bucket: {_words(error)}. Run again."
            ) from error

    def close(self) -> None:
        self._store = None

    def _opened(self) -> Any:  # noqa: ANN401 (pyarrow is not typed)
        if self._store is None:
            settings = self.account.settings
            self._store = fs.S3FileSystem(
                access_key=settings["access_key_id"],
                secret_key=settings["secret_access_key"],
                connect_timeout=_CONNECT_SECONDS,
                retry_strategy=fs.AwsDefaultS3RetryStrategy(max_attempts=1),  # trying again is decided here
                **_address(settings["endpoint"], settings["region"]),
            )
        return self._store

    def _path(self, name: str) -> str:
        return f"{self.account.address.removeprefix('s3://').rstrip('/')}/{name}"


def _address(endpoint: str, region: str) -> dict[str, str]:
    """A maker's own endpoint is addressed by path, Amazon's by region."""
    if not endpoint:
        return {"region": region or "us-east-1"}
    scheme, _, host = endpoint.rstrip("/").partition("://")
    return {"scheme": scheme, "endpoint_override": host, "region": region or "us-east-1"}


def _explain(error: Exception) -> Response:
    words = str(error)
    if any(f"AWS Error {code}" in words for code in _REFUSED):
        return refusal(403, "the bucket refused the key")
    if any(f"AWS Error {code}" in words for code in _MISSING):
        return refusal(403, "there is no such bucket")
    return Response(0, error=f"the bucket did not answer ({_words(error)})")


def _words(error: Exception) -> str:
    return str(error).partition("Details:")[0].splitlines()[0][:200] if str(error) else type(error).__name__
