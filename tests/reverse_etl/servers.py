"""Servers that nobody here wrote, on loopback, which a test may stop and start again: PostgreSQL, SFTP, a bucket, mail."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

BIN = Path("/usr/lib/postgresql/15/bin")


class Postgres:
    """A cluster of its own in a folder, run as a user that is not root."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.as_user = []
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self.as_user = ["runuser", "-u", "nobody", "--"]
        self._run(
            "initdb", "-D", f"{folder}/data", "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
        )

    @property
    def url(self):
        return f"postgresql://shop@127.0.0.1:{self.port}/postgres"

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run(
            "pg_ctl", "-D", f"{self.folder}/data", "-o", options, "-l", f"{self.folder}/log", "-w", "start"
        )

    def stop(self):
        """At once, as if the machine had lost power."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def _run(self, program, *arguments):
        done = subprocess.run(
            [*self.as_user, str(BIN / program), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def why_no_postgres():
    """Why PostgreSQL cannot be run here, or None."""
    if not (BIN / "initdb").exists():
        return f"needs PostgreSQL 15 in {BIN}"
    if os.geteuid() == 0 and not shutil.which("runuser"):
        return "needs runuser, to start PostgreSQL as another user than root"
    return None


class Sftp:
    """asyncssh's server over a folder; it can be told to drop the connection after so many written bytes."""

    def __init__(self, folder):
        import asyncssh

        self.folder, self.port = folder, free_port()
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = self.key.export_public_key().decode().strip()
        self.drop_after = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server, self._connections = None, []

    def start(self):
        self._call(self._listen())

    def stop(self):
        async def end():
            self._server.close()
            await self._server.wait_closed()
            for connection in self._connections:
                connection.abort()
                await connection.wait_closed()
            self._connections.clear()
            # what was cut off ends its tasks on the loop's next turns
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.wait(others, timeout=2) if others else None

        if self._server is not None:
            self._call(end())
        self._server = None

    def close(self):
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _listen(self):
        import asyncssh

        outer = self

        class SignIn(asyncssh.SSHServer):
            def connection_made(self, connection):
                outer._connections.append(connection)

            def begin_auth(self, username):
                return True

            def password_auth_supported(self):
                return True

            def validate_password(self, username, password):
                return (username, password) == ("shop", "canary")

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel):
                super().__init__(channel, chroot=str(outer.folder))
                self._connection = channel.get_connection()

            def write(self, file_obj, offset, data):
                if outer.drop_after is not None and offset + len(data) > outer.drop_after:
                    outer.drop_after = None
                    self._connection.abort()
                return super().write(file_obj, offset, data)

        self._server = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_host_keys=[self.key],
            server_factory=SignIn,
            sftp_factory=Files,
            allow_scp=False,
        )


class Mail:
    """aiosmtpd's server; `refuse` is what it answers instead of taking the mail.

    `vanish` cuts the connection when the mail was taken, `hang_up` so many times before anything of it was given.
    """

    def __init__(self):
        self.port, self.taken, self.refuse, self.vanish = free_port(), [], None, False
        self.hang_up = 0
        self._controller = None

    def start(self):
        from aiosmtpd.controller import Controller

        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self):
        if self._controller is not None:
            self._controller.stop(no_assert=True)
        self._controller = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.hang_up:
            self.hang_up -= 1
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.refuse:
            return self.refuse
        self.taken.append(envelope)
        if self.vanish:
            server.transport.abort()
        return "250 taken"


class Cutter:
    """A wire to another server that breaks, for every connection made meanwhile, in the middle of what is said.

    `sent` and `answered` say before what it breaks in either direction: so many bytes, or certain words; None = nothing.
    """

    def __init__(self, port):
        self.port, self.target = free_port(), port
        self.sent = self.answered = None
        self.cuts = 0
        self._listener = None

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            for source, sink, limit in ((near, far, "sent"), (far, near, "answered")):
                threading.Thread(target=self._pass, args=(source, sink, limit), daemon=True).start()

    def _pass(self, source, sink, limit):
        most, passed = getattr(self, limit), 0
        try:
            while data := source.recv(4096):
                end = data.find(most) if isinstance(most, bytes) else -1 if most is None else most - passed
                if 0 <= end < len(data):
                    self.cuts += 1
                    sink.sendall(data[:end])
                    break
                passed += len(data)
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(server):
    server.start()
    try:
        yield server
    finally:
        getattr(server, "close", server.stop)()
