"""`cdp sandbox`: the pretend shop and the pretend destinations, for trying everything without keys or contracts.

What the shop's people do and how the destinations answer is made in the sandbox room.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from cli.help import Group
from cli.terminal import console, progress_bars
from sandbox.doubles import last_port, serve
from sandbox.generator import SAMPLE, generate, sample
from sandbox.update import generate_update
from warehouse.errors import CdpError
from warehouse.progress import Progress
from warehouse.settings import Settings


class SandboxRefused(CdpError):
    """The pretend shop would be mixed with files that are not its own."""


@click.group(cls=Group)
def sandbox() -> None:
    """A pretend shop with truth, and pretend destinations that check every request and keep state."""


@sandbox.command()
@click.option("--customers", default=1000, show_default=True, help="How many people it knows.")
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same bytes.")
def make(customers: int, seed: int) -> None:
    """Write the files of a pretend shop into the landing folder, and the truth beside it."""
    settings = Settings.load()
    started = time.monotonic()
    with progress_bars() as show:
        made = make_shop(settings, customers, show, seed=seed)
    if made:
        console.print(
            f"A shop of {customers:,} customers is in {settings.landing_dir} ({time.monotonic() - started:.1f} s)."
        )
    else:
        console.print(f"There is a pretend shop already in {settings.landing_dir}.")


@sandbox.command()
def deliver() -> None:
    """Deliver one new customer export: 20 new and 20 changed customers, for the next run to pick up."""
    settings = Settings.load()
    update = generate_update(settings.data_dir)
    console.print(
        f"Delivered {update.file}: {len(update.new_ids)} new and {len(update.changed_ids)} changed customers."
    )


@sandbox.command()
@click.option("--port", default=8765, show_default=True, help="Port on 127.0.0.1.")
def up(port: int) -> None:
    """Run the pretend destinations until Ctrl-C; a page shows what they hold and lets them misbehave."""
    settings = Settings.load()
    with serve(settings.sandbox_dir, port, settings.landing_dir / "mailchimp") as doubles:
        console.print(f"Pretend destinations: {doubles.url}   (Ctrl-C stops)\nSettings for `cdp run`:")
        for name, value in doubles.environment.items():
            console.print(f"  export {name}={value}", soft_wrap=True)
        while True:
            time.sleep(3600)


@contextmanager
def pretend_shop(settings: Settings, customers: int, show: Progress) -> Iterator[Settings]:
    """A pretend shop in the landing folder (made when there is none), destinations running, and the shop's own now."""
    make_shop(settings, customers, show)
    if not os.environ.get("CDP_AS_OF"):
        os.environ["CDP_AS_OF"] = str(json.loads(_shop_file(settings).read_text())["end"])
    if os.environ.get("CDP_MAILCHIMP_URL"):
        yield Settings.load()  # destinations that somebody else keeps running (`cdp sandbox up`)
        return
    port = last_port(settings.sandbox_dir)
    with serve(settings.sandbox_dir, port, settings.landing_dir / "mailchimp") as doubles:
        os.environ.update(doubles.environment)
        yield Settings.load()


def has_pretend_shop(settings: Settings) -> bool:
    """Whether the data is made up while the tools would be real ones."""
    return _shop_file(settings).exists() and not os.environ.get("CDP_MAILCHIMP_URL")


def make_shop(settings: Settings, customers: int, show: Progress, *, seed: int = 7) -> bool:
    """Write the shop unless it is there; raises SandboxRefused when the landing folder holds files of one's own."""
    if _shop_file(settings).exists():
        return False
    if _holds_files(settings) and not (settings.sandbox_dir / "unfinished").exists():
        raise SandboxRefused(
            f"{settings.landing_dir} already holds files, and a pretend shop must not be mixed with a real one. "
            f"Use another folder: CDP_DATA_DIR=/some/folder cdp run --sandbox"
        )
    settings.sandbox_dir.mkdir(parents=True, exist_ok=True)
    # a shop whose making was killed is made again
    (settings.sandbox_dir / "unfinished").touch()
    if customers == SAMPLE["customers"]:
        sample(settings.data_dir, seed=seed, progress=show)
    else:
        generate(settings.data_dir, customers=customers, seed=seed, progress=show)
    (settings.sandbox_dir / "unfinished").unlink()
    return True


def _shop_file(settings: Settings) -> Path:
    return settings.sandbox_dir / "truth" / "shop.json"


def _holds_files(settings: Settings) -> bool:
    return settings.landing_dir.exists() and any(path.is_file() for path in settings.landing_dir.rglob("*"))
