"""The front door itself: how a command ends when somebody stops it, and what a poor terminal gets to see."""

import os
import subprocess
import sys

import pytest

# a command in which something makes an error of its own out of the signal, as dbt and the engine do
STOPPED = """
import os, signal, sys
import click
from cli import main

@click.command()
def slow():
    try:
        os.kill(os.getpid(), signal.{sent}) if {sent!r} else None
        signal.pause() if {sent!r} else None
    except KeyboardInterrupt:
        pass
    raise RuntimeError("query interrupted")

signal.signal(signal.SIGTERM, signal.default_int_handler)
main.cdp.get_command = lambda *_: slow
sys.argv = ["cdp", "slow"]
main.main()
"""


def ended(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, check=False
    )


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM"])
def test_a_command_that_is_stopped_says_so_whatever_it_was_doing(sent):
    result = ended(STOPPED.replace("{sent!r}", repr(sent)).replace("{sent}", sent))
    assert result.returncode == 130
    assert b"Stopped. Nothing is lost" in result.stderr and b"Traceback" not in result.stderr


def test_a_fault_of_our_own_is_not_called_a_stop():
    result = ended(STOPPED.replace("{sent!r}", "''").replace("signal.{sent}", "0"))
    assert result.returncode == 1 and b"query interrupted" in result.stderr


@pytest.mark.parametrize(
    "refused",
    [
        "PermissionError(13, 'Permission denied', 'data')",
        "sqlite3.OperationalError('database or disk is full')",
        "duckdb.TransactionException('Failed to commit: Could not write file: No space left on device')",
    ],
)
def test_a_disk_that_refuses_is_said_in_a_sentence(refused):
    code = STOPPED.replace("{sent!r}", "''").replace("signal.{sent}", "0")
    result = ended("import duckdb, sqlite3" + code.replace('RuntimeError("query interrupted")', refused))
    assert result.returncode == 1
    assert b"could not be read or written" in result.stderr and b"Traceback" not in result.stderr


def test_a_terminal_without_a_sign_shows_something_else_and_nothing_stops():
    code = (
        "import sys, click; from cli import main; sys.argv = ['cdp', 'x']; "
        "main.cdp.get_command = lambda *_: click.Command('x', callback=lambda: print('a – b')); main.main()"
    )
    result = ended(code, PYTHONIOENCODING="latin-1")
    assert (result.returncode, result.stdout) == (0, b"a ? b\n")
