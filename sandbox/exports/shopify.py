"""Shopify's admin exports: customers, orders, products and abandoned checkouts as CSV.

Shopify's columns and quirks belong here: apostrophes before ids, one row per line item, shop-local timestamps.
"""

from __future__ import annotations

from sandbox.exports.delivery import Column, Delivery, empty, select


def deliver(delivery: Delivery) -> None:
    """Write the four Shopify files."""
    day = delivery.day
    delivery.csv(f"shopify/customers_{day}.csv", select(CUSTOMER_COLUMNS, _CUSTOMERS))
    delivery.csv(f"shopify/orders_{day}.csv", select(_order_columns(), _ORDERS))
    delivery.csv(
        f"shopify/products_{day}.csv", select(_PRODUCT_COLUMNS, "from products p order by product_no")
    )
    delivery.csv(f"shopify/abandoned_checkouts_{day}.csv", select(_checkout_columns(), _CHECKOUTS))


CUSTOMER_COLUMNS: list[Column] = [
    ("Customer ID", "'''' || k.source_key"), ("First Name", "s.first_name"), ("Last Name", "s.last_name"),
    ("Email", "s.email"),
    ("Accepts Email Marketing", "case when s.opted_in <> (u(s.rid, 'ticks box') < 0.08) then 'yes' else 'no' end"),
    ("Default Address Company", "s.company"), ("Default Address Address1", "s.street"),
    ("Default Address Address2", "case when s.street is not null and u(s.rid, 'flat') < 0.08"
     " then 'Flat ' || (1 + pick(s.rid, 'flat no', 30)) end"),
    ("Default Address City", "s.city"), ("Default Address Province Code", "null::varchar"),
    ("Default Address Country Code", "s.country"), ("Default Address Zip", "'''' || s.zip"),
    ("Default Address Phone", "'''' || s.phone"), ("Phone", "'''' || s.phone"),
    ("Accepts SMS Marketing",
     "case when s.phone is not null and s.opted_in and u(s.rid, 'texts') < 0.35 then 'yes' else 'no' end"),
    ("Total Spent", "pounds(coalesce(t.spent, 0))"), ("Total Orders", "coalesce(t.orders, 0)::varchar"),
    ("Note", "case when u(s.rid, 'note') < 0.02 then 'Prefers delivery to a neighbour' end"), ("Tax Exempt", "'no'"),
    ("Tags", "case when coalesce(t.spent, 0) > 50000 then 'VIP, newsletter' when s.opted_in then 'newsletter' end"),
]  # fmt: skip

_CUSTOMERS = """from sightings s join record_keys k using (rid)
left join (select person, sum(total - refunded)::bigint as spent, count(*) as orders from orders
    where not in_store and status <> 'voided' group by person) t on t.person = s.person and s.copy = 0
where s.source = 'shopify_customers' order by k.source_key"""

_ORDERS = """from order_lines l join orders o using (order_no) join products p using (product_no)
join sightings s on s.rid = o.person * 64 + 4 + o.identity_no join channels c on c.no = visit_channel(o.order_no, o.ordered_at)
where not o.in_store order by o.order_no, l.line_no"""


def _order_columns() -> list[Column]:
    """Order-level values stand on the order's first row only, as Shopify prints them; Name and Email on all."""
    on_every_row = {"Name", "Email", "Created at", "Vendor"}
    return [
        (header, sql if header.startswith("Lineitem") or header in on_every_row else _first_row(sql))
        for header, sql in _ORDER_FIELDS
    ]


def _first_row(sql: str) -> str:
    return sql if sql == "null::varchar" else f"case when l.line_no = 1 then {sql} end"


def _address(prefix: str) -> list[Column]:
    return [
        (f"{prefix} Name", "s.full_name"), (f"{prefix} Street", "s.street"), (f"{prefix} Address1", "s.street"),
        (f"{prefix} Address2", "null::varchar"), (f"{prefix} Company", "s.company"), (f"{prefix} City", "s.city"),
        (f"{prefix} Zip", "s.zip"), (f"{prefix} Province", "null::varchar"), (f"{prefix} Country", "s.country"),
        (f"{prefix} Phone", "s.phone"),
    ]  # fmt: skip


_ORDER_FIELDS: list[Column] = [
    ("Name", "'#' || (1000 + o.order_no)"), ("Email", "s.email"), ("Financial Status", "o.status"),
    ("Paid at", "case when o.status <> 'pending' then shopify_time(o.ordered_at) end"),
    ("Fulfillment Status", "case when o.status in ('pending', 'voided') then 'unfulfilled' else 'fulfilled' end"),
    ("Fulfilled at", "case when o.status not in ('pending', 'voided') then"
     " shopify_time(least(o.ordered_at + to_hours(20 + pick(o.order_no, 'packs', 40)), shop_end())) end"),
    ("Accepts Marketing", "case when s.opted_in <> (u(o.order_no, 'ticks box') < 0.06) then 'yes' else 'no' end"),
    ("Currency", "'GBP'"), ("Subtotal", "pounds(o.gross - o.discount)"), ("Shipping", "pounds(o.shipping)"),
    ("Taxes", "pounds((o.total + 3) // 6)"), ("Total", "pounds(o.total)"), ("Discount Code", "o.discount_code"),
    ("Discount Amount", "pounds(o.discount)"),
    ("Shipping Method", "case o.shipping when 0 then 'Free delivery' when 695 then 'Express' else 'Standard' end"),
    ("Created at", "shopify_time(o.ordered_at)"), ("Lineitem quantity", "l.quantity"), ("Lineitem name", "p.title"),
    ("Lineitem price", "pounds(l.price)"), ("Lineitem compare at price", "pounds(p.compare_at)"),
    ("Lineitem sku", "p.sku"), ("Lineitem requires shipping", "'true'"), ("Lineitem taxable", "'true'"),
    ("Lineitem fulfillment status", "case when o.status in ('pending', 'voided') then 'pending' else 'fulfilled' end"),
    *_address("Billing"), *_address("Shipping"), *empty("Notes"),
    ("Note Attributes", "'utm_source: ' || c.source || chr(10) || 'utm_medium: ' || c.medium || chr(10)"
     " || 'utm_campaign: ' || c.campaign"),
    ("Cancelled at", "case when o.status = 'voided' then"
     " shopify_time(least(o.ordered_at + interval 3 hour, shop_end())) end"),
    ("Payment Method", "case when u(o.order_no, 'pays') < 0.7 then 'Shopify Payments' else 'PayPal Express' end"),
    ("Payment Reference", "'c' || (20000000 + o.order_no) || '.1'"), ("Refunded Amount", "pounds(o.refunded)"),
    ("Vendor", "p.vendor"), ("Outstanding Balance", "pounds(case when o.status = 'pending' then o.total else 0 end)"),
    *empty("Employee", "Location", "Device ID"), ("Id", "(5200000000000 + scramble(o.order_no, 10000000000))::varchar"),
    *empty("Tags"), ("Risk Level", "'Low'"), ("Source", "'web'"), ("Lineitem discount", "'0.00'"),
    ("Tax 1 Name", "'GB VAT 20%'"), ("Tax 1 Value", "pounds((o.total + 3) // 6)"), ("Phone", "s.phone"),
    *empty("Receipt Number", "Duties"),
]  # fmt: skip

_PRODUCT_COLUMNS: list[Column] = [
    ("Handle", "handle"), ("Title", "title"), ("Body (HTML)", "'<p>' || title || ', by ' || vendor || '.</p>'"),
    ("Vendor", "vendor"), ("Product Category", "'Home & Garden > ' || category"), ("Type", "category"),
    ("Tags", "lower(category)"), ("Published", "'true'"), ("Option1 Name", "'Title'"),
    ("Option1 Value", "'Default Title'"), ("Variant SKU", "sku"), ("Variant Grams", "100 + pick(product_no, 'g', 900)"),
    ("Variant Inventory Qty", "pick(product_no, 'stock', 120)"), ("Variant Price", "pounds(price)"),
    ("Variant Compare At Price", "pounds(compare_at)"), ("Variant Barcode", "(5000000000000 + product_no * 37)::varchar"),
    ("Image Src", "'https://cdn.example.com/' || handle || '.jpg'"), ("Status", "'active'"),
    ("Cost per item", "pounds(cost)"),
]  # fmt: skip

_CHECKOUTS = """from (select b.*, unnest(range(1, 2 + pick(b.basket_key, 'basket lines', 3))) as line_no from baskets b) b
join sightings s on s.source = 'shopify_checkouts' and s.person = b.person
join basket_lines l on l.basket_key = b.basket_key and l.line_no = b.line_no join products p using (product_no)
order by b.started_at, b.basket_key, b.line_no"""


def _checkout_columns() -> list[Column]:
    every: list[Column] = [("Id", "(31000000000000 + scramble(b.basket_key, 10000000000))::varchar")]
    first: list[Column] = [
        ("Created at", "shopify_time(b.started_at)"), ("Email", "s.email"), ("Phone", "s.phone"),
        ("Billing Name", "s.full_name"), ("Shipping Name", "s.full_name"), ("Shipping City", "s.city"),
        ("Shipping Zip", "s.zip"), ("Shipping Country", "s.country"), ("Currency", "'GBP'"),
        ("Subtotal", "pounds(l.subtotal)"),
        ("Total", "pounds(l.subtotal + case when l.subtotal >= 5000 then 0 else 395 end)"),
    ]  # fmt: skip
    lines: list[Column] = [
        ("Lineitem quantity", "l.quantity"), ("Lineitem name", "p.title"), ("Lineitem price", "pounds(p.price)"),
        ("Lineitem sku", "p.sku"),
    ]  # fmt: skip
    last: list[Column] = [
        ("Recovery Status", "case when b.is_recovered then 'Recovered' else 'Not Recovered' end"),
        ("Buyer Accepts Marketing", "case when s.opted_in then 'yes' else 'no' end"),
    ]  # fmt: skip
    return every + [(h, f"case when b.line_no = 1 then {q} end") for h, q in first] + lines + [
        (h, f"case when b.line_no = 1 then {q} end") for h, q in last
    ]  # fmt: skip
