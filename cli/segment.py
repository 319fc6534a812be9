"""`cdp segment`: which segments there are, who is in them, and why."""

from __future__ import annotations

import click
import duckdb

from cli.terminal import console, table
from warehouse.errors import CdpError
from warehouse.publishing import open_published
from warehouse.settings import Settings


class UnknownSegment(CdpError):
    """No published segment has this name."""


@click.group()
def segment() -> None:
    """Groups of customers, defined in SQL (dbt_project/models/segments/)."""


@segment.command("list")
def list_segments() -> None:
    """Every segment with its size, its expected size and its channel."""
    with open_published(Settings.load()) as connection:
        rows = connection.execute(
            "select segment_name, title, member_count::bigint,"
            " smallest_expected_size || '–' || largest_expected_size, channel"
            " from segments.segment_sizes order by segment_name"
        ).fetchall()
    console.print(table(["segment", "title", "customers", "expected", "channel"], rows))


@segment.command()
@click.argument("name")
@click.option("--limit", default=20, show_default=True, help="How many members to print.")
def show(name: str, limit: int) -> None:
    """Who is in segment NAME, and the reason for each."""
    with open_published(Settings.load()) as connection:
        title, count = _find(connection, name)
        rows = connection.execute(
            "select m.customer_id, c.display_name, m.reason from segments.segment_membership as m"
            " left join marts.customers as c using (customer_id)"
            " where m.segment_name = ? order by m.customer_id limit ?",
            [name, limit],
        ).fetchall()
    console.print(f"[bold]{title}[/bold]: {count:,} customers")
    console.print(table(["customer", "name", "why"], rows))
    if count > limit:
        console.print(f"… and {count - limit:,} more (--limit).")


def _find(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[str, int]:
    sizes = connection.execute(
        "select segment_name, title, member_count from segments.segment_sizes"
    ).fetchall()
    known = {segment: (title, int(count)) for segment, title, count in sizes}
    if name not in known:
        raise UnknownSegment(f"There is no segment {name!r}. There are: {', '.join(sorted(known))}.")
    return known[name]
