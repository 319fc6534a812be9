"""Every vendor through everything that goes wrong on a network, ending with exactly the vendor's records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from connector_pulls import Ground
from connector_vendors import PAGE, ROWS, VENDORS, Record, Reply, Request, Stripe, Vendor

Served = Callable[[type[Vendor]], Vendor]
every_vendor = pytest.mark.parametrize("kind", VENDORS, ids=lambda kind: kind.__name__)


def throttle(retry_after: str | None) -> Callable[[Vendor, Request], Reply]:
    return lambda vendor, _request: vendor.throttled(retry_after)


def cut(how: str) -> Callable[[Vendor, Request], Reply]:
    def fault(vendor: Vendor, request: Request) -> Reply:
        reply = vendor.answer(request)
        reply.cut = how
        return reply

    return fault


def expire(vendor: Vendor, _request: Request) -> Reply:
    return vendor.expired()


def smaller_pages(vendor: Vendor, _request: Request) -> None:
    vendor.page = PAGE - 2


def change_rows_to_come(change: Callable[[Record], None]) -> Callable[[Vendor, Request], None]:
    def fault(vendor: Vendor, _request: Request) -> None:
        served = slice(PAGE, None) if not isinstance(vendor, Stripe) else slice(None, -PAGE)  # newest first
        for row in vendor.rows[served]:
            change(inside(row))

    return fault


def inside(row: Record) -> Record:
    """Where a vendor's own fields are."""
    return row.get("attributes") or row.get("properties") or row


def pull_and_compare(pulls: Ground, vendor: Vendor) -> None:
    result = pulls.pull_from(vendor)
    assert (result.status, result.message) == ("pulled", "")
    assert pulls.load(vendor.source()) == []
    assert pulls.differences(vendor) == []


@every_vendor
def test_all_pages_arrive(pulls: Ground, served: Served, kind: type[Vendor]) -> None:
    vendor = served(kind)
    pull_and_compare(pulls, vendor)
    assert len(vendor.asked) == -(-ROWS // PAGE)
    assert pulls.waits == []


@every_vendor
def test_429_with_retry_after_waits_as_long_as_asked(
    pulls: Ground, served: Served, kind: type[Vendor]
) -> None:
    vendor = served(kind)
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    vendor.faults = {1: throttle("7"), 4: throttle("7") if kind.template == "shopify_api" else throttle(date)}
    pull_and_compare(pulls, vendor)
    assert pulls.waits[0] == 7
    assert pulls.waits[1] == 7 or 30 < pulls.waits[1] <= 40


@every_vendor
def test_429_without_retry_after_waits_longer_each_time(
    pulls: Ground, served: Served, kind: type[Vendor]
) -> None:
    vendor = served(kind)
    vendor.faults = dict.fromkeys((2, 3, 4), throttle(None))
    pull_and_compare(pulls, vendor)
    assert pulls.waits == [1, 2, 4]


@every_vendor
def test_a_page_that_breaks_off_is_asked_for_again(pulls: Ground, served: Served, kind: type[Vendor]) -> None:
    vendor = served(kind)
    vendor.faults = {2: cut("length"), 3: cut("chunked"), 4: cut("close")}
    pull_and_compare(pulls, vendor)
    assert pulls.waits == [1, 2, 4]


@every_vendor
def test_the_page_size_may_change_on_the_way(pulls: Ground, served: Served, kind: type[Vendor]) -> None:
    vendor = served(kind)
    vendor.faults = {3: smaller_pages}
    pull_and_compare(pulls, vendor)


@every_vendor
def test_a_page_may_come_twice(pulls: Ground, served: Served, kind: type[Vendor]) -> None:
    vendor = served(kind)
    if kind is Stripe:  # its positions are records: only the same answer to two questions can repeat a page
        vendor.faults = {3: lambda vendor, _request: vendor.answer(vendor.asked[1])}
    else:
        vendor.repeated = slice(PAGE, 2 * PAGE)
    pull_and_compare(pulls, vendor)


@every_vendor
def test_a_new_field_on_the_way_becomes_a_column(pulls: Ground, served: Served, kind: type[Vendor]) -> None:
    vendor = served(kind)
    vendor.faults = {2: change_rows_to_come(lambda row: row.update(brand_new={"depth": [1.10, "\u00fc"]}))}
    pull_and_compare(pulls, vendor)
    source = vendor.source()
    values = [row["brand_new"] for row in pulls.newest(source, source.tables[0])]
    assert [value is None for value in values].count(True) == PAGE


@every_vendor
def test_a_field_may_change_its_type_on_the_way(pulls: Ground, served: Served, kind: type[Vendor]) -> None:
    vendor = served(kind)

    for row in vendor.rows:
        inside(row)["note"] = "a text"
    vendor.faults = {2: change_rows_to_come(lambda row: row.update(note={"text": "now an object"}))}
    pull_and_compare(pulls, vendor)


@every_vendor
def test_a_position_that_expired_is_begun_again(pulls: Ground, served: Served, kind: type[Vendor]) -> None:
    vendor = served(kind)
    vendor.faults = {3: expire}
    pull_and_compare(pulls, vendor)


@every_vendor
def test_the_next_pull_brings_what_changed(pulls: Ground, served: Served, kind: type[Vendor]) -> None:
    vendor = served(kind)
    pull_and_compare(pulls, vendor)
    most = vendor.change()
    result = pulls.pull_from(vendor)
    assert 2 <= sum(file.rows or 0 for file in result.files) <= most
    assert pulls.load(vendor.source()) == []
    assert pulls.differences(vendor) == []


@every_vendor
def test_a_kept_position_that_expired_means_all_again(
    pulls: Ground, served: Served, kind: type[Vendor]
) -> None:
    vendor = served(kind)
    pull_and_compare(pulls, vendor)
    vendor.change()
    vendor.faults = {len(vendor.asked) + 1: expire}
    pull_and_compare(pulls, vendor)
