"""`cdp identity preview`: what other limits or rules would merge and split, and which segments and figures would move.

The comparison is made in the identity room; here is what is asked and how the answer looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import click

from cli.terminal import console, heading, progress_bars, table
from identity.matching import Limits
from identity.preview import Change, Preview
from identity.preview import preview as compare
from identity.rules import LIMITS, PAIR_RULES
from identity.trials import check_rules, differences, parse_limits
from warehouse.scratch import PUBLISHED_CATALOG, open_scratch_copy
from warehouse.settings import Settings

_LIMITS = ", ".join(f"{field.name}={getattr(LIMITS, field.name):g}" for field in fields(Limits))
_RULES = ", ".join(rule.name for rule in PAIR_RULES)


@click.command(
    epilog=f"Limits and their present values: {_LIMITS}. Rules: {_RULES}. What each is for is said in identity/matching.yml."
)
@click.option(
    "--set", "changes", multiple=True, metavar="LIMIT=VALUE", help="A limit to try; may be repeated."
)
@click.option("--without", multiple=True, metavar="RULE", help="A pair rule to leave out; may be repeated.")
@click.option("--retrain", is_flag=True, help="Learn the model anew as well.")
def preview(changes: tuple[str, ...], without: tuple[str, ...], retrain: bool) -> None:
    """Show what other limits, fewer rules or a model learnt anew would change; nothing is kept.

    The records of the last run are resolved in a scratch copy. Without options it shows what the decisions made
    since then will do.

    \b
      cdp identity preview --set cut=2
      cdp identity preview --set household_cap=2 --set email_names=4
      cdp identity preview --without twins
    """
    limits = parse_limits(changes)
    check_rules(without)
    settings = Settings.load()
    with open_scratch_copy(settings) as connection, progress_bars() as progress:
        found = compare(
            connection,
            limits=limits,
            as_of=settings.now(),
            without=without,
            retrain=retrain,
            published=PUBLISHED_CATALOG,
            progress=progress,
        )
    tried = [f"{name} {now:g} → {then:g}" for name, (now, then) in differences(limits).items()]
    tried += [f"no rule {name}" for name in without] + ["a new model"] * retrain
    heading(f"With {', '.join(tried) or 'everything as it is'}")
    _show(found)


def _show(found: Preview) -> None:
    console.print(
        f"{found.merged:,} customers would come of several; {found.split:,} would fall apart. "
        f"Largest customer: {found.report.largest_cluster:,} records."
    )
    if found.report.trained:
        console.print("The model was learnt anew, so weights differ too.")
    _show_changes("Would merge", found.merge_examples, found.merged)
    _show_changes("Would split", found.split_examples, found.split)
    shifts = [shift for shift in found.segments if shift.leaving or shift.joining]
    if shifts:
        heading("Segments")
        rows = [[s.segment_name, s.members, -s.leaving, s.joining] for s in shifts]
        console.print(table(["segment", "members", "ids that go", "ids that come"], rows))
        console.print("[dim]Who fulfils a segment's rule with other records is known after a run.[/dim]")
    heading("Headline figures")
    console.print(
        table(
            ["", "now", "then"],
            [[h.title, _figure(h.now), _figure(h.then)] for h in found.headlines],
        )
    )
    console.print("Nothing was changed. Limits and rules are in identity/matching.yml.")


def _show_changes(title: str, examples: Sequence[Change], count: int) -> None:
    if not examples:
        return
    heading(title)
    rows = [[" + ".join(change.names), change.records, f"{change.spent:,.2f}"] for change in examples]
    console.print(table(["customers", "records", "spent"], rows))
    if count > len(examples):
        console.print(f"… and {count - len(examples):,} more that spent less.")


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4f}"
