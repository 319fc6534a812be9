"""Addresses in one line: split by their country's rules, or kept whole with the reason; never an error, nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.connections import open_warehouse
from warehouse.functions.addresses import parse_address
from warehouse.settings import Settings

# every postal service's own layout, and how people depart from it: (line, country expected, street, city, region,
# postcode, country)
SPLIT = [
    ("12 High Street, Flat 3, Leeds LS1 4AB", "GB", "12 High Street, Flat 3", "Leeds", None, "LS1 4AB", "GB"),
    ("12 High St, Leeds, West Yorkshire, ls14ab", "GB", "12 High St", "Leeds", "West Yorkshire", "LS1 4AB", "GB"),
    ("12 High St\nLeeds\nLS1 4AB\nUnited Kingdom", None, "12 High St", "Leeds", None, "LS1 4AB", "GB"),
    ("12 High St, Leeds LS1 4AB United Kingdom", "DE", "12 High St", "Leeds", None, "LS1 4AB", "GB"),
    ("1 Main St, Apt 4, Austin, TX 78701-1234", "US", "1 Main St, Apt 4", "Austin", "TX", "78701", "US"),
    ("1 Main St, New York, New York 10001, USA", "GB", "1 Main St", "New York", "NY", "10001", "US"),
    ("1 Oak Rd, San Jose, CA 95112", "US", "1 Oak Rd", "San Jose", "CA", "95112", "US"),
    ("1 Oak Rd, Wilmington, DE, 19801", "US", "1 Oak Rd", "Wilmington", "DE", "19801", "US"),
    ("24 Lake Drive, Ottawa ON k1m1m4", "CA", "24 Lake Drive", "Ottawa", "ON", "K1M 1M4", "CA"),
    ("24 Lake Drive, Québec, Québec G1R 4S9, Canada", None, "24 Lake Drive", "Québec", "QC", "G1R 4S9", "CA"),
    ("5/12 Smith St, Carlton VIC 3053", "AU", "5/12 Smith St", "Carlton", "VIC", "3053", "AU"),
    ("Hauptstraße 5, D-10115 Berlin, Deutschland", "GB", "Hauptstraße 5", "Berlin", None, "10115", "DE"),
    ("Hauptstr. 5 10115 Berlin", "DE", "Hauptstr. 5", "Berlin", None, "10115", "DE"),
    ("10115 Berlin", "DE", None, "Berlin", None, "10115", "DE"),
    ("12 rue Neuve, 75008 Paris CEDEX 08", "FR", "12 rue Neuve", "Paris CEDEX 08", None, "75008", "FR"),
    ("Calle Mayor 1, 2º B, 28013 Madrid, Madrid", "ES", "Calle Mayor 1, 2º B", "Madrid", "Madrid", "28013", "ES"),
    ("Via Roma 1, 20121 Milano (MI), Italia", None, "Via Roma 1", "Milano", "MI", "20121", "IT"),
    ("Via Roma 1, 20121 Milano MI", "IT", "Via Roma 1", "Milano", "MI", "20121", "IT"),
    ("Damrak 1, 1012lg Amsterdam", "NL", "Damrak 1", "Amsterdam", None, "1012 LG", "NL"),
    ("Parkstraat 12, 's-Gravenhage 2514 JH", "NL", "Parkstraat 12", "'s-Gravenhage", None, "2514 JH", "NL"),
]  # fmt: skip
WHOLE = [
    ("12 High Street Leeds LS1 4AB", "GB", "city not told apart"),
    ("12 High Street, Flat 3, LS1 4AB", "GB", "city not told apart"),
    ("12 High Street, Leeds", "GB", "no postcode of GB at the end"),
    ("1 Main St Austin TX 78701", "US", "city not told apart"),
    ("1 Main St, Austin, Teksas 78701", "US", "no state of US"),
    ("24 Lake Drive, Ottawa, XX K1M 1M4", "CA", "no province of CA"),
    ("Weg 1, 10115 Berlin, 10117 Berlin", "DE", "several postcodes"),
    ("Weg 1, 10115 Berlin, hinten links", "DE", "more behind the town"),
    ("Damrak 1, 1012 LG, Amsterdam", "NL", "no postcode of NL beside a town"),
    ("Weg 5, 1010 Wien", "AT", "no rules for AT"),
    ("12 High Street, Leeds LS1 4AB", None, "country not known"),
]
COUNTRIES = st.sampled_from([None, "GB", "US", "CA", "AU", "DE", "FR", "ES", "IT", "NL", "AT", ""])
WORDS = st.sampled_from(
    ["12", "High", "Street", ",", ", ", "Leeds", "LS1", "4AB", "10115", "Berlin", "TX", "78701", "VIC", "3053", "(MI)",
     "Milano", "1012", "AB", "France", "UK", "K1M 1M4", "ON", "Kent", "\n", ";", "CEDEX 08", "é", "-"]
)  # fmt: skip


@pytest.mark.parametrize(("line", "expected", *["street", "city", "region", "postcode", "country"]), SPLIT)
def test_what_says_which_part_is_which_is_split(line, expected, street, city, region, postcode, country):
    assert parse_address(line, expected) == (street, city, region, postcode, country, None)


@pytest.mark.parametrize(("line", "country", "problem"), WHOLE)
def test_what_does_not_stays_whole_with_the_reason(line, country, problem):
    assert parse_address(line, country) == (line, None, None, None, country, problem)


@pytest.mark.parametrize("line", [None, "", "  ", ",;\n"])
def test_nothing_is_nothing(line):
    assert parse_address(line, "GB") == (None, None, None, None, None, None)


@given(st.one_of(st.text(), st.lists(WORDS, max_size=12).map(" ".join)), COUNTRIES)
@settings(max_examples=500, deadline=None)
def test_any_line_is_split_or_told_and_no_word_of_it_is_lost(line, country):
    found = parse_address(line, country)
    words = set(re.findall(r"\w+", line.casefold()))
    if found.problem is not None:
        assert found.street and not (found.city or found.region or found.postcode)
        assert words == set(re.findall(r"\w+", found.street.casefold()))
    elif words and found.country:
        assert found.city and found.postcode
        # a town and street are kept to the letter; postcode, region and country in their standard spelling
        kept = set(re.findall(r"\w+", f"{found.street or ''} {found.city}".casefold()))
        assert kept <= words
    assert parse_address(found.street if found.problem else line, country) == found


def test_the_engine_gives_the_parts(tmp_path):
    with open_warehouse(Settings(data_dir=tmp_path)) as connection:
        found = connection.execute(
            "select unnest(cdp_address(line, 'GB')) "
            "from (values ('1 High St, Leeds LS1 4AB'), ('1 Weg, 10115 Berlin, Germany'), (null)) as lines(line)"
        ).fetchall()
    assert found == [
        ("1 High St", "Leeds", None, "LS1 4AB", "GB", None),
        ("1 Weg", "Berlin", None, "10115", "DE", None),
        (None, None, None, None, None, None),
    ]
