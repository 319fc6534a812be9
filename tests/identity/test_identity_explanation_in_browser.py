"""The page that says why records are one customer, as Chromium lays it out on a phone and a desktop, in light and dark."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from identity.explanation import Edge, Explanation, HistoryEntry
from identity.explanation_page import render_page
from tests.browser import IN_ALL_FORMS, in_a_browser, look

pytestmark = in_a_browser

AT = datetime(2026, 10, 31, 12)
SOURCES = ("shopify_customers", "hubspot_contacts", "square_customers", "segment_users", "zendesk_requesters")
FIELDS = (("email", "exact match on username and domain", 11.4), ("first_name", "nickname or very similar", 3.1),
          ("postcode", "same district", 4.2), ("birth_date", "different", -6.3))  # fmt: skip


def record(place: int) -> dict[str, object]:
    return {
        "record_id": f"{SOURCES[place]}:gid-00000000000{place}",
        "source": SOURCES[place],
        "first_name": "Wilhelmina-Charlotte",
        "last_name": "Featherstonehaugh-Cholmondeley",
        "email": "wilhelmina.featherstonehaugh-cholmondeley@example.com",
        "phone": "+447700900123",
        "street": "The Old Rectory, 114 Long Lane of the Very Long Name",
        "city": "Llanfairpwllgwyngyll",
        "postcode": "LL61 5UJ",
        "birth_date": "1981-02-03" if place else None,
        "loyalty_id": None,
        "web_user_id": None,
        "strict_id": "cus_0" if place else "cus_1",
    }


def link(place: int) -> Edge:
    fields = FIELDS[: 2 + place % 3]
    ends = (str(record(at)["record_id"]) for at in (place, place + 1))
    return Edge(*ends, sum(weight for _, _, weight in fields), "model" if place else "trusted_id", fields)


@pytest.fixture
def explanation() -> Explanation:
    path = sorted((link(place) for place in range(4)), key=lambda edge: -edge.weight)
    history = [
        HistoryEntry(AT, "created", "cus_0123456789abcdef0123", "First seen in shopify_customers.", {}),
        HistoryEntry(AT, "merged", "cus_fedcba9876543210fedc", "Joined by trusted_id with weight +14.5.", {}),
    ]
    return Explanation(
        customer_id="cus_0123456789abcdef0123",
        asked="wilhelmina.featherstonehaugh-cholmondeley@example.com",
        redirected_from="cus_fedcba9876543210fedc",
        confidence=0.97,
        records=[record(place) for place in range(5)],
        edges=path,
        path=path,
        weakest_bridge=path[-1],
        history=history,
        other_customers=["cus_aaaaaaaaaaaaaaaaaaaa"],
    )


@pytest.mark.parametrize(("width", "dark"), IN_ALL_FORMS)
def test_it_fits_and_can_be_read(explanation: Explanation, tmp_path: Path, width: int, dark: bool) -> None:
    seen = look(render_page(explanation, made_at=AT), tmp_path, width, dark=dark)
    assert (seen["width"], seen["overflow"], seen["dark"], seen["fetched"]) == (width, 0, dark, 0)
    assert seen["charts"] == len(explanation.path), "each once, in the width that fits"
    assert (seen["cut"], seen["on_each_other"], seen["faint"]) == ([], [], [])


def test_a_customer_of_one_record_fits_too(explanation: Explanation, tmp_path: Path) -> None:
    alone = replace(
        explanation,
        records=[record(0)],
        edges=[],
        path=[],
        weakest_bridge=None,
        history=[],
        other_customers=[],
    )
    text = render_page(alone, made_at=AT)
    assert "Only one record: nothing had to be joined." in text
    assert "Nothing is written down about it" in text
    seen = look(text, tmp_path, 390, dark=True)
    assert (seen["overflow"], seen["charts"], seen["on_each_other"], seen["faint"]) == (0, 0, [], [])
