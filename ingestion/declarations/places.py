"""Where files wait to be fetched: a bucket or a server, from which they are copied into the landing folder.

Secrets are named here, never written: the environment holds them.
"""

from __future__ import annotations

from pydantic import Field

from ingestion.declarations.columns import Declaration, EnvironmentName


class Location(Declaration):
    """A remote folder whose files are copied into `landing/<source>/` under the same relative names.

    `url` is `s3://bucket/prefix` or `sftp://host[:port]/folder`. A bucket of another maker needs `endpoint`. User and
    password (for a bucket: key id and secret key) stand in the named environment variables, a private key in a file
    whose path stands in `key_file`, and the server's own key, as `ssh-keyscan` prints it, in `host_key`.
    """

    url: str = Field(pattern=r"^(s3|sftp)://[^/]+(/.*)?$")
    endpoint: str | None = None
    region: str | None = None
    user: EnvironmentName | None = None
    password: EnvironmentName | None = None
    key_file: EnvironmentName | None = None
    host_key: EnvironmentName | None = None
