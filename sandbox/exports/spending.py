"""What the shop spends and holds: Google Ads and Meta daily reports, and stock per place, as CSV.

The two ad platforms' report formats and the stock list belong here; which campaigns run belongs in `marketing`.
"""

from __future__ import annotations

import pyarrow as pa

from sandbox.exports.delivery import Column, Delivery, select
from sandbox.marketing import AD_CAMPAIGNS

GOOGLE_PREAMBLE = "Campaign performance"


def deliver(delivery: Delivery) -> None:
    """Write both ad reports and the stock list."""
    _spend(delivery)
    month, plan = f"{delivery.plan.end:%Y-%m}", delivery.plan
    period = f"{plan.start.day} {plan.start:%B %Y} - {plan.end.day} {plan.end:%B %Y}"
    google = select(_GOOGLE_COLUMNS, "from ad_days where platform = 'google' order by day, campaign_id")
    delivery.csv(f"google_ads/campaigns_{month}.csv", google, preamble=(GOOGLE_PREAMBLE, period))
    meta = select(_META_COLUMNS, "from ad_days where platform = 'facebook' order by day, campaign_id")
    delivery.csv(f"meta_ads/insights_{month}.csv", meta)
    delivery.csv(f"inventory/stock_{delivery.day}.csv", select(_STOCK_COLUMNS, _STOCK))


def _spend(delivery: Delivery) -> None:
    names = ("platform", "campaign_id", "name", "kind", "first_month", "last_month", "daily")
    flights = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in AD_CAMPAIGNS])
    delivery.connection.register("flights", flights)
    size = max(1.0, (delivery.plan.customers / 1000) ** 0.8)  # budgets grow slower than the shop
    delivery.connection.execute(_AD_DAYS, {"size": size})
    delivery.connection.unregister("flights")


_AD_DAYS = """
create table ad_days as
with days as (
    select (shop_start() + to_days(d::integer))::date as day, d from range(datediff('day', shop_start(), shop_end()) + 1) r(d)
), spent as (
    select f.*, day, d * 8 + hash(campaign_id) % 8 as k,
        (daily * 100 * $size * (0.7 + 0.6 * u(d || campaign_id, 'spend')))::bigint as cost
    from flights f join days on month(day) between first_month and last_month
), seen as (select *, greatest(1, (cost / (28 + 30 * u(k, 'cpc')))::bigint) as clicks from spent)
select *, (clicks * (18 + 25 * u(k, 'ctr')))::bigint as impressions, (clicks * (0.015 + 0.03 * u(k, 'cvr')))::bigint as sales
from seen
"""

_GOOGLE_COLUMNS: list[Column] = [
    ("Day", "strftime(day, '%Y-%m-%d')"), ("Campaign ID", "campaign_id"), ("Campaign", "name"), ("Campaign type", "kind"),
    ("Currency code", "'GBP'"), ("Cost", "format('{:,.2f}', cost / 100.0)"), ("Impr.", "format('{:,d}', impressions)"),
    ("Clicks", "format('{:,d}', clicks)"), ("Conversions", "format('{:,.2f}', sales::double)"),
    ("Conv. value", "format('{:,.2f}', sales * 41.5)"),
]  # fmt: skip

_META_COLUMNS: list[Column] = [
    ("Reporting starts", "strftime(day, '%Y-%m-%d')"), ("Reporting ends", "strftime(day, '%Y-%m-%d')"),
    ("Campaign ID", "campaign_id"), ("Campaign name", "name"), ("Account currency", "'GBP'"),
    ("Amount spent (GBP)", "pounds(cost)"), ("Impressions", "impressions"), ("Reach", "impressions * 7 // 10"),
    ("Link clicks", "clicks"), ("Purchases", "sales"), ("Purchases conversion value", "pounds(sales * 4150)"),
]  # fmt: skip

_STOCK = """from products p cross join (values (0, 'Market Row'), (1, 'Warehouse')) as v(no, place)
order by p.product_no, v.no"""

_STOCK_COLUMNS: list[Column] = [
    ("SKU", "p.sku"), ("Product", "p.title"), ("Location", "v.place"),
    ("On hand", "pick(p.product_no * 2 + v.no, 'on hand', 30 + 90 * v.no)"),
    ("Reserved", "pick(p.product_no * 2 + v.no, 'reserved', 4)"), ("Reorder level", "8 + 12 * v.no"),
    ("Unit cost", "pounds(p.cost)"),
    ("Last counted", "strftime(shop_end() - to_days(pick(p.product_no, 'counted', 40)::integer), '%Y-%m-%d')"),
]  # fmt: skip
