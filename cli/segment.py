"""`cdp segment`: which segments there are, who is in them and why, and the way of a new or changed one to its release.

Comparing two versions is `segment_diff.py`; what a segment promises and what holds it is decided in the segments room.
"""

from __future__ import annotations

import getpass

import click
import duckdb

from cli.help import Group
from cli.home import prepare_dagster_home
from cli.segment_diff import at_stake, diff
from cli.terminal import console, heading, table
from segments.contracts import FOLDER, Segment, find_segment, nearest, read_segments
from segments.definitions import define
from segments.drafts import write_draft
from segments.errors import UnknownSegment
from segments.overrides import give_override
from segments.preview import Preview, preview
from warehouse.connections import open_state, open_trial
from warehouse.publishing import open_published
from warehouse.settings import PROJECT_DIR, Settings


@click.group(cls=Group)
def segment() -> None:
    """Groups of customers, defined in SQL (dbt_project/models/segments/)."""


segment.add_command(diff)


@segment.command("list")
def list_segments() -> None:
    """Every segment with its size, its expected size, its channel, and whether it was released."""
    with open_published(Settings.load()) as connection:
        rows = connection.execute(
            "select segment_name, title, member_count::bigint, holdout_count::bigint,"
            " smallest_expected_size || '–' || largest_expected_size, channel, status"
            " from segments.segment_sizes order by segment_name"
        ).fetchall()
    console.print(table(["segment", "title", "customers", "held out", "expected", "channel", "state"], rows))


@segment.command()
@click.argument("name")
@click.option("--limit", default=20, show_default=True, help="How many members to print.")
def show(name: str, limit: int) -> None:
    """Who is in segment NAME and the reason for each, who came and went lately, and how they differ from everybody.

    \b
    Examples:
      cdp segment show lapsed_buyers --limit 50
    """
    with open_published(Settings.load()) as connection:
        title, count, status, reasons = _find(connection, name)
        members = connection.execute(
            "select m.customer_id, c.display_name, m.reason, m.entered_at::date::text"
            " from segments.segment_membership as m left join marts.customers as c using (customer_id)"
            " where m.segment_name = ? order by m.customer_id limit ?",
            [name, limit],
        ).fetchall()
        moves = connection.execute(
            "select entered_at::date::text, 'entered', customer_id, entered_reason from segments.segment_membership_history"
            " where segment_name = ? qualify row_number() over (order by entered_at desc, customer_id) <= 5 union all"
            " select left_at::date::text, 'left', customer_id, left_reason from segments.segment_membership_history"
            " where segment_name = ? and left_at is not null"
            " qualify row_number() over (order by left_at desc, customer_id) <= 5 order by 1 desc, 2, 3",
            [name, name],
        ).fetchall()
        profile = connection.execute(
            "select replace(measure, '_', ' '), kind, segment_value, everyone_value from segments.segment_profiles"
            " where segment_name = ? order by rowid",
            [name],
        ).fetchall()
    console.print(f"[bold]{title}[/bold]: {count:,} customers, {status}{': ' + reasons if reasons else ''}")
    console.print(table(["customer", "name", "why", "since"], members))
    if count > limit:
        console.print(f"… and {count - limit:,} more (--limit).")
    heading("Came and went last")
    console.print(table(["when", "", "customer", "why"], moves))
    heading("Beside everybody")
    console.print(table(["", "this segment", "everybody"], [_figures(*row) for row in profile]))


def _figures(measure: str, kind: str, ours: float | None, everyone: float | None) -> list[str]:
    shown = ["–" if v is None else f"{v:.0%}" if kind == "share" else f"{v:,.1f}" for v in (ours, everyone)]
    return [measure.removeprefix("is ").removeprefix("has "), *shown]


@segment.command()
@click.argument("name")
@click.option("--title", default="", help="Its name for people; made of NAME without.")
@click.option("--owner", default="marketing", show_default=True, help="Who answers for it.")
def new(name: str, title: str, owner: str) -> None:
    """Write the first draft of segment NAME: SQL, contract and unit test.

    \b
    cdp segment new tea_lovers          writes two files
    cdp segment preview tea_lovers      who would be in, as often as you like
    cdp run                             releases it
    """
    folder = PROJECT_DIR / "dbt_project" / "models" / FOLDER
    for path in write_draft(folder, name, title=title, owner=owner):
        console.print(f"wrote {path.relative_to(PROJECT_DIR)}")
    bare = name.removeprefix("segment_")
    console.print(f"Say who is in, then look: `cdp segment preview {bare}`. The next `cdp run` releases it.")


@segment.command("preview")
@click.argument("name")
@click.option("--limit", default=10, show_default=True, help="How many members to print.")
def preview_segment(name: str, limit: int) -> None:
    """Who would be in segment NAME as it is written now, on the data of the last run; nothing is written or sent.

    \b
    Examples:
      cdp segment preview lapsed_buyers
    """
    settings = Settings.load()
    found = _declared(settings, name)
    from orchestration.compiling import compile_project

    compiled = compile_project(PROJECT_DIR, [found.name])
    definition = define(read_segments(compiled.manifest)[found.name], compiled.models, "the working tree")
    assert definition is not None  # it was compiled by name
    with open_trial(settings) as connection:
        tried = preview(connection, definition, limit)
    _print_preview(found, tried)


def _print_preview(found: Segment, tried: Preview) -> None:
    contract = found.contract
    assert contract is not None
    smallest, largest = contract.size_band
    fits = (
        "as expected" if smallest <= tried.people <= largest else "OUTSIDE what is expected: it would be held"
    )
    console.print(
        f"[bold]{found.title}[/bold]: {tried.people:,} customers ({smallest:,} to {largest:,} expected: {fits})"
    )
    notes = [
        (tried.holdouts, "of them are held out and get nothing"),
        (tried.doubtful, "left out: not one person beyond doubt (identity_confidence: strict)"),
        (tried.duplicates, "rows too many: a customer appears more than once, so its test would fail"),
    ]
    for count, text in notes:
        if count:
            console.print(f"  {count:,} {text}")
    console.print(f"  {at_stake(tried.stake, tried.currency)}")
    console.print(table(["customer", "name", "why"], tried.examples))
    if tried.overlaps:
        heading("Also in")
        console.print(table(["segment", "customers"], tried.overlaps[:10]))


@segment.command()
@click.argument("name")
@click.option("--override", "reason", required=True, help="Why it is right as it is; kept in the record.")
def release(name: str, reason: str) -> None:
    """Let the held segment NAME pass once, in spite of what holds it; the next `cdp run` releases and syncs it.

    Who, when and why are kept. It counts for one release, and only while the numbers are about those you saw. A contract
    that cannot be read, or a table that was not built, cannot be let pass.

    \b
    Example:
      cdp segment release lapsed_buyers --override "the spring sale"
    """
    settings = Settings.load()
    found = _declared(settings, name)
    person = getpass.getuser()
    with open_state(settings) as state:
        reasons = give_override(state, found, person=person, reason=reason, now=settings.now())
    console.print(f"{found.title} will be released by the next `cdp run`, let pass by {person}: {reason}")
    for sentence in reasons:
        console.print(f"  in spite of: {sentence}")


def _declared(settings: Settings, name: str) -> Segment:
    """The segment in the working tree; raises UnknownSegment, and ContractError when its contract cannot be read."""
    prepare_dagster_home(settings)
    from orchestration import dbt_process
    from segments.contracts import require_contracts

    found = find_segment(read_segments(dbt_process.manifest()), name)
    require_contracts({found.name: found})
    return found


def _find(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[str, int, str, str]:
    rows = connection.execute(
        "select s.segment_name, s.title, s.member_count, s.status, case when r.status = 'held' then r.reasons else '' end"
        " from segments.segment_sizes as s join segments.segment_releases as r using (segment_name)"
    ).fetchall()
    known = {segment: (title, int(count), status, reasons) for segment, title, count, status, reasons in rows}
    if name not in known:
        raise UnknownSegment(
            f"No segment {name!r} was built{nearest(name, known)}. Built are: {', '.join(sorted(known))}."
        )
    return known[name]
