"""`cdp customer`: one customer as a support agent reads them aloud, found by whatever they say on the phone.

Who is found and what is known, is read in `reports/`; nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

import click
from rich.markup import escape

from cli.terminal import console, counted, heading, table
from reports.customer_profile import Profile, read_profile
from reports.customer_search import Found, find_customers
from reports.figures import money
from reports.published import Row
from warehouse.publishing import open_published
from warehouse.settings import Settings

WIDE = 110  # characters, from which on email and phone have columns of their own


@click.command()
@click.argument("find", nargs=-1, required=True)
@click.option(
    "--timeline",
    "entries",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="How many entries at most.",
)
@click.option("--since", type=click.DateTime(), help="Only what happened from this day or time (UTC) on.")
@click.option("--json", "as_json", is_flag=True, help="The same as one JSON object.")
def customer(find: tuple[str, ...], entries: int, since: datetime | None, as_json: bool) -> None:
    """Show a customer: who it is, worth, whether we may write, segments, open tickets, and what happened.

    FIND is an email or phone in any spelling, an order number, a name or a part of it, a customer id (an old one too), a
    record id or a card number. Several customers are listed, to choose from.

    \b
      cdp customer ann@example.com
      cdp customer "#1061" --timeline 30 --since 2026-01-01
      cdp customer Smith, Ann --json
    """
    with open_published(Settings.load()) as published:
        found = find_customers(published, " ".join(find))
        if found.count == 1:
            customer_id = found.customers[0]["customer_id"]
            profile = read_profile(published, customer_id, entries=entries, since=since)
    if found.count > 1:
        _print_json(asdict(found)) if as_json else _print_several(found)
    elif as_json:
        _print_json(asdict(profile))
    else:
        _print(profile, since)


def _print_json(value: dict[str, object]) -> None:
    def plain(other: object) -> object:
        if isinstance(other, datetime):
            return other.isoformat()
        return float(other) if isinstance(other, Decimal) else str(other)

    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=plain))


def _print_several(found: Found) -> None:
    shown = "" if found.count == len(found.customers) else f"; the first {len(found.customers)}"
    console.print(f"[bold]{counted(found.count, 'customer')}[/bold] found{shown}:")
    rows: list[list[object]] = []
    for row in found.customers:
        reached = [_text(row["email"]), _text(row["phone"])]
        if console.width < WIDE:  # one above the other: half an address helps nobody
            reached = ["\n".join(filter(None, reached))]
        seen = (_text(row["city"]), _day(row["last_order_at"]), _text(row["customer_id"]))
        rows.append([_text(row["name"]), *reached, *seen])
    reached_by = ["email, phone"] if console.width < WIDE else ["email", "phone"]
    _table(["name", *reached_by, "city", "last order", "customer id"], rows)
    console.print(
        "Ask for the whole name, the email, the phone or an order number, or give an id: `cdp customer ID`."
    )


def _print(profile: Profile, since: datetime | None) -> None:
    _print_person(profile)
    if profile.consents:
        heading("May we write?")
        rows = [
            [
                _channel(row),
                "yes" if row["may_be_contacted"] else "no",
                _day(row["stated_at"]),
                _text(row["reason"]),
            ]
            for row in profile.consents
        ]
        _table(["for", "", "since", "why"], rows)
    if profile.segments:
        heading("Segments")
        rows = [[_text(row["title"]), _day(row["entered_at"]), _reason(row)] for row in profile.segments]
        _table(["segment", "since", "why"], rows)
    if profile.open_tickets:
        heading("Open tickets")
        names = ("ticket_id", "subject", "status", "priority", "assignee")
        rows = [
            [_time(row["created_at"]), *(_text(row[name]) for name in names)] for row in profile.open_tickets
        ]
        _table(["opened", "ticket", "subject", "status", "priority", "with"], rows)
    _print_timeline(profile, since)
    customer_id = escape(str(profile.customer["customer_id"]))
    console.print(
        f"\n[dim]As of the run of {_time(profile.as_of)} (UTC). Why these records are one person: `cdp identity explain "
        f"{customer_id}`\nWho said what, also since the run: `cdp consent show {customer_id}`[/dim]",
        soft_wrap=True,
    )


def _print_person(profile: Profile) -> None:
    who = profile.customer
    console.print(f"[bold]{_text(who['name'] or '(no name)')}[/bold]  [dim]{_text(who['customer_id'])}[/dim]")
    sources = ", ".join(
        f"{row['source']} {row['record_count']}" if row["record_count"] > 1 else row["source"]
        for row in profile.sources
    )
    spent = money(who["net_revenue_amount"], who["currency"] or "", cents=True)
    value = f"{counted(who['order_count'], 'order')}, {spent} net" if who["order_count"] else "no orders"
    lines = {
        "email": who["email"],
        "phone": who["phone"],
        "address": ", ".join(filter(None, (who[key] for key in ("city", "postcode", "region", "country")))),
        "language": who["language"],
        "company": who["company"],
        "known since": _day(who["first_seen_at"]),
        "records": f"{who['record_count']:,} from {counted(who['source_count'], 'source')}: {sources}",
        "stage": (who["lifecycle_stage"] or "").replace("_", " "),
        "value": value,
        "last order": _last_order(profile.last_order),
    }
    drawn = table(["", ""], [[f"[dim]{name}[/dim]", _text(said)] for name, said in lines.items() if said])
    drawn.show_header = False
    console.print(drawn)


def _last_order(order: Row | None) -> str:
    if order is None:
        return ""
    place = order["store_name"] or order["sales_channel"]
    amount = money(order["net_revenue_amount"], order["currency"] or "", cents=True)
    said = (
        _time(order["ordered_at"]),
        order["order_name"],
        place,
        f"{amount} net",
        order["financial_status"],
    )
    return ", ".join(filter(None, said)).replace("_", " ")


def _print_timeline(profile: Profile, since: datetime | None) -> None:
    from_day = f" since {_day(since)}" if since else ""
    heading(f"What happened{from_day}, newest first (UTC)")
    if not profile.timeline_count:
        console.print("Nothing is known.")
    if profile.timeline:
        rows = [
            [_time(row["occurred_at"]), _text(row["channel"]), _text(row["sentence"])]
            for row in profile.timeline
        ]
        _table(["when", "channel", "what"], rows)
    if more := profile.timeline_count - len(profile.timeline):
        console.print(f"[dim]… and {more:,} more: --timeline {profile.timeline_count}[/dim]")


def _channel(row: Row) -> str:
    return _text(
        row["purpose"] if row["purpose"] == row["channel"] else f"{row['purpose']} by {row['channel']}"
    )


def _reason(row: Row) -> str:
    return _text(row["reason"]) + (" Held out: is sent nothing for it." if row["is_holdout"] else "")


def _table(headers: list[str], rows: Iterable[Iterable[object]]) -> None:
    """A table of texts that `_text` has made safe, of which nothing is cut off."""
    drawn = table(headers, [list(row) for row in rows])
    for column in drawn.columns:
        column.overflow = "fold"
        # an id is copied into the next command
        column.no_wrap = column.header in ("since", "when", "opened", "phone", "last order", "customer id")
    console.print(drawn)


def _text(value: object) -> str:
    """A value as it stands there: nothing in it is taken for style or for an order to the terminal."""
    return escape("".join(sign if sign.isprintable() else " " for sign in str(value or "")))


def _day(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d}" if value else ""


def _time(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value else ""
