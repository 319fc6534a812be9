"""`cdp consent`: what customers agreed to, on any day, and adding to the log what they say. Nothing is ever changed in it."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path

import click
import duckdb

from cli.help import Group
from cli.terminal import console, table
from reports.customer_search import find_customers
from reverse_etl.consent_log import BASES, PURPOSES, import_file
from reverse_etl.consent_log import record as record_statement
from warehouse.connections import open_state
from warehouse.errors import CdpError
from warehouse.functions.emails import parse_email
from warehouse.functions.phones import parse_phone
from warehouse.publishing import open_published
from warehouse.settings import Settings


class SeveralPeople(CdpError):
    """Several customers have this id, address or number."""


@click.group(cls=Group)
def consent() -> None:
    """What customers agreed to and objected to.

    \b
      cdp consent show ann@example.com                   what counts now, and why
      cdp consent show C0000012 --as-of 2026-03-01       what could be shown on that day
      cdp consent record ann@example.com denied all      do not contact at all
      cdp consent import statements.csv                  a whole file, or nothing of it
    """


@consent.command()
@click.argument("customer")
@click.option("--as-of", type=click.DateTime(), help="A day or time (UTC); without it, now.")
def show(customer: str, as_of: datetime | None) -> None:
    """What CUSTOMER (id, address or number) agreed to, per purpose and channel, with the statement that decided.

    \b
    Examples:
      cdp consent show ann@example.com
      cdp consent show ann@example.com --as-of 2026-03-01
    """
    settings = Settings.load()
    with open_published(settings) as published:
        customer_id = _find(published, customer)
        people = _identifiers(published, customer_id)
        rows = published.execute(
            _AS_OF if as_of else _NOW, {"customer": customer_id, "as_of": as_of}
        ).fetchall()
    when = f"on {as_of:%Y-%m-%d %H:%M}" if as_of else "now"
    console.print(f"[bold]{customer_id}[/bold], {when}:")
    console.print(table(["purpose", "channel", "status", "stated", "source", "proof", "basis"], rows))
    if not as_of:
        _note_newer(settings, people)


_NOW = """
    select purpose, channel, status, stated_at, source, proof, legal_basis from marts.consents
    where customer_id = $customer and $as_of is null order by purpose, channel"""
_AS_OF = """
    select asked.purpose, asked.channel, coalesce(history.status, 'unknown'), history.stated_at, history.source,
        history.proof, history.legal_basis
    from (select distinct purpose, channel from marts.consents) as asked
    left join marts.consent_history as history
        on history.customer_id = $customer and history.purpose = asked.purpose and history.channel = asked.channel
        and history.valid_from <= $as_of and coalesce(history.valid_to > $as_of, true)
    order by asked.purpose, asked.channel"""


def _find(published: duckdb.DuckDBPyConnection, given: str) -> str:
    found = find_customers(published, given, by_name=False).customers
    own = [row for row in found if row["is_own"]] or found
    if len(own) != 1:
        raise SeveralPeople(
            f"{len(own)} customers have the id, address or number {given!r} in the tables of the last run. "
            f"Give a customer id (`cdp customer` lists them)."
        )
    return str(own[0]["customer_id"])


def _standardised(given: str) -> dict[str, str | None]:
    return {"email": parse_email(given).address, "phone": parse_phone(given).number}


def _identifiers(published: duckdb.DuckDBPyConnection, customer_id: str) -> list[str]:
    """Every id, address and number that a statement about this customer may have been made with."""
    rows = published.execute(
        "select identifier_value from marts.customer_identifiers where customer_id = $customer "
        "union select old_customer_id from identity.identity_redirects where customer_id = $customer",
        {"customer": customer_id},
    ).fetchall()
    return [customer_id, *(value for (value,) in rows)]


def _note_newer(settings: Settings, people: list[str]) -> None:
    with open_state(settings) as state:
        rows = state.execute(
            "select status, case purpose when 'all' then 'everything' else purpose || ' by ' || channel end, source, proof "
            "from platform.consent_log where recorded_at >= (select coalesce(max_by(as_of, started_at), timestamp '1970-01-01') "
            "from platform.runs) and lower(identifier_value) in (select lower(unnest($people))) order by recorded_at",
            {"people": people},
        ).fetchall()
    for status, what, source, proof in rows:
        console.print(
            f"[yellow]{status} since the last run:[/yellow] {what} ({source}: {proof}). It counts already when something is sent.",
            soft_wrap=True,
        )


@consent.command()
@click.argument("identifier")
@click.argument("status", type=click.Choice(["granted", "denied"]))
@click.argument("what", type=click.Choice([*PURPOSES[:-1], "all"]))
@click.option("--proof", required=True, help="How it can be shown: a form, a call, a letter.")
@click.option("--stated", help="When it was said (UTC); without it, now.")
@click.option("--basis", type=click.Choice(BASES), default="consent", show_default=True)
def record(identifier: str, status: str, what: str, proof: str, stated: str | None, basis: str) -> None:
    """Record what the person behind IDENTIFIER (address, international number or customer id) said.

    An address or number that nobody has yet counts from the day that somebody comes with it.

    \b
    Examples:
      cdp consent record ann@example.com denied "marketing email" --proof "phone call, ticket 4711"
      cdp consent record +442079460018 denied all --proof "letter of 2026-03-01"
    """
    settings = Settings.load()
    purpose, _, channel = "all all".partition(" ") if what == "all" else what.partition(" ")
    statement = {
        "identifier_type": _kind(identifier),
        "identifier_value": identifier,
        "purpose": purpose,
        "channel": channel,
        "status": status,
        "stated_at": stated,
        "source": f"recorded by {getpass.getuser()}",
        "proof": proof,
        "legal_basis": basis,
    }
    with open_state(settings) as state:
        added = record_statement(state, statement, settings.now())
    console.print("Recorded. It counts from now on." if added else "That was on record already.")
    if not _is_known(settings, identifier):
        console.print(
            f"[yellow]Nobody has {identifier} in the tables of the last run: look whether it is written right. It counts for "
            "whoever is found with it.[/yellow]"
        )


def _is_known(settings: Settings, identifier: str) -> bool:
    if not settings.published_path.exists():
        return True  # nobody could be
    with open_published(settings) as published:
        return bool(
            published.execute(
                "select count(*) > 0 from (select identifier_value from marts.customer_identifiers union all "
                "select customer_id from marts.customers union all select old_customer_id from identity.identity_redirects) "
                "as known (value) where list_contains($names, value)",
                {"names": [identifier.strip(), *_standardised(identifier).values()]},
            ).fetchall()[0][0]
        )


def _kind(identifier: str) -> str:
    if "@" in identifier:
        return "email"
    return "phone" if identifier.startswith("+") else "customer_id"


@consent.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_statements(file: Path) -> None:
    """Add the statements of a CSV file: all of them, or none when a line is unclear. Twice adds nothing.

    \b
    Columns: identifier_type (email, phone, customer_id), identifier_value, purpose, channel, status (granted, denied),
    source, proof; and, if known, stated_at (UTC) and legal_basis.
    """
    settings = Settings.load()
    with open_state(settings) as state:
        added = import_file(state, file, settings.now())
    console.print(f"{added:,} statements were added; what was on record already was left as it is.")
