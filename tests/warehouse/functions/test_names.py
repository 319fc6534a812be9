"""Names of people: known values, and the short cut against the library."""

from __future__ import annotations

import random

import pytest
from faker import Faker
from function_vectors import vectors
from hypothesis import given
from hypothesis import strategies as st

from warehouse.functions import names
from warehouse.functions.names import Name, parse_name

LOCALES = ["en_GB", "en_US", "de_DE", "fr_FR", "es_ES", "pl_PL", "it_IT", "nl_NL", "tr_TR", "cs_CZ", "pt_PT"]


@pytest.mark.parametrize("row", vectors("names"), ids=lambda row: row["text"])
def test_known_names(row):
    assert parse_name(row.pop("text")) == Name(**row)


def test_the_short_cut_answers_what_the_library_answers():
    """Names of eleven countries, and their words in any order, with initials."""
    Faker.seed(11)
    chance = random.Random(11)
    people = Faker(LOCALES)
    full_names = [people.name() for _ in range(1_500)]
    words = sorted({word for name in full_names for word in name.split()})
    shuffled = [" ".join(chance.sample(words, chance.choice((1, 2, 3)))) for _ in range(1_500)]
    initials = [
        f"{chance.choice(words)} {chance.choice('ABCEIJVXY')}. {chance.choice(words)}" for _ in range(300)
    ]
    turned = [
        f"{family}, {given}" for given, family in zip(full_names, chance.sample(words, 1_000), strict=False)
    ]
    texts = full_names + shuffled + initials + turned
    quick = [text for text in texts if not names._means_something(text.lower())]
    assert len(quick) > 2_000
    assert [text for text in quick if parse_name(text) != names._by_library(text)] == []


@given(st.text(max_size=250))
def test_no_text_raises_and_the_parts_of_a_name_stand_in_it(text):
    for part in parse_name(text):
        assert part is None or part.strip()


def test_hostile_texts_do_not_raise(hostile):
    for text in hostile:
        parse_name(text)


@given(
    st.lists(
        st.sampled_from(["Anna", "Maria", "Smith", "Berg", "O'Brien", "Jean-Luc", "Łuk"]),
        min_size=2,
        max_size=3,
    )
)
def test_a_split_name_put_together_again_splits_the_same(words):
    found = parse_name(" ".join(words))
    again = parse_name(" ".join(part for part in (found.given, found.middle, found.family) if part))
    assert again == found
