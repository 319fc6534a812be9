"""Who buys when, where and what: habits drawn per person, orders in time, lines with prices.

Orders, lines and their money belong here; how a shop or till prints them belongs in `exports`.
"""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sandbox.shop import HISTORY_DAYS, ShopPlan

BUYER_SHARE = 0.80  # the rest are leads who never bought
WALK_INS_PER_KNOWN_SALE = 1.1  # a till sells to more strangers than to people it knows
MONTH_WEIGHT = (0.75, 0.8, 0.9, 0.9, 0.95, 0.85, 0.8, 0.8, 0.95, 1.1, 1.7, 1.9)
WEEKDAY_WEIGHT = (0.9, 0.85, 0.9, 1.0, 1.1, 1.3, 1.1)
STAYS, FADES = 0.55, 480.0  # share who never churn, and mean days until the others do


def sell(connection: duckdb.DuckDBPyConnection, plan: ShopPlan) -> None:
    """Create `orders` (one row per order, money in pence) and `order_lines` (one row per line)."""
    connection.register("drawn", pa.table(draw_orders(connection, plan)))
    connection.execute(_ORDERS_SQL)
    connection.unregister("drawn")
    connection.execute(_LINES_SQL)
    connection.execute(_TOTALS_SQL)


def draw_orders(connection: duckdb.DuckDBPyConnection, plan: ShopPlan) -> dict[str, npt.NDArray[np.generic]]:
    """Numbers only, one entry per order: the person (0 = a stranger at the till), seconds since start, in store or not."""
    rng = plan.rng("purchases")
    joined = np.asarray(
        connection.execute(
            "select epoch(joined_at - shop_start()) / 86400.0 as day from people order by person"
        ).fetchnumpy()["day"],
        dtype=np.float64,
    )
    count = len(joined)
    buyer = rng.random(count) < BUYER_SHARE
    appetite = rng.gamma(0.75, 1.0, count) / 0.75
    extra = max(plan.orders_per_customer / BUYER_SHARE - 1.0, 0.0)
    per_person = np.where(buyer, 1 + rng.poisson(extra * appetite), 0)
    lasting = np.where(rng.random(count) < STAYS, HISTORY_DAYS, rng.exponential(FADES, count))
    person = np.repeat(np.arange(count), per_person)
    first = np.concatenate(([0], np.cumsum(per_person)[:-1]))[person] == np.arange(len(person))
    begin, until = joined[person], np.minimum(joined + lasting, HISTORY_DAYS)[person]
    day = np.where(first, np.minimum(begin + rng.exponential(6.0, len(person)), HISTORY_DAYS - 0.01),
                   _busy_day(rng, begin, np.maximum(until, begin), plan))  # fmt: skip
    store_share = rng.choice([0.0, 1.0, 0.45], count, p=[0.52, 0.18, 0.30])
    in_store = rng.random(len(person)) < store_share[person]
    walk_ins = int(in_store.sum() * WALK_INS_PER_KNOWN_SALE)
    strangers = _busy_day(rng, np.zeros(walk_ins), np.full(walk_ins, float(HISTORY_DAYS)), plan)
    return {
        "person": np.concatenate((person + 1, np.zeros(walk_ins, dtype=np.int64))),
        "seconds": np.minimum(np.concatenate((day, strangers)) * 86400, HISTORY_DAYS * 86400 - 60).astype(
            np.int64
        ),
        "in_store": np.concatenate((in_store, np.ones(walk_ins, dtype=bool))),
    }


def _busy_day(
    rng: np.random.Generator, begin: npt.NDArray[np.float64], until: npt.NDArray[np.float64], plan: ShopPlan
) -> npt.NDArray[np.float64]:
    """A moment between two days (in days since start), denser in November, December and at weekends."""
    dates = np.datetime64(plan.start, "D") + np.arange(HISTORY_DAYS)
    months = dates.astype("datetime64[M]").astype(int) % 12
    weekdays = (dates.astype(int) + 3) % 7
    weight = np.cumsum(np.array(MONTH_WEIGHT)[months] * np.array(WEEKDAY_WEIGHT)[weekdays])
    grid, busy = np.arange(HISTORY_DAYS + 1.0), np.concatenate(([0.0], weight))
    low, high = np.interp(begin, grid, busy), np.interp(until, grid, busy)
    found: npt.NDArray[np.float64] = np.interp(low + (high - low) * rng.random(len(begin)), busy, grid)
    return found


_ORDERS_SQL = """
create table orders as
with timed as (
    select person, in_store, seconds // 86400 as day,
        case when in_store then 9 + pick(seconds + person, 'till hour', 9) else (seconds % 86400) // 3600 end as hour,
        seconds, row_number() over (order by seconds, person) as nth
    from drawn
), placed as (
    select person, in_store, least(shop_start() + to_days(day::integer) + to_hours(
        case when not in_store and hour < 6 then hour + 14 else hour end::integer) + to_seconds(seconds % 3600),
        shop_end() - to_minutes(5)) as ordered_at, nth
    from timed
), numbered as (
    select *, row_number() over (order by ordered_at, nth) as order_no from placed
)
select o.order_no, o.person, o.in_store, o.ordered_at,
    row_number() over (partition by o.person order by o.order_no) as nth_of_person,
    case when p.moved_at <= o.ordered_at then 1 else 0 end
        + case when u(o.order_no, 'other details') < 0.03 then 2 else 0 end as identity_no,
    case when u(o.order_no, 'discount') < 0.17 then one_of(o.order_no, 'code', ['WELCOME10','AUTUMN15','TEATIME10','FRIENDS20'])
        end as discount_code
from numbered o left join people p using (person) order by o.order_no
"""

_LINES_SQL = """
create table order_lines as
with spread as (
    select order_no, person, nth_of_person, order_no * 8 + line as line_id, line
    from (select *, unnest(range(1 + least(6, floor(-ln(1 - u(order_no, 'basket')) * 1.1)::bigint))) as line from orders)
), chosen as (
    select *, pick(person * 31 + case when person = 0 then line_id else 0 end, 'favourite', 8) as favourite,
        u(line_id, 'taste') as taste, floor(15 * pow(u(line_id, 'product'), 1.7))::bigint as rank
    from spread
), categorised as (
    select c.*, case when taste < 0.55 then favourite
        when taste < 0.55 + least(0.08 * nth_of_person, 0.25) then f.companion_no
        else pick(line_id, 'whim', 8) end as category_no
    from chosen c join products f on f.product_no = c.favourite * 15
)
select c.order_no, row_number() over (partition by c.order_no order by c.line) as line_no, c.line_id, p.product_no,
    case when u(c.line_id, 'quantity') < 0.82 then 1 else 2 + pick(c.line_id, 'many', 2) end as quantity, p.price
from categorised c join products p on p.product_no = c.category_no * 15 + c.rank
order by c.order_no, line_no
"""

_TOTALS_SQL = """
create temp table totals as
with summed as (
    select order_no, sum(quantity * price)::bigint as gross, count(*) as line_count from order_lines group by order_no
)
select o.order_no, gross, line_count,
    case when discount_code is null then 0 else gross * right(discount_code, 2)::integer // 100 end as discount,
    case when in_store or gross >= 5000 then 0 when u(o.order_no, 'express') < 0.12 then 695 else 395 end as shipping,
    u(o.order_no, 'fate') as fate
from orders o join summed using (order_no);
alter table orders add column gross bigint;
alter table orders add column line_count bigint;
alter table orders add column discount bigint;
alter table orders add column shipping bigint;
alter table orders add column total bigint;
alter table orders add column refunded bigint;
alter table orders add column status varchar;
update orders set gross = t.gross, line_count = t.line_count, discount = t.discount, shipping = t.shipping,
    total = t.gross - t.discount + t.shipping,
    refunded = case when t.fate < 0.025 then t.gross - t.discount + t.shipping
        when t.fate < 0.055 then (t.gross - t.discount) // 2 else 0 end,
    status = case when t.fate < 0.025 then 'refunded' when t.fate < 0.055 then 'partially_refunded'
        when t.fate < 0.07 and not orders.in_store then 'voided'
        when orders.ordered_at > shop_end() - interval 1 day and t.fate > 0.9 then 'pending' else 'paid' end
from totals t where t.order_no = orders.order_no;
drop table totals
"""
