"""`cdp identity`: why records are one customer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from identity.explanation import explain as explain_customer
from identity.explanation import render_text
from warehouse.publishing import open_published
from warehouse.settings import Settings


@click.group()
def identity() -> None:
    """Who is who, and why."""


@identity.command()
@click.argument("customer")
@click.option(
    "--page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with charts instead."
)
def explain(customer: str, page: Path | None) -> None:
    """Show why the records of CUSTOMER are one person: each link with its evidence, and the weakest one.

    CUSTOMER is a customer id (an old one too), a record id such as hubspot_contacts:101, or an email address.

    \b
      cdp identity explain anna@example.org
      cdp identity explain anna@example.org --page anna.html   one file, opens offline
    """
    with open_published(Settings.load()) as connection:
        explanation = explain_customer(connection, customer)
    if page is None:
        click.echo(render_text(explanation))
        return
    from identity.explanation_page import render_page  # the chart library takes a second to import

    page.write_text(render_page(explanation, made_at=datetime.now(UTC)), encoding="utf-8")
    click.echo(f"Written to {page}; open it in any browser.")
