"""The `cdp` command and its subcommands; each is imported only when it is called, so that `--help` is quick.

No command's work is done here.
"""

from __future__ import annotations

import importlib
import io
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import click

from cli.help import Group
from warehouse.errors import CdpError

COMMANDS = {
    "run": "cli.run:run",
    "status": "cli.status:status",
    "check": "cli.check:check",
    "sources": "cli.sources:sources",
    "ui": "cli.ui:ui",
    "customer": "cli.customer:customer",
    "identity": "cli.identity:identity",
    "segment": "cli.segment:segment",
    "consent": "cli.consent:consent",
    "metric": "cli.metric:metric",
    "report": "cli.report:report",
    "reconcile": "cli.reconcile:reconcile",
    "trace": "cli.trace:trace",
    "sync": "cli.sync:sync",
    "alerts": "cli.alerts:alerts",
    "sandbox": "cli.sandbox:sandbox",
    "restore": "cli.restore:restore",
}


# what the engines say when the file system refuses
_DISK = re.compile(
    r"(?i)no space left|disk (?:i/o|is full)|could not write|unable to open|read-?only (?:file|database)"
)


class LazyGroup(Group):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cdp", prog_name="cdp")
def cdp() -> None:
    """A customer data platform in your warehouse.

    \b
    Start here:
      cdp run --sandbox        try everything on a pretend shop
      cdp run                  load what is in the landing folder, unify, segment, sync
      cdp status               what the last run did, and what needs a person
      cdp sources add X        a new source, from a template or guessed from a file
      cdp customer X           who is on the phone: by email, phone, order or name
      cdp identity explain X   why these records are one customer
      cdp consent show X       what a customer agreed to, on any day, with proof
      cdp metric revenue       a figure over time, --by channel and more
      cdp report               everything an owner asks, as one page
      cdp reconcile            do our totals agree with each source's, and why not
      cdp trace customers.email   where a column comes from and goes to
      cdp sync plan            what would be sent, without sending it

    The data folder is `data/` in the project, or CDP_DATA_DIR.
    """


def main() -> None:
    """Run `cdp`; an error that a person can act on is printed as a sentence, with exit status 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a sign shows ? for it and nothing stops
    with _signals() as were_sent:
        try:
            result = cdp.main(standalone_mode=False)
            sys.exit(result if isinstance(result, int) else 0)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            _stopped()
        except Exception as error:
            if were_sent():
                _stopped()
            if not isinstance(error, CdpError) and not _is_about_the_disk(error):
                raise
            click.secho(f"\n{_sentence(error)}", fg="red", err=True)
            sys.exit(1)


def _is_about_the_disk(error: Exception) -> bool:
    of_an_engine = type(error).__module__.lstrip("_").partition(".")[0] in ("duckdb", "sqlite3", "sqlalchemy")
    return isinstance(error, OSError) or (of_an_engine and _DISK.search(str(error)) is not None)


def _sentence(error: Exception) -> str:
    if isinstance(error, CdpError):
        return str(error)
    return (
        f"A file or folder could not be read or written: {str(error).splitlines()[0]}. Is there room on the disk, and may "
        f"this user write into the data folder (CDP_DATA_DIR, else `data/` in the project)? Then run it again."
    )


def _stopped() -> NoReturn:
    click.secho(
        "\nStopped. Nothing is lost: `cdp run` goes on from what was finished.", fg="yellow", err=True
    )
    sys.exit(130)


@contextmanager
def _signals() -> Iterator[Callable[[], bool]]:
    """Whether somebody has asked this process to end: what dbt, Dagster and the engine make of it has many names."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

    def were_sent() -> bool:
        with suppress(BlockingIOError):
            return bool({signal.SIGINT, signal.SIGTERM} & set(reader.recv(64)))
        return False

    try:
        yield were_sent
    finally:
        signal.set_wakeup_fd(before)
        reader.close()
        writer.close()


if __name__ == "__main__":
    main()
