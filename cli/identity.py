"""`cdp identity`: why records are one customer, which pairs a person should look at, and what people decided.

How good it is, is in `identity_evaluation.py`; what other limits would change, in `identity_preview.py`.
"""

from __future__ import annotations

import getpass
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click
import duckdb

from cli.help import Group
from cli.identity_evaluation import evaluate
from cli.identity_preview import preview
from cli.identity_training import models, train
from cli.terminal import console, heading, table
from identity.decisions import DECISIONS_FILE, Decision, Verdict, decide, export_file, read_decided
from identity.errors import CustomerUnknown
from identity.explanation import Explanation, render_text
from identity.explanation import explain as explain_customer
from identity.matching import FILE, SCHEMA_FILE, json_schema
from identity.review import ReviewItem, read_evidence, read_queue, read_records
from reports.customer_search import find_customers
from reports.errors import ReportError
from warehouse.connections import open_state
from warehouse.publishing import open_published
from warehouse.settings import Settings

# what people read when they compare two records, in this order
_COMPARED = (
    *("source", "display_name", "first_name", "last_name", "email", "phone", "street", "city", "postcode"),
    *("country", "birth_date", "company", "loyalty_id", "web_user_id"),
)
_VERDICTS: dict[str, Verdict] = {"same": "must_link", "different": "cannot_link", "undecided": "withdrawn"}
_IN_WORDS = {verdict: word for word, verdict in _VERDICTS.items()}


@click.group(cls=Group)
def identity() -> None:
    """Who is who, and why."""


@identity.command()
@click.argument("customer")
@click.option(
    "--page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with charts instead."
)
def explain(customer: str, page: Path | None) -> None:
    """Show why the records of CUSTOMER are one person: each link with its evidence, and the weakest one.

    CUSTOMER is a customer id (an old one too), a record id such as hubspot_contacts:101, an email address, or a phone, card
    or order number of one customer only.

    \b
      cdp identity explain anna@example.org
      cdp identity explain anna@example.org --page anna.html   one file, opens offline
    """
    with open_published(Settings.load()) as connection:
        explanation = _explained(connection, customer)
    if page is None:
        click.echo(render_text(explanation))
        return
    from identity.explanation_page import render_page  # the chart library takes a second to import

    page.write_text(render_page(explanation, made_at=datetime.now(UTC)), encoding="utf-8")
    click.echo(f"Written to {page}; open it in any browser.")


@identity.command()
@click.option("--limit", default=20, show_default=True, help="How many questions at most.")
@click.option("--list", "only_list", is_flag=True, help="Print the queue and ask nothing.")
def review(limit: int, only_list: bool) -> None:
    """Answer the questions that are most worth a person's time: are these two records one person?

    The queue is ordered by how doubtful a pair is, times the money these customers spent. Answers are kept at once,
    obeyed by every later run, and can be taken back (`cdp identity decide undecided A B`). Stop whenever you like.
    """
    settings = Settings.load()
    with open_state(settings) as state:
        decided = [(row.record_id_l, row.record_id_r) for row in read_decided(state)]
    with open_published(settings) as connection:
        queue = read_queue(connection, limit=limit, decided=decided)
        if not queue:
            console.print("Nothing is in doubt that nobody has decided yet.")
            return
        if only_list:
            console.print(table(*_queue_table(queue)))
            return
        for number, item in enumerate(queue, start=1):
            _show(connection, item, f"{number} of {len(queue)}")
            answer = click.prompt(
                "same, different, skip or quit",
                type=click.Choice(["same", "different", "skip", "quit"]),
                default="skip",
            )
            if answer == "quit":
                break
            if answer != "skip":
                _keep(settings, _VERDICTS[answer], item.record_id_l, item.record_id_r, "reviewed")
    console.print("Kept. `cdp run` carries the answers out.")


@identity.command("decide")
@click.argument("verdict", type=click.Choice(list(_VERDICTS)))
@click.argument("record_id_l")
@click.argument("record_id_r")
@click.option("--note", default="", help="Why, for whoever reads it later.")
@click.option("--dry-run", is_flag=True, help="Say what would be kept, and keep nothing.")
def decide_pair(verdict: str, record_id_l: str, record_id_r: str, note: str, dry_run: bool) -> None:
    """Say that two records are the same person, or different people, or that it is undecided again.

    Every later run obeys, whatever the records look like; the newest verdict on a pair counts.

    \b
      cdp identity decide different shopify_customers:101 square_customers:A7 --note "mother and daughter"
    """
    if not dry_run:
        _keep(Settings.load(), _VERDICTS[verdict], record_id_l, record_id_r, note)
    would = "would be kept" if dry_run else "kept; `cdp run` carries it out"
    click.echo(f"{record_id_l} and {record_id_r}: {verdict}. Decision {would}.")


@identity.command()
@click.option(
    "--export", type=click.Path(dir_okay=False, path_type=Path), help="Write them as a file for Git."
)
def decisions(export: Path | None) -> None:
    """List what people decided about pairs of records, or write it to a file.

    Decisions in `identity/decisions.csv` (in Git) are obeyed like those of the review queue; a line taken out of the
    file is a decision taken back.
    """
    with open_state(Settings.load()) as state:
        if export is not None:
            count = export_file(state, export)
            click.echo(
                f"{count} decisions written to {export}. As {DECISIONS_FILE.name} in `identity/` they are in Git."
            )
            return
        rows = [
            [
                f"{d.decided_at:%Y-%m-%d %H:%M}",
                _IN_WORDS[d.decision],
                d.record_id_l,
                d.record_id_r,
                d.decided_by,
                d.note,
            ]
            for d in read_decided(state)
        ]
    if not rows:
        console.print("Nobody has decided anything yet; `cdp identity review` asks.")
        return
    console.print(table(["decided (UTC)", "verdict", "record", "record", "by", "note"], rows))


@identity.command()
@click.option("--write", is_flag=True, help="Write it beside the file, where editors look for it.")
def schema(write: bool) -> None:
    """The form of identity/matching.yml (limits, blocking, rules) as JSON Schema, for editors that check while typing."""
    text = json.dumps(json_schema(), indent=2) + "\n"
    if write:
        SCHEMA_FILE.write_text(text, encoding="utf-8")
        click.echo(f"Written to {SCHEMA_FILE.name} beside {FILE.name}.")
    else:
        click.echo(text, nl=False)


identity.add_command(evaluate)
identity.add_command(preview)
identity.add_command(train)
identity.add_command(models)


def _explained(connection: duckdb.DuckDBPyConnection, asked: str) -> Explanation:
    """Also by what only `cdp customer` looks up; an id that is gone still tells its own story."""
    try:
        return explain_customer(connection, asked)
    except CustomerUnknown:
        with suppress(ReportError):
            found = find_customers(connection, asked, by_name=False)
            if found.count == 1:
                return explain_customer(connection, found.customers[0]["customer_id"])
        raise


def _keep(settings: Settings, verdict: Verdict, left: str, right: str, note: str) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    with open_state(settings) as state:
        decide(state, Decision(left, right, verdict, now, getpass.getuser(), note))


def _queue_table(queue: list[ReviewItem]) -> tuple[list[str], list[list[object]]]:
    rows: list[list[object]] = [
        [
            item.question,
            item.record_id_l,
            item.record_id_r,
            f"{item.weight:+.1f}",
            f"{item.doubt:.2f}",
            f"{item.value:,.2f}",
        ]
        for item in queue
    ]
    return ["question", "record", "record", "bits", "doubt", "spent"], rows


def _show(connection: duckdb.DuckDBPyConnection, item: ReviewItem, place: str) -> None:
    heading(f"{place}: {item.question}  ({item.weight:+.1f} bits, {item.value:,.2f} spent)")
    records = read_records(connection, [item.record_id_l, item.record_id_r])
    rows = [
        [name.replace("_", " "), *(str(record.get(name) or "–") for record in records)]
        for name in _COMPARED
        if any(record.get(name) for record in records)
    ]
    console.print(table(["", item.record_id_l, item.record_id_r], rows))
    evidence = read_evidence(connection, item.record_id_l, item.record_id_r)
    console.print(
        table(["bits", "what the model saw"], [[f"{w:+.1f}", f"{f}: {level}"] for f, level, w in evidence])
    )
