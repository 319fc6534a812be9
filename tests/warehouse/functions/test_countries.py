"""Countries: known names and codes, and every name of the standard."""

from __future__ import annotations

import pycountry
import pytest
from function_vectors import vectors
from hypothesis import given
from hypothesis import strategies as st

from warehouse.functions.countries import parse_country


@pytest.mark.parametrize("row", vectors("countries"), ids=lambda row: row["text"])
def test_known_countries(row):
    assert parse_country(row["text"]) == row["code"]


def test_every_code_and_name_of_the_standard_is_itself():
    for country in pycountry.countries:
        for text in (country.alpha_2, country.alpha_3.lower(), country.name, country.name.upper()):
            assert parse_country(text) == country.alpha_2, text


@given(st.text(max_size=120))
def test_any_text_gives_a_country_or_null_and_a_country_stays_itself(text):
    found = parse_country(text)
    assert found is None or parse_country(found) == found


def test_hostile_texts_do_not_raise(hostile):
    for text in hostile:
        parse_country(text)
