"""`cdp identity`: why records are one customer."""

from __future__ import annotations

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
def explain(customer: str) -> None:
    """Show why the records of CUSTOMER are one person: each link with its evidence, and the weakest one.

    CUSTOMER is a customer id (an old one too), a record id such as hubspot_contacts:101, or an email address.
    """
    with open_published(Settings.load()) as connection:
        click.echo(render_text(explain_customer(connection, customer)))
