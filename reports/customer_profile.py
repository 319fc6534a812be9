"""All that is known of one customer, as data: who it is, worth, consents, segments, open tickets and what happened.

Reads published tables only; how it looks is decided where it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from reports.published import Row, read_as_of, read_rows


@dataclass(frozen=True)
class Profile:
    """One customer as of the published run (naive UTC); lists hold the newest first.

    `timeline` is cut to what was asked for, `timeline_count` says how many entries there are (since the day asked for).
    """

    as_of: datetime
    customer: Row
    sources: list[Row]
    last_order: Row | None
    consents: list[Row]
    segments: list[Row]
    open_tickets: list[Row]
    timeline: list[Row]
    timeline_count: int


def read_profile(
    connection: duckdb.DuckDBPyConnection,
    customer_id: str,
    *,
    entries: int = 10,
    since: datetime | None = None,
) -> Profile:
    """What the tables say of a customer that they hold. Raises NotPublished."""

    def rows(sql: str, *more: object) -> list[Row]:
        return read_rows(connection, sql, [customer_id, *more])

    timeline = rows(_TIMELINE, since, entries)
    counted = rows(_TIMELINE_COUNT, since)
    return Profile(
        as_of=read_as_of(connection),
        customer=rows(_CUSTOMER)[0],
        sources=rows(_SOURCES),
        last_order=next(iter(rows(_LAST_ORDER)), None),
        consents=rows(_CONSENTS),
        segments=rows(_SEGMENTS),
        open_tickets=rows(_OPEN_TICKETS),
        timeline=timeline,
        timeline_count=counted[0]["entries"],
    )


_CUSTOMER = """
    select customer_id, coalesce(display_name, nullif(concat_ws(' ', first_name, last_name), '')) as name, email, phone,
        city, postcode, region, country, language, company, first_seen_at, record_count, source_count, lifecycle_stage,
        order_count, total_spend_amount as net_revenue_amount, currency, first_order_at, last_order_at
    from marts.customers where customer_id = $1"""
_SOURCES = """
    select split_part(record_id, ':', 1) as source, count(*) as record_count
    from identity.identity_clusters where customer_id = $1 group by all order by source"""
_LAST_ORDER = """
    select order_name, ordered_at, sales_channel, store_name, net_revenue_amount, currency, financial_status
    from marts.orders where customer_id = $1 and is_purchase order by ordered_at desc, order_id desc limit 1"""
# who agreed may still not be written to: the address may not work, or have opted out by itself
_CONSENTS = """
    select consents.purpose, consents.channel, consents.status,
        consents.status = 'granted' and coalesce(reached.is_contactable, true) as may_be_contacted, consents.stated_at,
        case
            when consents.status = 'granted' and not reached.is_contactable then reached.reason
            when consents.proof is null then consents.rule
            else concat_ws(': ', consents.source, consents.proof)
                || case when consents.rule = 'stated' then '' else ' (' || consents.rule || ')' end
        end as reason
    from marts.consents as consents
    left join marts.customer_contactability as reached
        on reached.customer_id = consents.customer_id and reached.channel = consents.channel
        and consents.purpose in ('marketing', 'ads')
    where consents.customer_id = $1 order by consents.purpose = 'service', consents.purpose desc, consents.channel"""
_SEGMENTS = """
    select membership.segment_name, coalesce(sizes.title, membership.segment_name) as title, membership.entered_at,
        membership.reason, membership.is_holdout
    from segments.segment_membership as membership
    left join segments.segment_sizes as sizes using (segment_name)
    where membership.customer_id = $1 order by membership.entered_at desc, title"""
_OPEN_TICKETS = """
    select ticket_id, created_at, subject, status, priority, assignee
    from marts.support_tickets where customer_id = $1 and not coalesce(is_solved, false)
    order by created_at desc, ticket_id desc"""
_TIMELINE = """
    select occurred_at, channel, interaction, sentence, amount, currency, source
    from marts.customer_timeline where customer_id = $1 and coalesce(occurred_at >= $2::timestamp, true)
    order by occurred_at desc, interaction_id desc limit $3"""
_TIMELINE_COUNT = """
    select count(*) as entries
    from marts.customer_timeline where customer_id = $1 and coalesce(occurred_at >= $2::timestamp, true)"""
