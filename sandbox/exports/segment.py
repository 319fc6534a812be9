"""The event stream as Segment-spec JSON lines, one file per quarter: page, track and identify calls.

The specification's field names and a stream's quirks (repeats, latecomers, bots) belong here; visits in `behaviour`.
"""

from __future__ import annotations

from sandbox.exports.delivery import Delivery

EVENTS_AT_ONCE = 300_000  # what a pass may hold: about 100 MB

AGENTS = (
    "['Mozilla/5.0 (iPhone) Safari/17', 'Mozilla/5.0 (Android 14) Chrome/128',"
    " 'Mozilla/5.0 (Windows NT 10.0) Chrome/129', 'Mozilla/5.0 (Macintosh) Safari/17']"
)


def deliver(delivery: Delivery) -> None:
    """Write one file per quarter in which events happened."""
    connection = delivery.connection
    quarters = connection.execute(
        "select quarter_no(started_at) as q, sum(steps)::bigint from visits group by q order by q"
    ).fetchall()
    for chunk in _chunks(quarters):
        connection.execute(_EVENTS.format(first=chunk[0], last=chunk[-1]))
        for number in chunk:
            name = f"segment/events_{number // 4}-{number % 4 * 3 + 3:02d}.jsonl"
            delivery.lines(
                name, f"{_JSON} from (from chunk_events where quarter = {number} order by {_ORDER})"
            )
        connection.execute("drop table chunk_events")


def _chunks(quarters: list[tuple[int, int]]) -> list[list[int]]:
    """Neighbouring quarters together while they hold few events: each chunk is one pass over the visits."""
    chunks: list[list[int]] = []
    held = EVENTS_AT_ONCE
    for number, events in quarters:
        if held + events > EVENTS_AT_ONCE:
            chunks.append([])
            held = 0
        chunks[-1].append(number)
        held += events
    return chunks


# Steps count back from the end of a visit: an order visit ends view, add, checkout, order; a left basket ends at checkout.
_EVENTS = """
create table chunk_events as
with steps as (
    select *, unnest(range(steps)) as step from visits
    where quarter_no(started_at) between {first} and {last}
), named as (
    select *, visit_key * 16 + step as k, quarter_no(started_at) as quarter, started_at + to_seconds(step * 40) as happened_at,
        case when kind = 'order' and step = steps - 1 then 'Order Completed'
            when kind = 'order' and step = steps - 2 then 'Checkout Started'
            when kind = 'order' and step = steps - 3 then 'Product Added'
            when kind = 'basket' then ['Product Viewed', 'Product Added', 'Checkout Started'][step + 1]
            when kind = 'order' then case step % 3 when 0 then 'page' else 'Product Viewed' end
            when step = 0 then one_of(visit_key, 'lands', ['page', 'page', 'Product List Viewed', 'Product Viewed',
                'Email Link Clicked', 'Application Opened'])
            else one_of(visit_key * 16 + step, 'does', ['Product Viewed', 'Product Viewed', 'Product Viewed', 'page', 'page',
                'Product List Viewed', 'Products Searched', 'Product Added', 'Product Removed', 'Cart Viewed'])
            end as event
    from steps
), stocked as (
    select n.*, p.sku, p.title, p.category, p.price, p.handle, o.total, c.source, c.medium, c.campaign, c.referrer
    from named n
    left join order_lines l on n.kind = 'order' and l.order_no = n.subject_key and l.line_no = 1
    left join orders o on n.kind = 'order' and o.order_no = n.subject_key
    left join basket_lines b on n.kind = 'basket' and b.basket_key = n.subject_key and b.line_no = 1
    join products p on p.product_no = coalesce(l.product_no, b.product_no, case when u(k, 'drawn to') < 0.6
        then pick(n.person * 31, 'favourite', 8) * 15 + floor(15 * pow(u(k, 'looks at'), 1.7))::bigint
        else pick(k, 'looks around', 120) end)
    join channels c on c.no = visit_channel(n.visit_key, coalesce(o.ordered_at, n.started_at))
), calls as (
    select left(md5('event' || k), 20) as message_id,
        case event when 'page' then 'page' when 'Application Opened' then 'screen' else 'track' end as type,
        event, anonymous_id, user_id, happened_at, k, step, sku, title, category, price, handle, total, source, medium,
        campaign, referrer, is_bot, is_phone, subject_key, visit_key, kind, null::bigint as identified_rid,
        quarter
    from stocked
    union all
    select left(md5('identify' || w.person || '-' || n), 20), 'identify', 'identify', left(md5(w.device), 16), w.user_id,
        least(w.joined_at + to_hours(24 * 40 * n) + to_seconds(n * 5 + 1), shop_end()), w.person * 4 + n, 0, null, null,
        null, null, null, null, null, null, null, null, false, false, 0, w.person, 'identify', w.identified_rid,
        quarter_no(least(w.joined_at + to_hours(24 * 40 * n), shop_end()))
    from (select *, unnest(case when u(person, 'signs in again') < 0.3 and joined_at + interval 41 day < shop_end()
        then [0, 1] else [0] end) as n
        from web_people where identified_rid is not null) w
    where quarter_no(least(w.joined_at + to_hours(24 * 40 * n), shop_end())) between {first} and {last}
    union all
    select left(md5('signs' || w.person || '-' || n), 20), 'track', case n when 0 then 'Signed Up' else 'Signed In' end,
        left(md5(w.device), 16), w.user_id, least(w.joined_at + to_hours(24 * 40 * n), shop_end()), w.person * 4 + n, 0, null,
        null, null, null, null, null, null, null, null, null, false, false, 0, w.person, 'sign', null,
        quarter_no(least(w.joined_at + to_hours(24 * 40 * n), shop_end()))
    from (select *, unnest(case when u(person, 'signs in again') < 0.3 and joined_at + interval 41 day < shop_end()
        then [0, 1] else [0] end) as n
        from web_people where identified_rid is not null) w
    where quarter_no(least(w.joined_at + to_hours(24 * 40 * n), shop_end())) between {first} and {last}
), received as (
    select c.*, s.email, s.first_name, s.last_name, s.phone, s.created_at, copy_no,
        happened_at + case when u(message_id, 'late') < 0.004 then to_hours(30 + pick(message_id, 'how late', 90))
            else to_milliseconds(300 + pick(message_id, 'wire', 900)) end + to_seconds(copy_no * 2) as received_at
    from (select *, unnest(case when u(message_id, 'repeat') < 0.003 then [0, 1] else [0] end) as copy_no from calls) c
    left join sightings s on s.rid = c.identified_rid
)
select * from received
"""


# Members are joined by one `concat`, which skips missing ones: a chain of `||` copies the growing text at every step.


def _text(key: str, value: str) -> str:
    """A JSON member with its leading comma, or null when the value is missing; quotes are escaped by the engine."""
    return f"',\"{key}\":' || to_json({value}::varchar)"


def _plain(key: str, value: str) -> str:
    """The same for values that can hold neither quotes nor backslashes: numbers, ids, names of the catalogue."""
    return f"',\"{key}\":\"' || {value} || '\"'"


def _object(key: str, members: list[str], condition: str = "true") -> str:
    """A nested object; each member brings a leading comma, of which the first is dropped."""
    return f"case when {condition} then concat(',\"{key}\":{{', substr(concat({', '.join(members)}), 2), '}}') end"


_ORDER = "received_at, message_id, copy_no"
_TIME = "strftime({}, '%Y-%m-%dT%H:%M:%S.%gZ')"
_ITEM = "event in ('Product Viewed', 'Product Added', 'Product Removed')"
_PATH = (
    "case when event like 'Product %ed' and event <> 'Product List Viewed' then '/products/' || handle"
    " when event = 'Products Searched' then '/search' when event in ('Cart Viewed', 'Checkout Started') then '/cart'"
    " when event = 'Order Completed' then '/thank-you' when event like 'Signed%' then '/account'"
    " when event = 'page' and step = 0 then '/' else '/collections/' || lower(category) end"
)

_CONTEXT = _object(
    "context",
    [
        _object("page", [
            _plain("url", f"'https://thistleandthread.example.com' || case when type = 'page' then {_PATH} end"),
            _plain("path", _PATH),
            _plain("referrer", "case when step = 0 then referrer end"),
        ], "type in ('page', 'track')"),
        _object("campaign", [_plain("source", "source"), _plain("medium", "medium"), _plain("name", "campaign")],
                "source is not null and step = 0"),
        _object("device", [_plain("type", "case when is_phone then 'mobile' else 'desktop' end")]),
        _plain("userAgent", "case when is_bot then 'Googlebot/2.1 (+http://www.google.com/bot.html)' else"
               f" {AGENTS}[1 + case when is_phone then 0 else 2 end + pick(anonymous_id, 'agent', 2)] end"),
        _plain("ip", "case when step = 0 then '192.0.2.' || pick(anonymous_id, 'ip', 255) end"),
    ],
)  # fmt: skip

_PROPERTIES = _object(
    "properties",
    [
        _plain("product_id", f"case when {_ITEM} then handle end"), _plain("sku", f"case when {_ITEM} then sku end"),
        _plain("name", f"case when {_ITEM} then title end"),
        _plain("category", f"case when {_ITEM} or event = 'Product List Viewed' then category end"),
        f"case when {_ITEM} then ',\"price\":' || pounds(price) || ',\"quantity\":1' end",
        _plain("cart_id", "case when event in ('Product Added', 'Product Removed', 'Cart Viewed', 'Checkout Started')"
               " then 'cart_' || visit_key end"),
        _plain("query", "case when event = 'Products Searched' then lower(category) end"),
        "case when event = 'Order Completed' then ',\"order_id\":\"#' || (1000 + subject_key)"
        " || '\",\"total\":' || pounds(total) || ',\"currency\":\"GBP\"' end",
    ],
    "type = 'track' and event not in ('Signed Up', 'Signed In', 'Email Link Clicked')",
)  # fmt: skip

_TRAITS = _object(
    "traits",
    [
        _text("email", "email"), _text("firstName", "first_name"), _text("lastName", "last_name"),
        _text("phone", "phone"), _plain("createdAt", _TIME.format("created_at")),
    ],
    "type = 'identify'",
)  # fmt: skip

_JSON = f"""select concat('{{', substr(concat({
    ", ".join([
        _plain("messageId", "message_id"), _plain("type", "type"),
        _plain("event", "case when type = 'track' then event end"),
        _plain("name", "case when type = 'page' then case when step = 0 then 'Home' else category end"
               " when type = 'screen' then event end"),
        _plain("anonymousId", "anonymous_id"), _plain("userId", "user_id"),
        _plain("timestamp", _TIME.format("happened_at")), _plain("receivedAt", _TIME.format("received_at")),
        _CONTEXT, _PROPERTIES, _TRAITS,
    ])
}), 2), '}}') as line"""  # fmt: skip
