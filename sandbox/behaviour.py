"""What people do on the web and in the app: visits that end in an order, in a left basket, or in nothing.

Visits (one row each) belong here; the event stream they leave in a file belongs in `exports.segment`.
"""

from __future__ import annotations

import duckdb

from sandbox.shop import ShopPlan

ORDER_SHARE = 0.6  # at most this share of all events belongs to visits that end in an order
STEPS_PER_VISIT = 4.0
STEPS_PER_BASKET = 3
CALLS_PER_ACCOUNT = 2  # signing up or in, and the identify call after it


def visit(connection: duckdb.DuckDBPyConnection, plan: ShopPlan) -> None:
    """Create `visits` (one row per session, with how many events it leaves) and `basket_lines`."""
    wanted = int(plan.customers * plan.events_per_customer)
    orders, known, baskets = _count(connection)
    depth = max(2, min(6, int(ORDER_SHARE * wanted / max(orders, 1))))
    left = wanted - orders * depth - known * CALLS_PER_ACCOUNT - baskets * STEPS_PER_BASKET
    browsing = max(int(left / STEPS_PER_VISIT), plan.customers // 10)
    connection.execute(_BASKET_LINES)
    connection.execute(_WEB_PEOPLE)
    connection.execute(_VISITS, {"depth": depth, "browsing": browsing, "people": plan.customers})


def _count(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    row = connection.execute(
        "select (select count(*) from orders where not in_store), (select count(*) from accounts),"
        " (select count(*) from baskets)"
    ).fetchone()
    assert row is not None  # a select of three counts has one row
    return int(row[0]), int(row[1]), int(row[2])


_BASKET_LINES = """
create table basket_lines as
with lines as (
    select basket_key, person, unnest(range(1, 2 + pick(basket_key, 'basket lines', 3))) as line_no from baskets
)
select l.basket_key, l.line_no, p.product_no, 1 + pick(l.basket_key * 8 + l.line_no, 'basket many', 2) as quantity,
    sum(p.price * (1 + pick(l.basket_key * 8 + l.line_no, 'basket many', 2))) over (partition by l.basket_key)::bigint as subtotal
from lines l join products p on p.product_no
    = (pick(l.person * 31, 'favourite', 8) * 15 + pick(l.basket_key, 'basket', 12) + l.line_no) % 120
"""

# Some households share one tablet: its anonymous id carries two people's visits.
_WEB_PEOPLE = """
create table web_people as
select p.person, p.joined_at, t.last_at, a.shopify_customer_id as user_id, s.rid as identified_rid,
    case when p.has_family and u(p.household, 'tablet') < 0.2 then 'home' || p.household else 'own' || p.person end as device
from people p join standing t using (person)
left join sightings s on s.person = p.person and s.source = 'segment_users'
left join accounts a on a.person = p.person and a.copy = 0 and s.rid is not null
"""

_VISITS = """
create table visits as
with begun as (
    select 'order' as kind, o.person, o.order_no, o.order_no as channel_key,
        o.ordered_at - to_seconds(40 * ($depth - 1)) as started_at, $depth as steps, u(o.order_no, 'signed in') < 0.92 as signed_in
    from orders o where not o.in_store
    union all
    select 'basket', b.person, b.basket_key, 3000000000 + b.basket_key, b.started_at - interval 80 second, 3,
        u(b.basket_key, 'signed in basket') < 0.6
    from baskets b join sightings s on s.person = b.person and s.source = 'shopify_checkouts'
    union all
    select 'browse', case when u(i, 'stranger') < 0.3 then 0 else 1 + pick(i, 'who', $people) end, i, 5000000000 + i, null,
        1 + least(14, floor(-ln(1 - u(i, 'long visit')) * 3.5))::bigint, u(i, 'signed in browse') < 0.5
    from range($browsing) r(i)
)
select kind, b.person, order_no as subject_key, channel_key as visit_key, steps,
    case when b.signed_in then w.user_id end as user_id,
    left(md5(case when b.person = 0 then 'stranger' || (order_no * 3 // 4)
        else w.device || case when u(channel_key, 'other device') < 0.25 then 'phone' else '' end end), 16) as anonymous_id,
    least(coalesce(b.started_at, case when b.person = 0 then shop_start() + to_seconds(pick(channel_key, 'when', 94600000))
        else w.joined_at + to_seconds((u(channel_key, 'when')
            * epoch(least(w.last_at + interval 75 day, shop_end()) - w.joined_at))::bigint) end),
        shop_end() - interval 1 hour) as started_at,
    b.person = 0 and u(channel_key, 'bot') < 0.08 as is_bot,
    u(channel_key, 'small screen') < 0.55 as is_phone
from begun b left join web_people w on w.person = b.person
"""
