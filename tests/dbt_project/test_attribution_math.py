"""The data-driven attribution models against a published example and against their definitions."""

from __future__ import annotations

import importlib.util
import itertools
import math
from collections import Counter
from types import ModuleType

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.settings import PROJECT_DIR

MODEL = PROJECT_DIR / "dbt_project/models/analytics/attribution_removal_effects.py"
Path = tuple[tuple[str, ...], bool]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("attribution_removal_effects", MODEL)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def transitions(paths: list[Path]) -> pd.DataFrame:
    """As the model attribution_transitions counts them."""
    steps: Counter[tuple[str, str]] = Counter()
    for channels, bought in paths:
        end = "(purchase)" if bought else "(nothing)"
        steps.update(itertools.pairwise(["(start)", *channels, end]))
    rows = [(a, b, count) for (a, b), count in steps.items()]
    return pd.DataFrame(rows, columns=["from_state", "to_state", "transition_count"])


def effects(paths: list[Path]) -> dict[str, float]:
    found = load().removal_effects(transitions(paths))
    return dict(zip(found.channel, found.removal_effect, strict=True))


def test_markov_agrees_with_a_published_example() -> None:
    """Puzyrov (2019), serhiipuzyrov.com, "Markov Chain Attribution – Simple Explanation of Removal Effect".

    All in all 0.8 buy; without Google Ads 0.2, without mailing 0.4.
    """
    paths: list[Path] = [
        (("google ads",), True), (("google ads",), True), (("mailing",), True),
        (("google ads", "mailing"), True), (("google ads",), False),
    ]  # fmt: skip
    found = effects(paths)
    assert found == pytest.approx({"google ads": 0.75, "mailing": 0.5})
    share = {channel: 4 * effect / sum(found.values()) for channel, effect in found.items()}
    assert share == pytest.approx({"google ads": 2.4, "mailing": 1.6})  # of the four conversions


def test_a_channel_that_comes_again_and_again_is_solved_exactly() -> None:
    # start → a; a → a with 1/2, a → purchase with 1/4, a → nothing with 1/4: half of all buy, and nobody without a
    assert effects([(("a", "a"), True), (("a", "a"), False)]) == pytest.approx({"a": 1.0})
    assert effects([(("a",), False)]) == {"a": 0.0}


CHANNELS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=5).map(tuple)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CHANNELS, st.booleans()), min_size=1, max_size=12))
def test_removal_effects_are_those_of_walking_the_chain(paths: list[Path]) -> None:
    table = transitions(paths)
    found = effects(paths)

    def bought(without: str | None) -> float:
        counts = {
            state: dict(zip(part.to_state, part.transition_count, strict=True))
            for state, part in table.groupby("from_state")
        }
        weight, total = {"(start)": 1.0}, 0.0
        for _ in range(4000):
            after: dict[str, float] = {}
            for state, mass in weight.items():
                ways = counts.get(state, {})
                for target, count in ways.items():
                    part = mass * count / sum(ways.values())
                    if target == "(purchase)":
                        total += part
                    elif target not in ("(nothing)", without):
                        after[target] = after.get(target, 0.0) + part
            weight = after
            if sum(weight.values()) < 1e-13:
                break
        return total

    whole = bought(None)
    for channel, effect in found.items():
        assert -1e-9 <= effect <= 1 + 1e-9
        assert effect == pytest.approx(1 - bought(channel) / whole if whole else 0.0, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.frozensets(st.sampled_from("abcd"), min_size=1), st.integers(1, 100), min_size=1))
def test_equal_parts_of_every_path_are_the_shapley_value(worth: dict[frozenset[str], int]) -> None:
    """What the SQL does (equal parts per channel of a path) is the Shapley value, by its definition over all orders.

    A coalition is worth the paths it can walk: those whose channels it has.
    """
    players = sorted(set().union(*worth))

    def value(coalition: frozenset[str]) -> int:
        return sum(amount for channels, amount in worth.items() if channels <= coalition)

    for player in players:
        gains = []
        for order in itertools.permutations(players):
            before = frozenset(order[: order.index(player)])
            gains.append(value(before | {player}) - value(before))
        by_definition = sum(gains) / math.factorial(len(players))
        by_equal_parts = sum(
            amount / len(channels) for channels, amount in worth.items() if player in channels
        )
        assert by_equal_parts == pytest.approx(by_definition)
