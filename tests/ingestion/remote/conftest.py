"""A bucket server and an SFTP server on loopback that nobody here wrote, and a line between that can be cut.

What is fetched from them, and how that goes wrong, is in the tests.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncssh
import boto3
import pytest
from moto.server import ThreadedMotoServer

from ingestion.declarations import Source
from ingestion.remote import fetch, fetching

sys.path.insert(0, str(Path(__file__).parent))  # for the test data beside

from remote_source import make_source

NOON = 1_790_000_000


class Line:
    """A line to a server: after `cut_after` bytes of answers it goes dead, as often as `cuts` says."""

    def __init__(self, port: int) -> None:
        self.cut_after, self.cuts = 0, 0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for args in ((near, far, False), (far, near, True)):
                    self._threads.append(threading.Thread(target=self._pump, args=args))
                    self._threads[-1].start()

    def _pump(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(16384):
                passed += len(data)
                if is_answer and self.cuts and passed > self.cut_after:
                    self.cuts -= 1
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        if is_answer:
            source.close()
            target.close()


class Remote:
    """One remote folder: put files there, fetch them, look at landing."""

    location: dict[str, str]
    environ: dict[str, str]
    line: Line

    def __init__(self, landing: Path) -> None:
        self.landing = landing
        self.notes: list[str] = []
        self.told: list[tuple[int, int | None, str]] = []

    def source(self, *files: str, **source: object) -> Source:
        return make_source(self.location, *files, **source)

    def fetch(self, *files: str, **source: object) -> list[str]:
        pulled = fetch(
            self.source(*files, **source),
            self.landing,
            environ=self.environ,
            progress=lambda _stage, done, total, note="": self.told.append((done, total, note)),
            note=self.notes.append,
        )
        for file in pulled:
            assert (file.source, file.rows) == ("shop", None)
            assert (self.landing / file.file).stat().st_size == file.bytes
        return [file.file.removeprefix("shop/") for file in pulled]

    def landed(self) -> dict[str, bytes]:
        """Everything in landing but the hidden folder; nothing unfinished may be left there."""
        files = {path for path in self.landing.rglob("*") if path.is_file()}
        hidden = {path for path in files if ".fetching" in path.parts}
        assert {path.name for path in hidden} <= {"fetched.json"}
        return {
            path.relative_to(self.landing / "shop").as_posix(): path.read_bytes() for path in files - hidden
        }


class BucketRemote(Remote):
    """The prefix `exports` of a bucket."""

    def __init__(self, landing: Path, endpoint: str, name: str) -> None:
        super().__init__(landing)
        self.endpoint, self.name = endpoint, name
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )
        self.client.create_bucket(Bucket=name)
        self.line = Line(int(endpoint.rpartition(":")[2]))
        self.environ = {"CDP_KEY": "key", "CDP_SECRET": "secret"}
        self.location = {
            "url": f"s3://{name}/exports",
            "endpoint": f"http://127.0.0.1:{self.line.port}",
            "user": "CDP_KEY",
            "password": "CDP_SECRET",
        }

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=f"exports/{name}", Body=content)


class ServerRemote(Remote):
    """The folder `/exports` of an SFTP server; `denied` and `growing` names misbehave."""

    def __init__(self, landing: Path, folder: Path) -> None:
        super().__init__(landing)
        self.folder = folder / "exports"
        self.folder.mkdir(parents=True)
        self.denied: set[str] = set()
        self.growing: set[str] = set()
        self.sign_ins: list[str] = []
        self.keys: list[str] = []
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._run(self._listen())
        self.line = Line(self._server.sockets[0].getsockname()[1])
        shown_key = self.host_key.export_public_key().decode().strip()
        self.environ = {"CDP_USER": "reader", "CDP_PASSWORD": "s3cret", "CDP_HOST_KEY": shown_key}
        self.location = {
            "url": f"sftp://127.0.0.1:{self.line.port}/exports",
            "user": "CDP_USER",
            "password": "CDP_PASSWORD",
            "host_key": "CDP_HOST_KEY",
        }

    def put(self, name: str | bytes, content: bytes, modified: int = NOON) -> None:
        path = os.path.join(os.fsencode(self.folder), os.fsencode(name))  # noqa: PTH118 (names that are not UTF-8)
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(content)
        os.utime(path, (modified, modified))

    def close(self) -> None:
        self.line.close()
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, task):
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(20)

    async def _listen(self):
        remote = self

        class Door(asyncssh.SSHServer):
            def begin_auth(self, username):
                return True

            def password_auth_supported(self):
                return True

            def validate_password(self, username, password):
                remote.sign_ins.append(password)
                return (username, password) == ("reader", "s3cret")

            def public_key_auth_supported(self):
                return True

            def validate_public_key(self, username, key):
                return key.export_public_key().decode().strip() in remote.keys

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel):
                super().__init__(channel, chroot=str(remote.folder.parent))

            def open(self, path, pflags, attrs):
                name = os.fsdecode(path).rpartition("/")[2]
                if name in remote.denied:
                    raise asyncssh.SFTPPermissionDenied("no")
                if name in remote.growing:
                    with (remote.folder / name).open("ab") as file:
                        file.write(b"more\n")
                return super().open(path, pflags, attrs)

            async def scandir(self, path):
                if os.fsdecode(path).rstrip("/").rpartition("/")[2] in remote.denied:
                    raise asyncssh.SFTPPermissionDenied("no")
                async for entry in super().scandir(path):
                    yield entry

        return await asyncssh.create_server(
            Door, "127.0.0.1", 0, server_host_keys=[self.host_key], sftp_factory=Files
        )

    async def _stop(self):
        self._server.close()
        await self._server.wait_closed()
        await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "WAITS", (0.0, 0.0))


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(tmp_path: Path, bucket_server: str, request: pytest.FixtureRequest) -> Iterator[BucketRemote]:
    remote = BucketRemote(tmp_path / "landing", bucket_server, f"shop-{abs(hash(request.node.name))}")
    yield remote
    remote.line.close()
    remote.client.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerRemote]:
    remote = ServerRemote(tmp_path / "landing", tmp_path / "server")
    yield remote
    remote.close()


@pytest.fixture(params=["bucket", "server"])
def remote(request: pytest.FixtureRequest) -> Remote:
    """Either place: what holds for one holds for the other."""
    return request.getfixturevalue(request.param)
