"""Where files wait to be fetched: a bucket or a server, from which they are copied into the landing folder.

Secrets are named here, never written: the environment holds them.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from pydantic import Field, model_validator

from ingestion.declarations.columns import Declaration, EnvironmentName

# what is only understood by one kind of place
_ONLY = {"s3": ("endpoint", "region"), "sftp": ("key_file", "host_key")}


class Location(Declaration):
    """A remote folder whose files are copied into `landing/<source>/` under the same relative names.

    `url` is `s3://bucket/prefix` or `sftp://host[:port]/folder` (`/~/folder` begins at the user's own folder). A bucket
    of another maker needs its `endpoint` (`https://host[:port]`, addressed by path) and maybe a `region`. User and
    password (for a bucket: key id and secret key; without them the machine's own credentials count) stand in the named
    environment variables; a private key in the file whose path stands in `key_file` (with `password` for its
    passphrase); the server's own key, as `ssh-keyscan` prints it, in `host_key`.
    """

    url: str = Field(pattern=r"^(s3|sftp)://[^/]+(/.*)?$")
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^/@]+/?$")
    region: str | None = None
    user: EnvironmentName | None = None
    password: EnvironmentName | None = None
    key_file: EnvironmentName | None = None
    host_key: EnvironmentName | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Location:
        other = "sftp" if self.scheme == "s3" else "s3"
        for name in _ONLY[other]:
            if getattr(self, name) is not None:
                raise ValueError(f"`{name}` is only for {other}:// places")
        if "@" in self._authority:
            raise ValueError(
                "`url` holds a user: name the environment variable that holds it in `user` instead"
            )
        if self.scheme == "sftp" and (self.user is None or not (self.password or self.key_file)):
            raise ValueError("a server needs `user`, and `password` or `key_file`")
        if self.scheme == "s3" and (self.user is None) != (self.password is None):
            raise ValueError("a bucket needs both `user` (key id) and `password` (secret key), or neither")
        _ = self.port  # raises ValueError when it is not a number
        return self

    @property
    def scheme(self) -> str:
        """`s3` or `sftp`."""
        return self.url.partition("://")[0]

    @property
    def host(self) -> str:
        """The server's name, or the bucket's."""
        return self._authority if self.scheme == "s3" else (self._split.hostname or "")

    @property
    def port(self) -> int:
        """The server's port; 22 where none is given."""
        return self._split.port or 22

    @property
    def folder(self) -> str:
        """The folder on the server (`/` in front, or relative to the user's own), or the prefix in the bucket."""
        path = self.url.partition("://")[2].partition("/")[2].strip("/")
        if self.scheme == "s3":
            return path
        return (path[2:] or ".") if path == "~" or path.startswith("~/") else f"/{path}"

    @property
    def _authority(self) -> str:
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def _split(self) -> SplitResult:
        return urlsplit(f"//{self._authority}")
