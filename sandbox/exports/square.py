"""Square's till exports: items sold, one file per quarter, and the customer directory, as CSV.

Square's columns and quirks belong here: pound signs, parentheses for negatives, sales without the tax in their price,
shop-local date and time columns, a directory that knows of the sales that were rung up for somebody.
"""

from __future__ import annotations

from sandbox.exports.delivery import Column, Delivery, empty, select


def deliver(delivery: Delivery) -> None:
    """Write the items files (one per quarter of shop-local time) and the directory."""
    delivery.connection.execute(_TILL_ROWS)
    for year, quarter in delivery.connection.execute(
        "select distinct year(local_at), quarter(local_at) from till_rows order by all"
    ).fetchall():
        rest = f"from till_rows where year(local_at) = {year} and quarter(local_at) = {quarter} order by {_ORDER}"
        delivery.csv(f"square/items_{year}-Q{quarter}.csv", select(_ITEM_COLUMNS, rest))
    delivery.csv(f"square/customers_{delivery.day}.csv", select(_CUSTOMER_COLUMNS, _CUSTOMERS))
    delivery.connection.execute("drop table till_rows")


_ORDER = "local_at, order_no, line_no, is_refund"

_TILL_ROWS = """
create table till_rows as
with sold as (
    select o.order_no, l.line_no, o.ordered_at, o.discount_code, o.refunded, o.total, l.quantity, l.price, p.title, p.sku,
        p.category, l.quantity * l.price as gross, s.rid, s.full_name, k.source_key, card.source_key as card_no,
        case when o.discount_code is null then 0
            else l.quantity * l.price * right(o.discount_code, 2)::integer // 100 end as discount
    from orders o join order_lines l using (order_no) join products p using (product_no)
    left join sightings s on s.rid = o.person * 64 + 8 and s.source = 'square_customers' and u(o.order_no, 'asked') < 0.9
    left join record_keys k on k.rid = s.rid
    left join record_keys card on card.rid = o.person * 64 + 28 and s.rid is not null
    where o.in_store
), taxed as (
    select *, (gross - discount) // 6 as tax from sold
)
select *, false as is_refund, london(ordered_at) as local_at from taxed
union all
select * replace (-quantity as quantity, -gross as gross, -discount as discount, -tax as tax), true,
    london(ordered_at + to_hours(24 * (1 + pick(order_no, 'returns', 12))))
from taxed where refunded > 0 and (line_no = 1 or refunded = total)
    and ordered_at + to_hours(24 * (1 + pick(order_no, 'returns', 12))) < shop_end()
"""

_ITEM_COLUMNS: list[Column] = [
    ("Date", "strftime(local_at, '%Y-%m-%d')"), ("Time", "strftime(local_at, '%H:%M:%S')"), ("Time Zone", "'London'"),
    ("Category", "category"), ("Item", "title"), ("Qty", "quantity"), ("Price Point Name", "'Regular'"), ("SKU", "sku"),
    *empty("Modifiers Applied"), ("Gross Sales", "pounds_signed(gross - tax)"), ("Discounts", "pounds_signed(-discount)"),
    ("Net Sales", "pounds_signed(gross - discount - tax)"), ("Tax", "pounds_signed(tax)"),
    ("Transaction ID", "'T' || upper(left(md5('sale' || order_no), 15))"),
    ("Payment ID", "'P' || upper(left(md5('pay' || order_no), 15))"),
    ("Device Name", "one_of(order_no, 'till', ['Till 1', 'Till 2'])"), *empty("Notes", "Details"),
    ("Event Type", "case when is_refund then 'Refund' else 'Payment' end"), ("Location", "'Market Row'"),
    *empty("Dining Option"), ("Customer ID", "source_key"), ("Customer Name", "full_name"),
    ("Customer Reference ID", "card_no"), ("Unit", "'ea'"), ("Count", "quantity"),
]  # fmt: skip

_CUSTOMERS = """from sightings s join record_keys k using (rid)
left join record_keys card on card.rid = s.person * 64 + 28 and u(s.rid, 'knows card') < 0.75
left join (select person, min(ordered_at) as first_at, max(ordered_at) as last_at from orders
    where in_store and person > 0 group by person) t on t.person = s.person and s.copy = 0
left join (select rid, count(distinct order_no) as visits, sum(gross - discount)::bigint as spent
    from till_rows group by rid) rung on rung.rid = s.rid
where s.source = 'square_customers' order by k.source_key"""

_CUSTOMER_COLUMNS: list[Column] = [
    ("Reference ID", "card.source_key"), ("First Name", "s.first_name"), ("Last Name", "s.last_name"),
    ("Email Address", "s.email"), ("Phone Number", "s.phone"), *empty("Nickname"), ("Company Name", "s.company"),
    ("Street Address 1", "s.street"), *empty("Street Address 2"), ("City", "s.city"), *empty("State"),
    ("Postal Code", "s.zip"), ("Birthday", "strftime(s.birth_date, '%Y-%m-%d')"),
    ("Memo", "case when u(s.rid, 'memo') < 0.03 then 'regular, likes samples' end"), ("Square Customer ID", "k.source_key"),
    ("Creation Source", "case when u(s.rid, 'made by') < 0.6 then 'Third Party' else 'Manual' end"),
    ("First Visit", "strftime(t.first_at, '%Y-%m-%d')"), ("Last Visit", "strftime(t.last_at, '%Y-%m-%d')"),
    ("Transaction Count", "coalesce(rung.visits, 0)"), ("Lifetime Spend", "pounds_signed(coalesce(rung.spent, 0))"),
    ("Email Subscription Status", "case when s.email is null then null when s.opted_in then 'subscribed'"
     " when u(s.rid, 'left list') < 0.5 then 'unsubscribed' else 'unknown' end"),
]  # fmt: skip
