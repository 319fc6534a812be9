"""Files on an SFTP server: written under a temporary name and renamed, so that nobody reads half a file.

The server's key is checked against the declared one before a password is sent.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import paramiko

from reverse_etl.contract import Request, Response
from reverse_etl.errors import TargetFailed
from reverse_etl.transports.sequence import OneByOne, refusal

_CONNECT_SECONDS = 20.0
_PATIENCE_SECONDS = 60.0
_KEY_KINDS = ("ssh-", "ecdsa-", "sk-")

# the library logs tracebacks of its own thread beside the errors it raises
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class SftpTransport(OneByOne):
    """One folder of one server."""

    _client: Any = None
    _session: Any = None

    def send(self, request: Request) -> Response:
        try:
            session = self._opened()
        except paramiko.AuthenticationException:
            return refusal(401, "the server refused the sign-in")
        except (paramiko.BadHostKeyException, _Stranger):
            return refusal(403, "the server shows another key than the one in CDP_SFTP_HOST_KEY")
        except (EOFError, OSError, ValueError, paramiko.SSHException) as error:
            return Response(0, error=f"could not connect ({type(error).__name__})", is_unsent=True)
        try:
            self._put(session, request)
        except PermissionError:
            return refusal(403, f"the user may not write {request.path}")
        except (EOFError, OSError, paramiko.SSHException) as error:
            return Response(0, error=f"{request.path} could not be written ({type(error).__name__})")
        return Response(200)

    def read(self, path: str, /) -> bytes | None:
        """The file's bytes, None when it is not there. Raises TargetFailed when that cannot be known."""
        try:
            with self._opened().open(self._path(path), "rb") as file:
                return bytes(file.read())
        except FileNotFoundError:
            return None
        except (EOFError, OSError, ValueError, paramiko.SSHException, _Stranger) as error:
            raise TargetFailed(
                f"{path} could not be read back from the SFTP server ({type(error).__name__}). Run again."
            ) from error

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = self._session = None

    def _put(self, session: Any, request: Request) -> None:  # noqa: ANN401 (paramiko is not typed)
        final = self._path(request.path)
        partial = self._path(f".{request.path}.partial")
        self._make_folder(session)
        with session.open(partial, "wb") as file:
            file.set_pipelined(True)
            file.write(request.content or b"")
        if session.stat(partial).st_size != len(request.content or b""):
            raise OSError("the server holds another number of bytes")
        session.posix_rename(partial, final)

    def _make_folder(self, session: Any) -> None:  # noqa: ANN401
        made = ""
        for part in filter(None, self._folder().split("/")):
            made = f"{made}/{part}"
            # it is there, or may not be made: then writing says so
            with suppress(OSError):
                session.mkdir(made)

    def _opened(self) -> Any:  # noqa: ANN401
        if self._session is None:
            parts = urlsplit(self.account.address)
            self._client = paramiko.SSHClient()
            self._client.set_missing_host_key_policy(_RefuseStrangers())
            self._trust(parts.hostname or "", parts.port or 22)
            settings = self.account.settings
            secret: dict[str, Any] = {"password": settings["password"] or None}
            if settings["key_file"]:
                secret = {"key_filename": settings["key_file"], "passphrase": settings["password"] or None}
            self._client.connect(
                parts.hostname,
                parts.port or 22,
                username=unquote(parts.username or ""),
                allow_agent=False,
                look_for_keys=False,
                timeout=_CONNECT_SECONDS,
                banner_timeout=_PATIENCE_SECONDS,
                auth_timeout=_PATIENCE_SECONDS,
                **secret,
            )
            self._session = self._client.open_sftp()
            self._session.get_channel().settimeout(_PATIENCE_SECONDS)
        return self._session

    def _trust(self, host: str, port: int) -> None:
        """Let the client know the declared keys, as `ssh-keyscan` prints them, with or without the host in front."""
        name = host if port == 22 else f"[{host}]:{port}"
        for line in self.account.settings["host_key"].splitlines():
            words = line.split()
            start = next((at for at, word in enumerate(words) if word.startswith(_KEY_KINDS)), None)
            if start is None:
                continue
            entry = paramiko.hostkeys.HostKeyEntry.from_line(" ".join([name, *words[start : start + 2]]))
            if entry is not None:
                self._client.get_host_keys().add(name, entry.key.get_name(), entry.key)

    def _folder(self) -> str:
        return unquote(urlsplit(self.account.address).path).rstrip("/")

    def _path(self, name: str) -> str:
        return f"{self._folder()}/{name}"


class _Stranger(Exception):
    """The server's key is none that was declared."""


class _RefuseStrangers(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # paramiko is not typed
    def missing_host_key(self, _client: object, _hostname: str, _key: object) -> None:
        raise _Stranger
