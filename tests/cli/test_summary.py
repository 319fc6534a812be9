"""The end of a run in words: what needs a person is said once, for everything that it concerns."""

import json

import click
import pytest

from cli.main import cdp
from cli.summary import _told_together
from reverse_etl.gates import held_because
from segments.release import held_sentence


def run_of(sync, held=None, message=None, **rejected):
    return {
        "sync": sync,
        "status": "held",
        "held_reason": held,
        "message": message,
        "rejected": json.dumps(rejected),
    }


def test_what_holds_several_syncs_is_told_once_and_everything_else_by_itself():
    held = "Held because the segment VIP is held: it needs shopify."
    told = _told_together(
        [run_of("a", held), run_of("b", message="the key was refused"), run_of("c", held), run_of("d", held, "And the key.")]
    )  # fmt: skip
    assert [problem.text for problem in told] == [
        f"a, c: {held}",
        "b: the key was refused",
        f"d: {held} And the key.",
    ]


def test_what_holds_a_segment_is_told_once_with_the_syncs_that_wait_for_it():
    held = [("vip", "VIP customers", "it needs shopify"), ("tea", "Tea buyers", "it is too small")]
    why = held_because(held_sentence("vip", "VIP customers", ("it needs shopify",)))
    told = [
        problem.text
        for problem in _told_together([run_of("a", why), run_of("b", why), run_of("c", "Else.")], held)
    ]
    assert told[0].startswith("The segment VIP customers is held: it needs shopify.")
    assert told[0].endswith("Meanwhile only opt-outs go out of a, b.")
    assert told[1].startswith("The segment Tea buyers is held") and "Meanwhile" not in told[1]
    assert told[2:] == ["c: Else."]


def groups(group=cdp, name="cdp"):
    yield name, group
    for each in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), each)
        if isinstance(command, click.Group):
            yield from groups(command, f"{name} {each}")


@pytest.mark.parametrize(
    ("name", "group"), list(groups()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_list_of_commands_cuts_no_sentence_off(name, group):
    listed = group.get_help(click.Context(group, info_name=name)).partition("Commands:")[2]
    assert listed and "..." not in listed
