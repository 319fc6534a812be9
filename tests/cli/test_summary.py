"""The end of a run in words: what needs a person is said once, for everything that it concerns."""

import json

from cli.summary import _told_together


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
