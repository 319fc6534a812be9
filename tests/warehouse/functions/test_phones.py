"""Phone numbers: known values, every example number of the library, and the short cut against the library itself."""

from __future__ import annotations

import random
import string

import phonenumbers
import pytest
from function_vectors import vectors
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from warehouse.functions import phones
from warehouse.functions.phones import Phone, parse_phone

KINDS = {
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed or mobile",
    PhoneNumberType.TOLL_FREE: "toll free",
    PhoneNumberType.PREMIUM_RATE: "premium rate",
    PhoneNumberType.SHARED_COST: "shared cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
PHONE_TEXT = st.text(alphabet=string.digits + "+()-. /xX~٣３a", max_size=25)


def examples():
    """(region, number) for every region and every kind the library has an example of, and for every shared service."""
    for region in REGIONS:
        for kind in PhoneNumberType.values():
            if number := phonenumbers.example_number_for_type(region, kind):
                yield region, number
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        yield None, phonenumbers.example_number_for_non_geo_entity(code)


@pytest.mark.parametrize("row", vectors("phones"), ids=lambda row: f"{row['text']} {row['region']}")
def test_known_numbers(row):
    found = parse_phone(row["text"], row["region"])
    assert (found.number, found.kind, found.problem) == (row["number"], row["kind"], row["problem"])


def test_every_example_number_is_read_as_the_library_reads_it():
    numbers = list(examples())
    assert len(numbers) > 1_300
    for region, number in numbers:
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        kind = KINDS[phonenumbers.number_type(number)]
        place = phonenumbers.region_code_for_number(number)
        expected = Phone(e164, kind, None if place == "001" else place)
        assert parse_phone(e164) == expected
        # some national forms mean another number when dialled inside the country; then the library reads them so, too
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        if region and phonenumbers.parse(national, region) == number:
            assert parse_phone(national, region) == expected


def test_the_short_cut_answers_what_the_library_answers():
    """Examples with a digit changed or put in, written in three ways, dialled at home and elsewhere."""
    chance = random.Random(7)
    compared = 0
    for region, number in examples():
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL):
            text = phonenumbers.format_number(number, form)
            place = chance.randrange(len(text))
            for typed in (
                text,
                text[:place] + str(chance.randrange(10)) + text[place + chance.randrange(2) :],
            ):
                plain = typed.translate(phones._DROPPED)
                asked = region if chance.random() < 0.7 else chance.choice(REGIONS)
                quick = phones._short_cut(plain, asked or "") if phones._PLAIN.fullmatch(plain) else None
                if quick is not None:
                    compared += 1
                    assert quick == phones._by_library(typed, asked or ""), (typed, asked)
    assert compared > 3_000


def test_a_number_that_is_none_abroad_may_be_one_at_home():
    assert parse_phone("020 7946 0018", "PL", "GB").number == "+442079460018"
    assert parse_phone("06 12 34 56 78", "FR", "GB").number == "+33612345678"
    assert parse_phone("12", "PL", "GB").problem == "too short"


@given(PHONE_TEXT, st.sampled_from([None, "", "GB", "US", "FR", "IT", "AR", "MX", "BR", "XX"]))
def test_any_text_gives_a_number_or_a_reason_and_a_number_stays_itself(text, region):
    found = parse_phone(text, region, "GB")
    assert (found.number is None) == (found.kind is None)
    assert (found.number is None) == (found.problem is not None or not text.strip())
    if found.number:
        assert parse_phone(found.number, region, "GB") == found


@given(st.text(max_size=300), st.text(max_size=5))
def test_no_text_and_no_region_raises(text, region):
    parse_phone(text, "GB", "US")
    parse_phone("07912 345678", region, "US")


def test_hostile_texts_are_no_numbers(hostile):
    for text in hostile:
        found = parse_phone(text, "GB", "US")
        assert found.number is None or found.number.startswith("+")
