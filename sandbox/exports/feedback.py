"""What customers say: Zendesk tickets (JSON), NPS and CSAT answers (CSV), product reviews (CSV).

The three tools' formats and the phrases people use belong here; who speaks up belongs in `records`.
"""

from __future__ import annotations

from sandbox.exports.delivery import Column, Delivery, empty, select


def deliver(delivery: Delivery) -> None:
    """Write tickets, survey answers and reviews."""
    day = delivery.day
    delivery.lines(f"zendesk/tickets_{day}.json", _TICKETS)
    delivery.csv(f"surveys/nps_{day}.csv", select(_NPS_COLUMNS, _ANSWERS.format(kind="nps")))
    delivery.csv(f"surveys/csat_{day}.csv", select(_CSAT_COLUMNS, _ANSWERS.format(kind="csat")))
    delivery.csv(f"reviews/product_reviews_{day}.csv", select(_REVIEW_COLUMNS, _REVIEWS))


# One JSON document of any size without holding it: a first line, one line per ticket, a last line.
_TICKETS = """
with topics as (
    select * from (values
        (0, 'Where is my parcel?', 'My order has not arrived yet and the tracking page is empty.', 'question', 'delivery'),
        (1, 'Wrong item in the box', 'I ordered one thing and another came. Please send the right one.', 'problem', 'wrong_item'),
        (2, 'Return request', 'It does not suit the room, how do I send it back?', 'task', 'returns'),
        (3, 'Broken on arrival', 'The mug was in pieces when I opened it. Very disappointed.', 'incident', 'damage'),
        (4, 'Question about a product', 'Is the throw machine washable?', 'question', 'product'),
        (5, 'Refund still missing', 'You promised my money back two weeks ago. This is not good enough.', 'problem', 'refund'),
        (6, 'Lovely service', 'Just wanted to say thank you, everything came beautifully wrapped.', 'question', 'thanks')
    ) as v(no, subject, description, type, tag)
), told as (
    select t.ticket_key, t.created_at, s.rid, s.full_name, s.email, s.phone, k.source_key as requester_id, p.subject,
        p.description, p.type, p.tag, p.no in (1, 3, 5) as is_cross, u(t.ticket_key, 'score') as score,
        t.created_at + to_minutes(60 + pick(t.ticket_key, 'solves in', 8000)) as solved_at
    from tickets t join sightings s on s.person = t.person and s.source = 'zendesk_requesters'
    join record_keys k on k.rid = s.rid join topics p on p.no = pick(t.ticket_key, 'topic', 7)
), rated as (
    select *, solved_at < shop_end() as is_solved, case when solved_at >= shop_end() then 'unoffered'
        when score < 0.35 then 'offered' when score < case when is_cross then 0.78 else 0.42 end then 'bad' else 'good' end as csat
    from told
), ordered as (select *, row_number() over (order by created_at, ticket_key) as n, count(*) over () as of_all from rated)
select line from (
    select 0 as part, 0 as n, '{"tickets":[' as line
    union all
    select 1, n, to_json({id: 40000 + n, created_at: strftime(created_at, '%Y-%m-%dT%H:%M:%SZ'),
        updated_at: strftime(least(solved_at, shop_end()), '%Y-%m-%dT%H:%M:%SZ'), subject: subject, description: description,
        status: case when is_solved then case when solved_at < shop_end() - interval 30 day then 'closed' else 'solved' end
            else 'open' end,
        priority: case when is_cross then 'high' else 'normal' end, type: type,
        channel: one_of(ticket_key, 'by', ['email','email','web','chat']),
        requester: {id: requester_id::bigint, name: full_name, email: email, phone: phone},
        assignee: one_of(ticket_key, 'agent', ['Priya Shah','Tom Ellery']),
        satisfaction_rating: {score: csat, comment: case when csat = 'bad' then 'Took far too long'
            when csat = 'good' and score > 0.9 then 'Quick and kind' end},
        tags: [tag], solved_at: case when is_solved then strftime(solved_at, '%Y-%m-%dT%H:%M:%SZ') end})::varchar
        || case when n < of_all then ',' else '' end
    from ordered
    union all
    select 2, 0, '],"count":' || (select count(*) from ordered) || '}'
) order by part, n
"""

_ANSWERS = """from responses r join sightings s on s.source = 'surveys_respondents' and s.person = r.person
left join accounts a on a.person = r.person and a.copy = 0
where r.kind = '{kind}' order by r.submitted_at, r.order_no"""

# People who had to send something back answer lower, the others mostly high.
_MOOD = "(u(r.order_no, 'mood') * 0.75 + u(r.person, 'temper') * 0.25)"
_COMMENT = (
    f"case when u(r.order_no, 'comments') < 0.45 then case when {_MOOD} < 0.22 then one_of(r.order_no, 'words',"
    " ['Slow delivery', 'Not as pictured', 'Poor quality for the price', 'Nobody answered my email'])"
    f" when {_MOOD} < 0.45 then one_of(r.order_no, 'words', ['Fine', 'OK overall', 'A bit pricey'])"
    " else one_of(r.order_no, 'words', ['Love it', 'Beautiful packaging', 'Will buy again', 'Great gift']) end end"
)

_NPS_COLUMNS: list[Column] = [
    ("Response ID", "'N' || (100000 + r.order_no)"), ("Submitted At", "strftime(r.submitted_at, '%d/%m/%Y %H:%M')"),
    ("Email", "s.email"), ("Name", "s.full_name"),
    ("Score", f"case when {_MOOD} < 0.22 then pick(r.order_no, 'nps', 7) when {_MOOD} < 0.45"
     " then 7 + pick(r.order_no, 'nps', 2) else 9 + pick(r.order_no, 'nps', 2) end"),
    ("Comment", _COMMENT), ("Touchpoint", "case when r.in_store then 'store' else 'delivery' end"),
    ("Customer ID", "case when u(s.rid, 'linked survey') < 0.5 then a.shopify_customer_id end"),
]  # fmt: skip

_CSAT_COLUMNS: list[Column] = [
    ("Response ID", "'C' || (100000 + r.order_no)"), ("Submitted At", "strftime(r.submitted_at, '%d/%m/%Y %H:%M')"),
    ("Email", "s.email"), ("Order Number", "'#' || (1000 + r.order_no)"),
    ("Rating", f"case when {_MOOD} < 0.22 then 1 + pick(r.order_no, 'csat', 2) when {_MOOD} < 0.45 then 3"
     " else 4 + pick(r.order_no, 'csat', 2) end"),
    ("Comment", _COMMENT),
]  # fmt: skip

_REVIEWS = """from review_notes v join sightings s on s.source = 'reviews_reviewers' and s.person = v.person
join products p using (product_no) cross join lateral (select case when u(v.line_id, 'stars') < 0.14
    then 1 + pick(v.line_id, 'low', 2) when u(v.line_id, 'stars') < 0.24 then 3 else 4 + pick(v.line_id, 'high', 2) end as stars) x
order by v.reviewed_at, v.line_id"""

_REVIEW_COLUMNS: list[Column] = [
    ("id", "(800000000 + scramble(v.line_id, 100000000))::varchar"),
    ("title", "case when x.stars <= 2 then 'Disappointed' when x.stars = 3 then 'It is all right' else 'Lovely' end"),
    ("body", "case when x.stars <= 2 then one_of(v.line_id, 'says', ['Broke within a week.', 'Colour is nothing like the"
     " photo.', 'Arrived late and damaged.']) when x.stars = 3 then 'Does what it should.' else one_of(v.line_id, 'says',"
     " ['Better than I hoped.', 'Bought it twice now.', 'A present that was very well received.']) end"),
    ("rating", "x.stars"), ("review_date", "strftime(v.reviewed_at, '%Y-%m-%d %H:%M:%S UTC')"), ("source", "'email'"),
    ("curated", "'ok'"), ("reviewer_name", "s.full_name"), ("reviewer_email", "s.email"),
    ("product_id", "(7700000000000 + v.product_no)::varchar"), ("product_handle", "p.handle"),
    ("reply", "case when x.stars <= 2 then 'We are sorry and have written to you.' end"),
    ("reply_date", "case when x.stars <= 2 then strftime(least(v.reviewed_at + interval 1 day, shop_end()),"
     " '%Y-%m-%d %H:%M:%S UTC') end"),
    *empty("location"),
]  # fmt: skip
