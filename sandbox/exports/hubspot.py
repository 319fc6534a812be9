"""HubSpot's exports: contacts and deals as CSV.

HubSpot's columns and quirks belong here: true/false flags, day-first birth dates, minutes without seconds.
"""

from __future__ import annotations

from sandbox.exports.delivery import Column, Delivery, empty, select

OWNERS = "['Priya Shah', 'Tom Ellery', 'Mara Lind']"  # the shop's pretend staff


def deliver(delivery: Delivery) -> None:
    """Write contacts and deals."""
    delivery.csv(f"hubspot/contacts_{delivery.day}.csv", select(_CONTACT_COLUMNS, _CONTACTS))
    delivery.csv(f"hubspot/deals_{delivery.day}.csv", select(_DEAL_COLUMNS, _DEALS))


_CONTACTS = """from sightings s join record_keys k using (rid) join standing t on t.person = s.person
left join unsubscribed m on m.person = s.person
where s.source = 'hubspot_contacts' order by k.source_key"""

_STAGE = """case when not t.is_lead then 'customer' else one_of(s.person, 'stage',
    ['lead','lead','lead','subscriber','marketingqualifiedlead','opportunity']) end"""

_CONTACT_COLUMNS: list[Column] = [
    ("Record ID", "k.source_key"), ("First Name", "s.first_name"), ("Last Name", "s.last_name"), ("Email", "s.email"),
    ("Phone Number", "case when u(s.rid, 'which phone') < 0.5 then s.phone end"),
    ("Mobile Phone Number", "case when u(s.rid, 'which phone') >= 0.5 then s.phone end"),
    ("Company Name", "s.company"),
    ("Job Title", "case when s.company is not null then one_of(s.person, 'job',"
     " ['Owner','Office Manager','Buyer','Assistant','Director']) end"),
    ("Street Address", "s.street"), ("City", "s.city"), *empty("State/Region"), ("Postal Code", "s.zip"),
    ("Country/Region", "s.country"), ("Date of Birth", "strftime(s.birth_date, '%d/%m/%Y')"),
    ("Lifecycle Stage", _STAGE),
    ("Lead Status", "case when t.is_lead then one_of(s.person, 'lead status',"
     " ['NEW','OPEN','IN_PROGRESS','ATTEMPTED_TO_CONTACT','UNQUALIFIED']) end"),
    ("Original Source", "one_of(s.person, 'found by',"
     " ['ORGANIC_SEARCH','PAID_SEARCH','PAID_SOCIAL','EMAIL_MARKETING','DIRECT_TRAFFIC','OFFLINE'])"),
    ("Contact owner", f"one_of(s.person, 'owner', {OWNERS})"),
    ("Create Date", "strftime(s.created_at, '%Y-%m-%d %H:%M')"),
    ("Last Modified Date", "strftime(greatest(s.seen_at, s.created_at), '%Y-%m-%d %H:%M')"),
    ("Last Activity Date", "case when u(s.rid, 'active') < 0.7 then strftime(s.seen_at, '%Y-%m-%d %H:%M') end"),
    ("Marketing contact status",
     "case when s.opted_in then 'Marketing contact' else 'Non-marketing contact' end"),
    ("Unsubscribed from all email",
     "case when (m.person is not null and u(s.rid, 'told crm') < 0.5) or u(s.rid, 'left crm') < 0.03"
     " then 'true' else 'false' end"),
]  # fmt: skip

_DEALS = """from (
    select s.person, s.rid, s.full_name, s.company, s.created_at, t.is_lead, k.source_key,
        unnest(range(1 + pick(s.rid, 'deals', 2))) as n
    from sightings s join standing t on t.person = s.person join record_keys k on k.rid = s.rid
    where s.source = 'hubspot_contacts' and s.copy = 0
        and u(s.rid, 'has deal') < case when s.company is not null then 0.6 else 0.12 end
) d join (select * from (values ('closedwon', 0.45), ('closedlost', 0.7), ('qualifiedtobuy', 0.85), ('contractsent', 1.0))
    as v(stage, up_to)) g on u(d.rid * 2 + d.n, 'stage') < g.up_to
    and u(d.rid * 2 + d.n, 'stage') >= case g.stage when 'closedwon' then 0 when 'closedlost' then 0.45
        when 'qualifiedtobuy' then 0.7 else 0.85 end
order by d.rid, d.n"""

_OPENED = "least(d.created_at + to_days((20 + d.n * 120)::integer), shop_end())"
_CLOSED = f"least({_OPENED} + to_days(7 + pick(d.rid * 2 + d.n, 'cycle', 70)::integer), shop_end())"

_DEAL_COLUMNS: list[Column] = [
    ("Record ID", "(15000000000 + scramble(d.rid * 2 + d.n, 1000000000))::varchar"),
    ("Deal Name", "coalesce(d.company, d.full_name, 'Corporate gifts') || ' – '"
     " || one_of(d.rid * 2 + d.n, 'deal', ['gift boxes', 'office tea', 'hotel blankets', 'wedding favours'])"),
    ("Deal Stage", "case when d.is_lead and g.stage = 'closedwon' then 'closedlost' else g.stage end"),
    ("Pipeline", "'Trade'"), ("Amount", "pounds((150 + pick(d.rid * 2 + d.n, 'amount', 4000)) * 100)"),
    ("Currency", "'GBP'"), ("Create Date", f"strftime({_OPENED}, '%Y-%m-%d %H:%M')"),
    ("Close Date", f"case when g.stage like 'closed%' then strftime({_CLOSED}, '%Y-%m-%d %H:%M') end"),
    ("Deal owner", f"one_of(d.person, 'owner', {OWNERS})"), ("Associated Contact IDs", "d.source_key"),
    ("Associated Company", "d.company"),
    ("Closed Lost Reason", "case when g.stage = 'closedlost' or (d.is_lead and g.stage = 'closedwon')"
     " then one_of(d.rid + d.n, 'lost', ['Price', 'Timing', 'Chose a competitor', 'No answer']) end"),
]  # fmt: skip
