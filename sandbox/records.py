"""Which source knows which person, how often, and since when: one row per record before any error is made.

Presence and dates belong here; what the record says belongs in `sightings`.
"""

from __future__ import annotations

import duckdb

from sandbox.habits import SOURCE_NUMBERS


def record(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `tickets`, `responses`, `review_notes`, `baskets` (what brings people into those sources) and `records`
    (rid, person, source, copy, created_at, seen_at): one row per source record that describes a person."""
    for statement in (_STANDING, _ACCOUNTS, _TICKETS, _RESPONSES, _REVIEWS, _BASKETS, _RECORDS):
        connection.execute(statement.format(**SOURCE_NUMBERS))


# A customer's relation to the shop decides where they turn up: leads live in the CRM, till customers in the loyalty sheet.
_STANDING = """
create table standing as
with bought as (
    select person, count(*) filter (not in_store) as web_orders, count(*) filter (in_store) as store_orders,
        min(ordered_at) as first_at, max(ordered_at) as last_at
    from orders where person > 0 group by person
)
select p.person, p.joined_at, coalesce(b.web_orders, 0) as web_orders, coalesce(b.store_orders, 0) as store_orders,
    b.first_at, coalesce(b.last_at, p.joined_at) as last_at, b.person is null as is_lead,
    case when b.person is null then u(p.person, 'account') < 0.34
        when b.web_orders > 0 then u(p.person, 'account') < 0.84 else u(p.person, 'account') < 0.30 end as has_account,
    case when b.person is null then u(p.person, 'crm') < 0.66 else u(p.person, 'crm') < 0.15 end as in_crm,
    case when coalesce(b.store_orders, 0) > 0 then u(p.person, 'till') < 0.80 else u(p.person, 'till') < 0.05 end as at_till,
    case when coalesce(b.store_orders, 0) > 0 then u(p.person, 'card') < 0.62 else u(p.person, 'card') < 0.12 end as has_card,
    u(p.person, 'newsletter') < case when p.opted_in then 0.66 else 0.32 end as on_list
from people p left join bought b using (person)
"""

_ACCOUNTS = """
create table accounts as
select person, copy, (7100000000000 + scramble(person * 4 + copy, 10000000000))::varchar as shopify_customer_id,
    joined_at + to_days((copy * 90)::integer) as created_at
from (select *, unnest(case when u(person, 'second account') < 0.04 then [0, 1] else [0] end) as copy
    from standing where has_account)
"""

_TICKETS = """
create table tickets as
select person, person * 4 + n as ticket_key, least(joined_at + to_seconds(
    (pick(person * 4 + n, 'asks', 100000) / 100000.0 * greatest(epoch(last_at - joined_at) + 86400 * 20, 86400))::bigint),
    shop_end() - interval 2 hour) as created_at
from (select *, unnest(range(1 + pick(person, 'how many tickets', 3))) as n
    from standing where u(person, 'ticket') < case when is_lead then 0.06 else 0.135 end)
"""

_RESPONSES = """
create table responses as
select order_no, person, in_store, case when in_store or u(order_no, 'survey kind') < 0.5 then 'nps' else 'csat' end as kind,
    least(ordered_at + to_hours(24 * (3 + pick(order_no, 'answers after', 10))), shop_end()) as submitted_at
from orders where person > 0 and u(order_no, 'answers') < case when u(person, 'patient') < 0.3 then 0.18 else 0.02 end
"""

_REVIEWS = """
create table review_notes as
select l.line_id, o.order_no, o.person, l.product_no,
    least(o.ordered_at + to_hours(24 * (5 + pick(l.line_id, 'reviews after', 20))), shop_end()) as reviewed_at
from order_lines l join orders o using (order_no)
where o.person > 0 and not o.in_store
    and u(l.line_id, 'reviews') < case when u(o.person, 'writer') < 0.25 then 0.15 else 0.01 end
"""

_BASKETS = """
create table baskets as
select person, person as basket_key, case when u(person, 'left lately') < 0.45
        then shop_end() - to_minutes(60 + pick(person, 'left minutes', 60 * 24 * 6))
        else shop_end() - to_hours(24 * 7 + pick(person, 'left hours', 24 * 300)) end as started_at,
    u(person, 'left lately') >= 0.45 and u(person, 'recovered') < 0.3 as is_recovered
from standing where u(person, 'basket left') < case when is_lead then 0.12 else 0.08 end
"""

_RECORDS = """
create table records as
with found as (
    select person, {shopify_customers} as source, copy, created_at, created_at as seen_at from accounts
    union all select person, {segment_users}, 0, created_at, created_at from accounts
        where copy = 0 and u(person, 'identified') < 0.8
    union all select person, {shopify_orders}, identity_no, min(ordered_at), max(ordered_at) from orders
        where person > 0 and not in_store group by person, identity_no
    union all select person, {square_customers}, copy, coalesce(first_at, joined_at), coalesce(first_at, joined_at)
        from (select *, unnest(case when u(person, 'till twice') < 0.04 then [0, 1] else [0] end) as copy
            from standing where at_till)
    union all select person, {hubspot_contacts}, copy, joined_at, greatest(joined_at, last_at)
        from (select *, unnest(case when u(person, 'crm twice') < 0.06 then [0, 1] else [0] end) as copy
            from standing where in_crm)
    union all select person, {loyalty_members}, copy, joined_at, last_at
        from (select *, unnest(case when u(person, 'card twice') < 0.03 then [0, 1] else [0] end) as copy
            from standing where has_card)
    union all select person, {zendesk_requesters}, 0, min(created_at), max(created_at) from tickets group by person
    union all select person, {surveys_respondents}, 0, min(submitted_at), max(submitted_at) from responses group by person
    union all select person, {reviews_reviewers}, 0, min(reviewed_at), max(reviewed_at) from review_notes group by person
    union all select person, {shopify_checkouts}, 0, started_at, started_at from baskets
), listed as (
    select * from found
    union all select person, {mailchimp_members}, copy, joined_at + to_days((copy * 200)::integer), last_at
        from (select *, unnest(case when u(person, 'list twice') < 0.06 then [0, 1] else [0] end) as copy
            from standing where on_list or person not in (select person from found))
)
select person * 64 + source * 4 + copy as rid, person, source::integer as source, copy::integer as copy,
    least(created_at, shop_end()) as created_at, least(seen_at, shop_end()) as seen_at
from listed order by rid
"""
