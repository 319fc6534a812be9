"""The page of a segment's difference, as Chromium lays it out on a phone and a desktop, in light and dark."""

from __future__ import annotations

from datetime import datetime

import pytest
from segment_shop import LAPSED, add_customers, lapsed

from segments.difference import compare
from segments.page import render_page
from tests.browser import IN_ALL_FORMS, in_a_browser, look

pytestmark = in_a_browser

AT = datetime(2026, 10, 31)


@pytest.mark.parametrize(("width", "dark"), IN_ALL_FORMS)
def test_it_fits_and_can_be_read(shop, tmp_path, width, dark):
    people = [(f"cus_{place:020}", 2, 150 + place % 25) for place in range(60)]
    add_customers(shop, [*people, ("cus_late", 2, 720), ("cus_few", 1, 300)])
    after = lapsed(
        "the working tree", after=150, until=700, sql=LAPSED + "  -- a comment that goes on and on" * 4
    )
    found = compare(shop, lapsed("released"), after)
    text = render_page(shop, found, syncs=["Meta: lapsed buyers", "Mailchimp: lapsed buyers"], made_at=AT)
    assert "Who enters" in text and "Who leaves" in text and "… and " in text
    seen = look(text, tmp_path, width, dark=dark)
    assert (seen["width"], seen["overflow"], seen["dark"], seen["fetched"]) == (width, 0, dark, 0)
    assert (seen["on_each_other"], seen["faint"]) == ([], [])


@pytest.mark.parametrize("people", [[], [("a", 2, 300)]], ids=["nobody", "nobody moves"])
def test_nothing_to_show_is_said(shop, tmp_path, people):
    add_customers(shop, people)
    found = compare(shop, lapsed("released"), lapsed("the working tree"))
    text = render_page(shop, found, syncs=[], made_at=AT)
    for sentence in (
        "Nobody enters or leaves.",
        "Both versions say the same.",
        "No sync sends this segment anywhere.",
    ):
        assert sentence in text
    seen = look(text, tmp_path, 390, dark=True)
    assert (seen["overflow"], seen["on_each_other"], seen["faint"]) == (0, [], [])
