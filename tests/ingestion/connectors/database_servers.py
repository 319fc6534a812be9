"""Database servers of a test's own: in a folder that their user can reach, on a free port of loopback."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hand_over(folder: Path) -> list[str]:
    """Give the folder to a user that servers run as, not root; returns what to put before their commands."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return ["runuser", "-u", "nobody", "--"]


def run(as_user: list[str], *command: object) -> None:
    done = subprocess.run(
        [*as_user, *map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        cwd="/", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
