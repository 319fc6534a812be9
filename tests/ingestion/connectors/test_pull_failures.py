"""What a pull says when it cannot go on, and that it goes on wherever it can."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from connector_pulls import NOW, Ground, pull_and_die
from connector_vendors import (
    PAGE,
    GoogleAds,
    HubSpot,
    Mailchimp,
    Meta,
    Reply,
    Request,
    Shopify,
    Stripe,
    Vendor,
    WooCommerce,
    Zendesk,
)

from ingestion.declarations import Pagination
from ingestion.pulling import missing_settings, pull

Served = Callable[[type[Vendor]], Vendor]
TRIALS = 6


def answering(status: int, body: object = None, **headers: str) -> Callable[[Vendor, Request], Reply]:
    reply = Reply({"message": "these are the vendor's words"} if body is None else body, status)
    reply.headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _vendor, _request: reply


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (answering(401), "does not accept the key: {"),
        (answering(403), "does not let this key read /admin/api/2026-07/orders.json"),
        (answering(404), "has no /admin/api/2026-07/orders.json (404). Check `base_url`"),
        (answering(422), "refuses the request for /admin/api/2026-07/orders.json (422): {"),
        (
            answering(301, Location="http://elsewhere.invalid"),
            "sends elsewhere (301); keys are not sent after it",
        ),
        (answering(429, Retry_After="86400"), "asks to wait 86,400 seconds"),
        (answering(200, {"maintenance": True}), "holds no list of records at 'orders'; found 'maintenance'"),
        (answering(200, {"orders": None}), "holds no list of records at 'orders'"),
        (
            answering(200, {"orders": [{"id": 1}]}, Link='<http://thief.invalid/orders>; rel="next"'),
            "the key is not sent there",
        ),
        (
            answering(200, {"orders": []}, Link='</admin/api/2026-07/orders.json?page_info=1>; rel="next"'),
            "there would be no end",
        ),
    ],
)
def test_an_answer_that_ends_the_pull_is_told_in_a_sentence(
    pulls: Ground, served: Served, fault: Callable[[Vendor, Request], Reply], sentence: str
) -> None:
    vendor = served(Shopify)
    vendor.faults = dict.fromkeys(range(1, 20), fault)
    result = pulls.pull_from(vendor)
    assert result.status == "failed" and result.message.startswith("orders: ")
    assert sentence in result.message
    assert not list(pulls.landing.rglob("*.*"))


def test_errors_of_the_server_are_outlasted_but_not_for_ever(pulls: Ground, served: Served) -> None:
    vendor = served(Shopify)
    vendor.faults = dict.fromkeys(range(2, 6), answering(503))
    assert pulls.pull_from(vendor).status == "pulled"
    assert pulls.waits == [1, 2, 4, 8]
    vendor.faults = dict.fromkeys(range(1, 99), answering(500))
    result = pulls.pull_from(vendor)
    assert "was asked 8 times in vain: it answered 500. Nothing is lost; run again later." in result.message
    assert sum(pulls.waits) < 200


def test_a_host_that_is_not_there_is_given_up_soon(pulls: Ground, served: Served) -> None:
    vendor = served(Shopify)
    source = vendor.source()
    assert source.api is not None
    for address, sentence in [
        ("https://shop.invalid", "shop.invalid was asked 4 times in vain: no such host is known."),
        ("http://127.0.0.1:9", "127.0.0.1 was asked 4 times in vain: no connection could be made."),
        ("no address", "'no address' is no address of an API. Correct `base_url`"),
        ("http://shop.example", "shop.example would get the key in clear text."),
    ]:
        api = source.api.model_copy(update={"base_url": address})
        result = pulls.pull(source.model_copy(update={"api": api}), vendor.environ)
        assert sentence in result.message


def test_more_pages_that_are_nowhere_are_an_error(pulls: Ground, served: Served) -> None:
    vendor = served(Stripe)
    vendor.faults = {2: answering(200, {"data": [], "has_more": True})}
    assert "there are more pages, but not where" in pulls.pull_from(vendor).message


def test_pages_that_keep_moving_are_given_up(pulls: Ground, served: Served) -> None:
    vendor = served(WooCommerce)

    def delete_one(vendor: Vendor, _request: Request) -> None:
        del vendor.rows[0]

    vendor.faults = {2: delete_one}
    assert pulls.pull_from(vendor).status == "pulled"
    pulls.load(vendor.source())
    assert {row["id"] for row in pulls.newest(vendor.source(), vendor.source().tables[0])} >= {
        str(row["id"]) for row in vendor.rows
    }
    asked = len(vendor.asked)
    pulls.work.rename(pulls.work.with_name("lost"))
    vendor.faults = dict.fromkeys(range(asked, asked + 99), delete_one)
    assert "Records were deleted while the pages were read" in pulls.pull_from(vendor).message


def test_one_source_that_fails_stops_no_other(pulls: Ground, served: Served) -> None:
    vendors = [served(kind) for kind in (Stripe, Shopify, Mailchimp)]
    vendors[1].faults = {1: answering(401)}
    sources = [vendor.source() for vendor in vendors]
    told: list[str] = []
    report = pull(
        sources,
        pulls.landing,
        pulls.work,
        environ=Stripe.environ | Shopify.environ,
        now=NOW,
        patience=pulls.patience,
        progress=lambda _stage, done, total, note="": told.append(f"{done}/{total} {note}"),
    )
    assert [result.status for result in report.results] == ["pulled", "failed", "not configured"]
    assert [result.source for result in report.failed] == ["shopify_api"]
    assert report.not_configured[0].message == (
        "Set CDP_MAILCHIMP_API_KEY, CDP_MAILCHIMP_LIST_ID to connect it."
    )
    assert [file.rows for file in report.files] == [23]
    assert told[0] == "0/3 stripe_api" and told[-1] == "3/3 "
    assert any(note.startswith("0/3 stripe_api: stripe_api/charges/20") for note in told)


def test_one_table_that_fails_stops_no_other(pulls: Ground, served: Served) -> None:
    vendor = served(Shopify)
    orders = vendor.source().tables[0]
    lost = orders.model_copy(
        update={"name": "lost", "endpoint": orders.endpoint.model_copy(update={"path": "lost.json"})}
    )
    result = pulls.pull(vendor.source().model_copy(update={"tables": (lost, orders)}), vendor.environ)
    assert result.message.startswith("lost: 127.0.0.1 has no /admin/api/2026-07/lost.json")
    assert [file.table_name for file in result.files] == ["orders"]


def test_a_failed_page_begins_again_where_the_last_whole_pull_ended(pulls: Ground, served: Served) -> None:
    vendor = served(Shopify)
    pulls.pull_from(vendor)
    vendor.change()
    vendor.page = 1
    vendor.faults = {len(vendor.asked) + 2: answering(401)}
    assert pulls.pull_from(vendor).status == "failed"
    since = vendor.asked[-2].query["updated_at_min"]
    result = pulls.pull_from(vendor)
    assert vendor.asked[-3].query["updated_at_min"] == since
    assert sum(file.rows or 0 for file in result.files) == 3
    pulls.load(vendor.source())
    assert pulls.differences(vendor) == []


@pytest.mark.parametrize("kind", [Zendesk, GoogleAds])
def test_nothing_new_lands_nothing(pulls: Ground, served: Served, kind: type[Vendor]) -> None:
    vendor = served(kind)
    if kind is GoogleAds:
        vendor.rows.clear()
    else:
        pulls.pull_from(vendor)
    result = pulls.pull_from(vendor)
    assert (result.status, result.message, result.files) == ("pulled", "", ())


def test_a_long_export_is_committed_in_parts(
    pulls: Ground, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingestion.connectors import pages

    monkeypatch.setattr(pages, "PART_PAGES", 2)
    vendor = served(Zendesk)
    vendor.faults = {4: answering(401)}
    result = pulls.pull_from(vendor)
    assert result.status == "failed" and [file.rows for file in result.files] == [2 * PAGE]
    result = pulls.pull_from(vendor)
    assert result.status == "pulled" and [file.rows for file in result.files] == [2 * PAGE, 3]
    assert sum("start_time" in request.query for request in vendor.asked) == 1
    pulls.load(vendor.source())
    assert pulls.differences(vendor) == []


def test_a_lost_folder_of_cursors_means_all_again_and_changes_nothing(pulls: Ground, served: Served) -> None:
    vendor = served(Zendesk)
    pulls.pull_from(vendor)
    pulls.load(vendor.source())
    pulls.work.rename(pulls.work.with_name("lost"))
    assert sum(file.rows or 0 for file in pulls.pull_from(vendor).files) == 23
    assert pulls.load(vendor.source()) == []
    assert pulls.differences(vendor) == []


def test_what_was_fetched_before_a_full_disk_is_delivered_by_the_next_pull(
    pulls: Ground, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = served(Stripe)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _no_space)
        result = pulls.pull_from(vendor)
    assert result.status == "failed" and "No space left" in result.message
    asked = len(vendor.asked)
    result = pulls.pull_from(vendor)
    assert result.files[0].rows == 23
    assert "created[gte]" in vendor.asked[asked].query  # delivered from the package, and asked on from there
    pulls.load(vendor.source())
    assert pulls.differences(vendor) == []


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_token_that_ends_on_the_way_is_renewed_once(pulls: Ground, served: Served) -> None:
    vendor = served(GoogleAds)
    assert isinstance(vendor, GoogleAds)

    def end_token(vendor: GoogleAds, request: Request) -> Reply:
        return Reply({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)

    vendor.faults = {3: end_token}  # type: ignore[dict-item]
    assert pulls.pull_from(vendor).status == "pulled"
    assert vendor.tokens == 2
    result = pulls.pull(vendor.source(), vendor.environ | {"CDP_GOOGLE_ADS_REFRESH_TOKEN": "revoked-token"})
    assert "No access token was given" in result.message and "invalid_grant" in result.message


def test_a_vendor_that_pages_no_further_is_asked_anew(pulls: Ground, served: Served) -> None:
    vendor = served(HubSpot)
    vendor.most = 10  # HubSpot's own limit is 10,000
    source = vendor.source()
    assert source.api is not None
    pagination = source.api.pagination.model_copy(update={"most": 10})
    source = source.model_copy(update={"api": source.api.model_copy(update={"pagination": pagination})})
    result = pulls.pull(source, vendor.environ)
    assert (result.status, result.message) == ("pulled", "")
    assert len({request.body["filterGroups"][0]["filters"][0]["value"] for request in vendor.asked}) == 3
    pulls.load(source)
    assert pulls.differences(vendor) == []
    for row in vendor.rows:
        row["updatedAt"] = vendor.rows[-1]["updatedAt"]
    assert "changed in the same second" in pulls.pull(source, vendor.environ).message


def test_requests_keep_the_declared_pace(pulls: Ground, served: Served) -> None:
    vendor = served(Shopify)
    source = vendor.source()
    assert source.api is not None
    api = source.api.model_copy(update={"requests_per_second": 0.5})
    pulls.pull(source.model_copy(update={"api": api}), vendor.environ)
    assert len(pulls.waits) == 4 and all(
        1 < wait <= 2 * (number + 1) for number, wait in enumerate(pulls.waits)
    )


def test_a_sign_in_by_address_is_not_doubled(pulls: Ground, served: Served) -> None:
    vendor = served(Meta)
    vendor.may = lambda request: request.query.get("access_token") == "canary-meta-token"  # type: ignore[method-assign]
    source = vendor.source()
    assert source.api is not None
    auth = source.api.auth.model_copy(update={"kind": "query", "name": "access_token"})
    source = source.model_copy(update={"api": source.api.model_copy(update={"auth": auth})})
    assert pulls.pull(source, vendor.environ).message == ""


def test_secrets_stay_out_of_files_logs_and_sentences(
    pulls: Ground,
    served: Served,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(0)
    words: list[str] = []
    for kind in (Shopify, Meta, GoogleAds, Mailchimp):
        vendor = served(kind)
        secrets = [value for value in vendor.environ.values() if "canary" in value]
        words.append(pulls.pull_from(vendor).message)
        vendor.faults = {len(vendor.asked) + 1: answering(400, {"echo": secrets})}
        words.append(pulls.pull_from(vendor).message)
        assert "***" in words[-1]
        api = vendor.source().api
        assert api is not None
        lost = vendor.source().model_copy(
            update={"api": api.model_copy(update={"base_url": "http://127.0.0.1:9"})}
        )
        words.append(pulls.pull(lost, vendor.environ).message)
    said = " ".join([*words, *capfd.readouterr(), caplog.text])
    assert "canary" not in said
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and not [path for path in files if b"canary" in path.read_bytes()]


def test_nothing_is_left_but_cursors_and_what_landed(
    pulls: Ground, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlt.common.runtime import anon_tracker

    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "true")  # dlt's own settings count for nothing here
    monkeypatch.setattr(os, "geteuid", lambda: 1000)  # for root, dlt would not look at the home folder
    vendor = served(Shopify)
    vendor.faults = {8: answering(401)}
    for _ in range(3):
        pulls.pull_from(vendor)
    assert not list((tmp_path / "home").iterdir()) and not list((tmp_path / "elsewhere").iterdir())
    assert anon_tracker._ANON_TRACKER_ENDPOINT is None
    kept = [path for path in pulls.work.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"example.com" in path.read_bytes()]
    assert sum(path.stat().st_size for path in kept) < 20_000
    assert not list(pulls.landing.rglob(".*"))


def test_dlt_is_imported_only_by_a_pull() -> None:
    code = "import sys, ingestion.pulling; sys.exit('dlt' in sys.modules or 'sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_settings_are_named_by_kind() -> None:
    assert missing_settings(HubSpot().source(), {"CDP_HUBSPOT_ACCESS_TOKEN": ""}) == [
        "CDP_HUBSPOT_ACCESS_TOKEN"
    ]
    names = missing_settings(GoogleAds().source(), {})
    assert "CDP_GOOGLE_ADS_CUSTOMER_ID" in names  # of the endpoint's path
    assert "CDP_GOOGLE_ADS_LOGIN_CUSTOMER_ID" not in names  # may be absent


@pytest.mark.parametrize("kind", [Shopify, Zendesk])
def test_a_pull_killed_anywhere_and_run_again_brings_exactly_the_rows(
    pulls: Ground, served: Served, kind: type[Vendor]
) -> None:
    vendor, chance = served(kind), random.Random(os.environ.get("CDP_TEST_SEED", "7"))
    source = vendor.source()
    steps = pull_and_die(pulls, vendor, source, at=None)
    for _trial in range(TRIALS):
        vendor.change()
        pull_and_die(pulls, vendor, source, at=chance.randint(1, steps))
        pulls.load(source)
    assert pulls.pull_from(vendor).message == ""
    assert pulls.load(source) == []
    assert pulls.differences(vendor) == []
    files = [path for path in pulls.work.rglob("*") if path.is_file()]
    assert not [path for path in files if b"example.com" in path.read_bytes()]
    assert not list(pulls.landing.rglob(".*"))


def test_a_declaration_says_what_its_pages_need() -> None:
    for settings, sentence in [
        ({"kind": "cursor", "parameter": "after"}, "`kind: cursor` needs `path`"),
        ({"kind": "offset"}, "`kind: offset` needs `parameter`"),
        ({"kind": "single", "keep": True}, "`keep` goes with `kind: cursor` only"),
    ]:
        with pytest.raises(ValueError, match=sentence.replace("`", "`")):
            Pagination.model_validate(settings)
