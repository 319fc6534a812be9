"""A folder on an SFTP server: the server's key is checked against the declared one before a password is sent.

Reading only; what is copied, and where to, is decided by the caller.
"""

from __future__ import annotations

import logging
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import paramiko

from ingestion.declarations import Location
from ingestion.errors import ConnectionCut, PullError, PullFailed, RemoteFileChanged, RemoteFileRefused
from ingestion.remote.folders import RemoteFile, read_settings
from ingestion.remote.names import shown

CHUNK_BYTES = 256 << 10
CONNECT_SECONDS = 20.0
PATIENCE_SECONDS = 60.0
REQUESTS_AHEAD = 64  # of 32 kB each: hides the line's delay and holds 2 MB
_KEY_KINDS = ("ssh-", "ecdsa-", "sk-")

# the library logs tracebacks of its own thread beside the errors it raises
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@contextmanager
def open_server(location: Location, environ: Mapping[str, str]) -> Iterator[Server]:
    """A signed-in connection to the declared server, closed at the end of the block."""
    settings = read_settings(location, environ)
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(_UnknownHost(location))
        _trust(client, location, settings.get("host_key", ""))
        with _explained_sign_in(location):
            client.connect(
                location.host,
                location.port,
                username=settings["user"],
                allow_agent=False,
                look_for_keys=False,
                timeout=CONNECT_SECONDS,
                banner_timeout=PATIENCE_SECONDS,
                auth_timeout=PATIENCE_SECONDS,
                **_credentials(location, settings),
            )
            session = _Session.from_transport(client.get_transport())
            session.get_channel().settimeout(PATIENCE_SECONDS)
        yield Server(location, session)


class Server:
    """See RemoteFolder."""

    def __init__(self, location: Location, session: Any) -> None:  # noqa: ANN401 (paramiko is not typed)
        self._location, self._session = location, session

    def list_files(self, depth: int, refuse: Callable[[str], None], /) -> Iterator[RemoteFile]:
        yield from self._walk("", depth, refuse)

    def read(self, name: str) -> Iterator[bytes]:
        with self._explained(name), self._session.open(self._path(name), "rb") as file:
            _ask_ahead(file)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def look_at(self, name: str) -> RemoteFile:
        with self._explained(name):
            return _describe(name, self._session.stat(self._path(name)))

    def _walk(self, folder: str, depth: int, refuse: Callable[[str], None]) -> Iterator[RemoteFile]:
        for entry in self._list(folder, refuse):
            name, mode = f"{folder}{entry.filename}", entry.st_mode or stat.S_IFREG
            # links to folders are not followed: they may lead round in circles
            if stat.S_ISDIR(mode) and depth:
                yield from self._walk(f"{name}/", depth - 1, refuse)
            elif stat.S_ISLNK(mode):
                yield from self._follow(name, entry)
            elif stat.S_ISREG(mode):
                yield _describe(name, entry)

    def _list(self, folder: str, refuse: Callable[[str], None]) -> list[Any]:
        try:
            with self._explained(folder):
                return list(self._session.listdir_attr(self._path(folder)))
        except RemoteFileChanged:
            return []  # the folder went away, and its files with it
        except RemoteFileRefused as refusal:
            if not folder:
                raise PullFailed(
                    f"{self._location.url} may not be listed. Ask the server's operator for read access, and run again."
                ) from refusal
            refuse(str(refusal))
            return []

    def _follow(self, name: str, link: Any) -> Iterator[RemoteFile]:  # noqa: ANN401
        try:
            with self._explained(name):
                target = self._session.stat(self._path(name))
        except RemoteFileChanged:
            return  # it leads nowhere
        except RemoteFileRefused:
            yield _describe(name, link)  # if a table asks for it, reading it tells why not
            return
        if stat.S_ISREG(target.st_mode or 0):
            yield _describe(name, target)

    def _path(self, name: str) -> bytes:
        # as bytes, because names come as bytes and need not be UTF-8
        return f"{self._location.folder}/{name}".encode("utf-8", "surrogateescape")

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if not name:
                raise PullFailed(f"{self._location.url} does not exist. Correct `location.url`.") from error
            raise RemoteFileChanged(f"{shown(name)} went away") from error
        except (EOFError, OSError, paramiko.SSHException) as error:
            raise self._explain(name, error) from error

    def _explain(self, name: str, error: Exception) -> PullError:
        # an answer with a refusal has no error number; a connection that ended has one, or ends the channel
        is_answer = isinstance(error, OSError) and not error.errno and not isinstance(error, TimeoutError)
        if not isinstance(error, PermissionError) and (not is_answer or self._session.get_channel().closed):
            return ConnectionCut(f"the connection to {self._location.host} was cut")
        return RemoteFileRefused(f"{shown(name)} is not given to this user ({shown(str(error))})")


class _Session(paramiko.SFTPClient):  # type: ignore[misc]  # paramiko is not typed
    """A session that can list names which are not UTF-8: one such name would make the whole folder unreadable."""

    def _request(self, kind: int, *arguments: object) -> tuple[int, Any]:
        kind, message = super()._request(kind, *arguments)
        message.get_text = lambda: message.get_string().decode("utf-8", "surrogateescape")
        return kind, message


def _ask_ahead(file: Any) -> None:  # noqa: ANN401
    """Keep requests under way for what follows: one at a time, a line with 30 ms of delay gives 1 MB/s."""
    send = file._prefetch_thread

    def send_quietly(*arguments: object) -> None:
        # a cut ends the reading as well, which tells it; here it would only print a traceback
        with suppress(EOFError, OSError, paramiko.SSHException):
            send(*arguments)

    file._prefetch_thread = send_quietly
    file.prefetch(file.stat().st_size, REQUESTS_AHEAD)


class _UnknownHost:
    """Refuses a server whose key nobody declared, and says how to declare it."""

    def __init__(self, location: Location) -> None:
        self._location = location

    def missing_host_key(self, _client: object, _hostname: str, key: Any) -> None:  # noqa: ANN401
        place, line = self._location, f"{key.get_name()} {key.get_base64()}"
        raise PullFailed(
            f"{place.url} is not known here, so no password was sent. It shows the key {key.fingerprint}: ask its "
            f"operator whether that is right. If it is, write `host_key: CDP_…_HOST_KEY` into the source's `location`, "
            f"put this into the environment under that name, and run again: {line}"
        )


def _trust(client: Any, location: Location, declared: str) -> None:  # noqa: ANN401
    """Let the client know the declared keys: lines as `ssh-keyscan` prints them, or without the host in front."""
    name = location.host if location.port == 22 else f"[{location.host}]:{location.port}"
    for line in declared.splitlines():
        words = line.split()
        start = next((at for at, word in enumerate(words) if word.startswith(_KEY_KINDS)), None)
        if start is None or line.startswith("#"):
            continue
        entry = paramiko.hostkeys.HostKeyEntry.from_line(" ".join([name, *words[start : start + 2]]))
        if entry is not None:
            client.get_host_keys().add(name, entry.key.get_name(), entry.key)
    if declared and not client.get_host_keys():
        raise PullFailed(
            f"{location.host_key} holds no key of a server. Put what `ssh-keyscan {location.host}` prints there."
        )


def _credentials(location: Location, settings: Mapping[str, str]) -> dict[str, Any]:
    if "key_file" not in settings:
        return {"password": settings["password"]}
    phrase = settings.get("password")
    try:
        return {"pkey": paramiko.PKey.from_path(settings["key_file"], phrase.encode() if phrase else None)}
    except (OSError, TypeError, ValueError, paramiko.SSHException) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PullFailed(
            f"The private key whose path stands in {location.key_file} cannot be used ({reason}). Correct the path; if the "
            f"key has a passphrase, name the variable that holds it in `location.password`; if it is not in OpenSSH's "
            f"form, `ssh-keygen -p` on it changes that."
        ) from error


@contextmanager
def _explained_sign_in(location: Location) -> Iterator[None]:
    try:
        yield
    except paramiko.BadHostKeyException as error:
        raise PullFailed(
            f"{location.url} shows another key ({error.key.fingerprint}) than the one in {location.host_key}, so nothing "
            f"was sent. Ask its operator: either the key was changed, or something stands between."
        ) from error
    except paramiko.AuthenticationException as error:
        names = " and ".join(filter(None, [location.user, location.password, location.key_file]))
        raise PullFailed(f"{location.url} refused the sign-in. Correct {names}, and run again.") from error
    except (EOFError, OSError, paramiko.SSHException) as error:
        where = f"{location.host}:{location.port}"
        raise ConnectionCut(
            f"{where} did not answer as a server for SFTP does ({shown(str(error))})"
        ) from error


def _describe(name: str, entry: Any) -> RemoteFile:  # noqa: ANN401
    return RemoteFile(name, entry.st_size or 0, (entry.st_mtime or 0) * 1_000_000_000)
