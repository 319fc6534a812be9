"""Email addresses: known values, the short cut against the library, and texts that are anything but addresses."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from function_vectors import vectors
from hypothesis import example, given
from hypothesis import strategies as st

from warehouse.functions import emails
from warehouse.functions.emails import parse_email

ADDRESS_TEXT = st.text(alphabet="abcxyzÄßİıéл0129.-_+'@@ <>,;:\"()\t\u200bmailto", max_size=40)
# what the short cut might take for an address
PLAIN_TEXT = st.from_regex(r"[a-z0-9_+'.-]{1,12}@[a-z0-9.-]{1,12}\.[a-z]{1,8}", fullmatch=True)


@pytest.mark.parametrize("row", vectors("emails"), ids=lambda row: row["text"])
def test_known_addresses(row):
    found = parse_email(row["text"])
    assert (found.address, found.canonical, found.problem) == (
        row["address"],
        row["canonical"],
        row["problem"],
    )


@given(PLAIN_TEXT)
def test_the_short_cut_takes_only_what_the_library_takes(text):
    if emails._PLAIN.fullmatch(text) and emails._is_public(text.rpartition("@")[2]):
        assert validate_email(text, check_deliverability=False, strict=True).normalized.lower() == text


@given(ADDRESS_TEXT)
@example("İ@example.com")
@example("ﬁ@example.com")
def test_any_text_gives_an_address_or_a_reason_and_an_address_stays_itself(text):
    found = parse_email(text)
    assert (found.address is None) == (found.problem is not None or not text.strip())
    if found.address is not None:
        assert parse_email(found.address) == found
        assert found.address == found.address.lower()
        assert found.canonical == parse_email(found.canonical).canonical
        assert found.address.endswith(f"@{found.domain}")


@given(st.text(max_size=300))
def test_no_text_raises(text):
    parse_email(text)


def test_what_the_library_refuses_is_refused(hostile):
    for text in hostile:
        address = parse_email(text).address
        if address is not None:
            try:
                validate_email(address, check_deliverability=False)
            except EmailNotValidError:
                pytest.fail(f"{address!r} passed")


def test_offices_are_told_from_people():
    assert parse_email("info+web@example.com").is_role
    assert parse_email("Sales@example.com").is_role
    assert parse_email("anna@example.com").is_role is False
    assert parse_email("nonsense").is_role is None
