"""The pretend shop's files: names, headers, sizes, sums and sameness; what the platform's loads may rely on.

Who is who (truth, traps, overlap) is tested in `test_generator_truth`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pytest

from sandbox.errors import ShopMissing, ShopTooSmall
from sandbox.generator import generate, main
from sandbox.shop import Shop
from sandbox.update import generate_update

_ADDRESS = "{0} Name,{0} Street,{0} Address1,{0} Address2,{0} Company,{0} City,{0} Zip,{0} Province,{0} Country,{0} Phone"
_MEMBER = (
    "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,"
    "CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
HEADERS = {
    "shopify/customers_2026-10-31.csv": (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
        "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
        "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags"
    ),
    "shopify/orders_2026-10-31.csv": (
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
        "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
        "Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,"
        + _ADDRESS.format("Billing") + "," + _ADDRESS.format("Shipping")
        + ",Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,"
        "Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Phone,Receipt Number,"
        "Duties"
    ),
    "shopify/products_2026-10-31.csv": (
        "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
        "Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Status,"
        "Cost per item"
    ),
    "shopify/abandoned_checkouts_2026-10-31.csv": (
        "Id,Created at,Email,Phone,Billing Name,Shipping Name,Shipping City,Shipping Zip,Shipping Country,Currency,Subtotal,"
        "Total,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Recovery Status,Buyer Accepts Marketing"
    ),
    "square/items_2026-Q4.csv": (
        "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,"
        "Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,"
        "Customer Reference ID,Unit,Count"
    ),
    "square/customers_2026-10-31.csv": (
        "Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,Street Address 1,"
        "Street Address 2,City,State,Postal Code,Birthday,Memo,Square Customer ID,Creation Source,First Visit,Last Visit,"
        "Transaction Count,Lifetime Spend,Email Subscription Status"
    ),
    "hubspot/contacts_2026-10-31.csv": (
        "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Company Name,Job Title,Street Address,City,"
        "State/Region,Postal Code,Country/Region,Date of Birth,Lifecycle Stage,Lead Status,Original Source,Contact owner,"
        "Create Date,Last Modified Date,Last Activity Date,Marketing contact status,Unsubscribed from all email"
    ),
    "hubspot/deals_2026-10-31.csv": (
        "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Currency,Create Date,Close Date,Deal owner,Associated Contact IDs,"
        "Associated Company,Closed Lost Reason"
    ),
    "mailchimp/subscribed_members_2026-10-31.csv": _MEMBER,
    "mailchimp/unsubscribed_members_2026-10-31.csv": _MEMBER
    + ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER",
    "mailchimp/cleaned_members_2026-10-31.csv": _MEMBER + ",CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID",
    "mailchimp/campaign_activity_2026-12.csv": "Campaign ID,Campaign Title,Subject,Email Address,Action,Timestamp,URL",
    "surveys/nps_2026-10-31.csv": "Response ID,Submitted At,Email,Name,Score,Comment,Touchpoint,Customer ID",
    "surveys/csat_2026-10-31.csv": "Response ID,Submitted At,Email,Order Number,Rating,Comment",
    "reviews/product_reviews_2026-10-31.csv": (
        "id,title,body,rating,review_date,source,curated,reviewer_name,reviewer_email,product_id,product_handle,reply,"
        "reply_date,location"
    ),
    "meta_ads/insights_2026-10.csv": (
        "Reporting starts,Reporting ends,Campaign ID,Campaign name,Account currency,Amount spent (GBP),Impressions,Reach,"
        "Link clicks,Purchases,Purchases conversion value"
    ),
    "inventory/stock_2026-10-31.csv": "SKU,Product,Location,On hand,Reserved,Reorder level,Unit cost,Last counted",
}  # fmt: skip


def _tiny(out_dir: Path, seed: int) -> Shop:
    return generate(out_dir, customers=60, seed=seed, events_per_customer=5, orders_per_customer=2)


def _hashes(shop: Shop) -> dict[str, str]:
    truth = {f"truth/{path.name}": path for path in shop.plan.truth.iterdir()}
    files = {name: shop.plan.landing / name for name in shop.files} | truth
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def _query(sql: str, landing: Path) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql.replace("@", str(landing))).fetchall()


def test_same_seed_same_bytes_and_another_seed_another_shop(tmp_path: Path) -> None:
    first, again, other = (
        _hashes(_tiny(tmp_path / name, seed)) for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert first == again
    assert first["shopify/customers_2026-10-31.csv"] != other["shopify/customers_2026-10-31.csv"]


def test_a_shop_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShopTooSmall, match="ask for 20 or more"):
        generate(tmp_path, customers=3, seed=1)


@pytest.mark.parametrize("name", HEADERS)
def test_headers_are_the_vendors(shop: Shop, name: str) -> None:
    with (shop.plan.landing / name).open(encoding="utf-8") as file:
        assert file.readline().rstrip("\n") == HEADERS[name]


def test_google_report_opens_with_two_lines_of_preamble(shop: Shop) -> None:
    lines = (shop.plan.landing / "google_ads/campaigns_2026-10.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["Campaign performance", "1 November 2023 - 31 October 2026"]
    assert lines[2] == (
        "Day,Campaign ID,Campaign,Campaign type,Currency code,Cost,Impr.,Clicks,Conversions,Conv. value"
    )


def test_sample_is_small_and_complete(shop: Shop) -> None:
    assert shop.size_bytes < 5_000_000
    assert {name.split("/")[0] for name in shop.files} == {
        "shopify", "square", "hubspot", "mailchimp", "segment", "zendesk", "surveys", "reviews", "google_ads", "meta_ads",
        "loyalty", "inventory",
    }  # fmt: skip


def test_shopify_orders_add_up(shop: Shop) -> None:
    """Subtotal = lines - discount; Total = Subtotal + Shipping; tax is inside the total at 20 %."""
    wrong = _query(
        """
        with lines as (select *, sum("Lineitem quantity"::integer * "Lineitem price"::decimal(18, 2)) over (partition by "Name")
            as gross from read_csv('@/shopify/orders_*.csv', all_varchar = true))
        select "Name" from lines where "Total" is not null and (
            gross - "Discount Amount"::decimal(18, 2) <> "Subtotal"::decimal(18, 2)
            or "Subtotal"::decimal(18, 2) + "Shipping"::decimal(18, 2) <> "Total"::decimal(18, 2)
            or abs("Total"::decimal(18, 2) / 6 - "Taxes"::decimal(18, 2)) > 0.01
            or "Refunded Amount"::decimal(18, 2) > "Total"::decimal(18, 2))
        """,
        shop.plan.landing,
    )
    assert wrong == []


def test_orders_on_the_web_have_their_event(shop: Shop) -> None:
    rows = _query(
        """
        with told as (select properties ->> 'order_id' as order_name from read_json('@/segment/*.jsonl', format = 'newline_delimited',
            columns = {event: 'varchar', properties: 'json'}) where event = 'Order Completed')
        select count(distinct "Name"), count(distinct told.order_name)
        from read_csv('@/shopify/orders_*.csv', all_varchar = true) o left join told on told.order_name = o."Name"
        """,
        shop.plan.landing,
    )
    assert rows[0][0] == rows[0][1] != 0


def test_events_carry_repeats_and_bots(shop: Shop) -> None:
    rows = _query(
        """
        select count(*) - count(distinct "messageId"), count(*) filter (context ->> 'userAgent' like '%bot%'),
            count(distinct type), min("timestamp") from read_json('@/segment/*.jsonl', format = 'newline_delimited',
            columns = {"messageId": 'varchar', type: 'varchar', "timestamp": 'varchar', context: 'json'})
        """,
        shop.plan.landing,
    )
    repeats, bots, kinds, first = rows[0]
    assert int(str(repeats)) > 0 and int(str(bots)) > 0
    assert kinds == 4 and str(first).startswith("2023-11")


def test_tickets_are_one_json_document(shop: Shop) -> None:
    document = json.loads((shop.plan.landing / "zendesk/tickets_2026-10-31.json").read_text(encoding="utf-8"))
    assert document["count"] == len(document["tickets"]) > 50
    assert {ticket["satisfaction_rating"]["score"] for ticket in document["tickets"]} >= {
        "good",
        "bad",
        "offered",
    }


def test_command_line_explains_a_missing_shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--update", "--out", str(tmp_path)]) == 1
    assert "Write one first" in capsys.readouterr().err
    with pytest.raises(ShopMissing):
        generate_update(tmp_path)
