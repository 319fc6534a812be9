"""Mailchimp's exports: subscribed, unsubscribed and cleaned members, and what they did with each campaign, as CSV.

Mailchimp's columns belong here, and the fates of its members (who opens, clicks, leaves or bounces).
"""

from __future__ import annotations

from sandbox.exports.delivery import Column, Delivery, empty, select


def settle(delivery: Delivery) -> None:
    """Create `members` (one row per mailbox in the audience, with its status and when it left) and `unsubscribed`
    (one row per person who left): the CRM copies some of that, so it is settled before any export is written."""
    delivery.connection.execute(_MEMBERS)
    delivery.connection.execute(_UNSUBSCRIBED)


def deliver(delivery: Delivery) -> None:
    """Write the three audience files and campaign activity, one file per half year."""
    for status, more in (("subscribed", []), ("unsubscribed", _LEFT), ("cleaned", _CLEANED)):
        rest = f"from members m where status = '{status}' order by lower(email)"
        delivery.csv(f"mailchimp/{status}_members_{delivery.day}.csv", select(_MEMBER_COLUMNS + more, rest))
    delivery.connection.execute(_ACTIVITY)
    for year, half in delivery.connection.execute(
        "select distinct year(sent_at), (month(sent_at) + 5) // 6 from mail_activity order by all"
    ).fetchall():
        rest = f"from mail_activity where year(sent_at) = {year} and (month(sent_at) + 5) // 6 = {half} order by {_ORDER}"
        name = f"mailchimp/campaign_activity_{year}-{6 * half:02d}.csv"
        delivery.csv(name, select(_ACTIVITY_COLUMNS, rest))
    delivery.connection.execute("drop table mail_activity")


_MEMBERS = """
create table members as
with drawn as (
    select s.*, u(s.rid, 'audience') as fate, least(s.created_at + to_minutes(7), shop_end()) as optin_at,
        pick(s.rid, 'leaves after', (select count(*) from newsletters)) as campaign_no
    from sightings s where s.source = 'mailchimp_members'
), judged as (
    select d.*, n.campaign_id, n.title, case when fate < 0.03 then 'cleaned'
        when fate < 0.10 or (not opted_in and fate < 0.75) then 'unsubscribed' else 'subscribed' end as status,
        greatest(n.sent_at + to_minutes(20 + pick(d.rid, 'leaves', 3000)), d.optin_at + interval 1 hour) as left_at
    from drawn d join newsletters n on n.no = d.campaign_no
)
select rid, person, email, first_name, last_name, street, city, zip, country, phone, birth_date, optin_at, status,
    campaign_no, campaign_id, title, case when status <> 'subscribed' then least(left_at, shop_end()) end as left_at,
    case when status = 'subscribed' then 2 + pick(rid, 'rating', 4) else 1 + pick(rid, 'rating', 3) end as rating
from judged
"""

_UNSUBSCRIBED = (
    "create table unsubscribed as select distinct person from members where status = 'unsubscribed'"
)

_MEMBER_COLUMNS: list[Column] = [
    ("Email Address", "email"), ("First Name", "first_name"), ("Last Name", "last_name"),
    ("Address", "nullif(concat_ws('  ', street, city, zip, country), '')"), ("Phone Number", "phone"),
    ("Birthday", "case when u(rid, 'birthday') < 0.35 then"
     " (select strftime(p.birth_date, '%m/%d') from people p where p.person = m.person) end"),
    ("MEMBER_RATING", "rating"), ("OPTIN_TIME", "strftime(optin_at, '%Y-%m-%d %H:%M:%S')"),
    ("OPTIN_IP", "case when u(rid, 'form') < 0.7 then '192.0.2.' || pick(rid, 'ip', 255) end"),
    ("CONFIRM_TIME", "strftime(optin_at, '%Y-%m-%d %H:%M:%S')"),
    ("CONFIRM_IP", "case when u(rid, 'form') < 0.7 then '192.0.2.' || pick(rid, 'ip', 255) end"),
    *empty("LATITUDE", "LONGITUDE"), ("GMTOFF", "'0'"), ("DSTOFF", "'1'"), ("TIMEZONE", "'Europe/London'"),
    ("CC", "lower(country)"), *empty("REGION"),
    ("LAST_CHANGED", "strftime(coalesce(left_at, optin_at), '%Y-%m-%d %H:%M:%S')"),
    ("LEID", "(400000000 + scramble(rid, 100000000))::varchar"), ("EUID", "left(md5('member' || rid), 10)"),
    *empty("NOTES"), ("TAGS", "case when u(rid, 'tag') < 0.3 then one_of(rid, 'tags', ['web form', 'till', 'event']) end"),
]  # fmt: skip

_LEFT: list[Column] = [
    ("UNSUB_TIME", "strftime(left_at, '%Y-%m-%d %H:%M:%S')"), ("UNSUB_CAMPAIGN_TITLE", "title"),
    ("UNSUB_CAMPAIGN_ID", "campaign_id"),
    ("UNSUB_REASON", "one_of(rid, 'why', ['No longer interested', 'Too many emails', 'Did not sign up', 'Other'])"),
    *empty("UNSUB_REASON_OTHER"),
]  # fmt: skip
_CLEANED: list[Column] = [
    ("CLEAN_TIME", "strftime(left_at, '%Y-%m-%d %H:%M:%S')"), ("CLEAN_CAMPAIGN_TITLE", "title"),
    ("CLEAN_CAMPAIGN_ID", "campaign_id"),
]  # fmt: skip

_ORDER = "sent_at, email, done_at, action"

_ACTIVITY = """
create table mail_activity as
with sent as (
    select m.*, n.no, n.campaign_id as sent_campaign_id, n.title as sent_title, n.subject, n.sent_at,
        m.rid * 64 + n.no as k, 0.12 + 0.11 * m.rating as keen
    from members m join newsletters n on n.sent_at > m.optin_at and (m.left_at is null or n.sent_at < m.left_at)
    where u(m.rid * 64 + n.no, 'in segment') < 0.45 or (n.no = m.campaign_no and m.status <> 'subscribed')
), opened as (
    select *, sent_at + to_minutes(5 + pick(k, 'opens after', 2800)) as opened_at,
        u(k, 'opens') < keen and status <> 'cleaned' as is_open,
        u(k, 'opens') < keen * 0.25 and status <> 'cleaned' as is_click from sent
)
select sent_campaign_id, sent_title, subject, email, 'sent' as action, sent_at, sent_at as done_at, null as url from opened
union all select sent_campaign_id, sent_title, subject, email, 'open', sent_at, opened_at, null
    from opened where is_open and opened_at < shop_end()
union all select sent_campaign_id, sent_title, subject, email, 'click', sent_at, opened_at + interval 2 minute,
    'https://thistleandthread.example.com/collections/' || one_of(k, 'link', ['tea','blankets','candles','new'])
    from opened where is_click and opened_at < shop_end() - interval 2 minute
union all select sent_campaign_id, sent_title, subject, email, 'bounce', sent_at, sent_at + interval 1 minute, null
    from opened where status = 'cleaned' and no = campaign_no
union all select sent_campaign_id, sent_title, subject, email, 'unsubscribe', sent_at, left_at, null
    from opened where status = 'unsubscribed' and no = campaign_no
"""

_ACTIVITY_COLUMNS: list[Column] = [
    ("Campaign ID", "sent_campaign_id"), ("Campaign Title", "sent_title"), ("Subject", "subject"),
    ("Email Address", "email"), ("Action", "action"), ("Timestamp", "strftime(done_at, '%Y-%m-%d %H:%M:%S')"),
    ("URL", "url"),
]  # fmt: skip
