"""`cdp identity train` and `models`: learn what agreement is worth anew, and look at what was learnt.

Learning is the identity room's work; here is what is asked and how the answer looks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from cli.terminal import console, table
from identity.training import StoredModel, read_model, read_models, retrain
from warehouse.connections import open_state, open_warehouse
from warehouse.settings import Settings

_PAGE = click.option(
    "--page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with charts too."
)


@click.command()
@_PAGE
def train(page: Path | None) -> None:
    """Learn the matching model anew from the records of the last run, and from what people decided about pairs.

    The new version is kept beside the old ones and used from the next run on, which then resolves everything anew;
    ids stay wherever the overlap justifies it. `cdp identity preview --retrain` shows beforehand what would change.
    """
    settings = Settings.load()
    with open_warehouse(settings, with_state=True) as connection:
        now = settings.now()
        found = retrain(connection, run_id=f"identity train {now:%Y-%m-%d %H:%M:%S}", as_of=now)
    with open_state(settings) as state:
        stored = read_model(state, found.version)
    console.print(
        f"Version {stored.version} {_how(stored)}. `cdp run` uses it from now on and resolves everything anew."
    )
    _write(page, stored)


@click.command()
@click.option("--version", type=int, help="Which one to write a page about; the newest else.")
@_PAGE
def models(version: int | None, page: Path | None) -> None:
    """List the versions of the matching model, or write a page about one: weights, and how the training went."""
    with open_state(Settings.load()) as state:
        listed = read_models(state)
        stored = read_model(state, version)
    console.print(
        table(
            ["version", "learnt (UTC)", "", "training rounds"],
            [
                [s.version, f"{s.trained_at:%Y-%m-%d %H:%M}", _how(s), _rounds(s)]
                for s in listed
                if version in (None, s.version)
            ],
        )
    )
    _write(page, stored)


def _how(stored: StoredModel) -> str:
    if stored.method == "shipped":
        return f"holds the shipped values, as {stored.record_count:,} records are too few to learn from"
    labels = stored.diagnostics.get("labels", {})
    decided = int(labels.get("same", 0)) + int(labels.get("different", 0))
    return f"was learnt from {stored.record_count:,} records and {decided:,} decisions of people"


def _rounds(stored: StoredModel) -> str:
    rounds = stored.diagnostics.get("rounds", [])
    done = sum(entry["outcome"] == "trained" for entry in rounds)
    return f"{done} of {len(rounds)}" if rounds else "–"


def _write(page: Path | None, stored: StoredModel) -> None:
    if page is None:
        return
    from identity.model_page import render_page  # the chart library takes a second to import

    page.write_text(render_page(stored, made_at=datetime.now(UTC).replace(tzinfo=None)), encoding="utf-8")
    click.echo(f"Written to {page}; open it in any browser.")
