"""What each source record says about its person: the true values of that day, seen through the source's habits.

The rules of seeing belong here; rates are in `habits`, the error functions in `noise`, file formats in `exports`.
"""

from __future__ import annotations

import duckdb

KEYED_BY_EMAIL = "('mailchimp_members', 'surveys_respondents', 'shopify_checkouts')"


def see(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `sightings`: one row per source record with the values as this source holds them (phones in E.164).

    Records of a source that is keyed by email are one per mailbox: where a family shares it, the first person who
    came keeps it, because the row carries that person's name.
    """
    connection.execute(_NAMES)
    connection.execute(_CONTACTS)
    connection.execute(_SIGHTINGS)
    connection.execute("drop table seen_names")
    connection.execute("drop table seen_contacts")


_NAMES = """
create temp table seen_names as
with true_names as (
    select r.rid, h.source, p.locale,
        case when u(r.rid, 'plain') < h.plain_spelling or (p.locale >= 6 and u(r.person, 'abroad spelling') < 0.5) then
            case when p.nickname is not null and p.locale < 6 and u(r.rid, 'nick') < h.short_name * 2 then p.nickname
            else p.first_latin end
        when p.nickname is not null and u(r.rid, 'nick') < h.short_name * 2 then p.nickname else p.first_name end as first0,
        case when p.married_at is not null and (r.seen_at < p.married_at or u(r.rid, 'keeps') < 0.1)
            then case when u(r.rid, 'plain') < h.plain_spelling then p.maiden_latin else p.maiden_name end
        when u(r.rid, 'plain') < h.plain_spelling or (p.locale >= 6 and u(r.person, 'abroad spelling') < 0.5)
            then p.last_latin
        else p.last_name end as last0,
        u(r.rid, 'swap') < h.swapped_names as is_swapped, u(r.rid, 'initial') < h.initial_only as is_initial,
        u(r.rid, 'nameless') < h.nameless as is_nameless, u(r.rid, 'first typo') < h.name_typo as first_typo,
        u(r.rid, 'last typo') < h.name_typo as last_typo, u(r.rid, 'case') / nullif(h.odd_case, 0) as odd
    from records r join people p using (person) join habits h on h.number = r.source
), misspelt as (
    select rid, is_swapped, is_nameless, odd,
        case when is_initial then left(first0, 1) when first_typo then typo(first0, rid, 'first') else first0 end as first1,
        case when last_typo then typo(last0, rid, 'last') else last0 end as last1
    from true_names
), cased as (
    select rid, is_swapped, is_nameless,
        case when odd < 0.4 then upper(first1) when odd < 1 then lower(first1) else first1 end as first2,
        case when odd < 0.4 then upper(last1) when odd < 1 then lower(last1) else last1 end as last2
    from misspelt
)
select rid, is_nameless,
    case when is_nameless then null when is_swapped then last2 else first2 end as first_name,
    case when is_nameless then null when is_swapped then first2 else last2 end as last_name
from cased
"""

# The shop account, the orders made with it and the web identity share one mailbox, so their chance is keyed by person.
_CONTACTS = """
create temp table seen_contacts as
with keyed as (
    select r.rid, r.person, r.source, r.seen_at, r.copy, h.* exclude (source, number, work_email, landline), h.work_email as work_email_rate,
        h.landline as landline_rate, p.email, p.old_email, p.work_email, p.family_email,
        p.company_domain, p.buys_for_work, p.remailed_at, p.rephoned_at, p.mobile, p.old_mobile, p.landline, n.is_nameless,
        case when r.source in (0, 1, 5) and r.copy = 0 then r.person * 64 else r.rid end as k
    from records r join people p using (person) join habits h on h.number = r.source join seen_names n using (rid)
), chosen as (
    select *, case
        when u(k, 'no email') < no_email then null
        when u(k, 'no email') < no_email + filler_email
            then one_of(k, 'filler email', filler_emails())
        when is_nameless then email
        when buys_for_work and u(k, 'for work') < 0.55 then one_of(person, 'desk', desks()) || '@' || company_domain
        when copy % 2 = 1 and source <> 1 then coalesce(old_email, work_email, family_email, email)
        when family_email is not null and u(k, 'family') < shared_email * 2.5 then family_email
        when work_email is not null and u(k, 'work') < work_email_rate then work_email
        when seen_at < remailed_at then old_email
        else email end as email0
    from keyed
), phoned as (
    select *, case
        when u(k, 'no phone') < no_phone and not (email0 is null and u(k, 'insists') < 0.85) then null
        when u(k, 'filler phone') < filler_phone
            then one_of(k, 'filler', filler_phones())
        when landline is not null and u(k, 'landline') < landline_rate then landline
        when seen_at < rephoned_at then old_mobile
        else mobile end as phone0
    from chosen
)
select rid,
    case when email0 is not null and not is_nameless and u(k, 'email typo') < email_typo and not list_contains(filler_emails(), email0)
        then email_typo(email0, k, 'email') else email0 end as email1,
    case when u(rid, 'mail in phone') < email_in_phone then email0
        when phone0 like '+%' and u(k, 'phone typo') < phone_typo then digit_typo(phone0, k, 'phone')
        else phone0 end as phone,
    u(rid, 'mail in phone') < email_in_phone as is_email_in_phone
from phoned
"""

_SIGHTINGS = f"""
create table sightings as
with places as (
    select locale, (select max(id) + 1 from pool_street s where s.locale = t.locale) as streets, max(id) + 1 as towns
    from pool_town t group by locale
), housed as (
    select r.rid, p.*, case when p.country = 'GB' then 0 else p.locale end as map, case when p.moved_at is not null and r.seen_at >= p.moved_at and u(r.rid, 'forgets') > 0.15
        then p.new_home else p.home end as lives_at
    from records r join people p using (person)
), placed as (
    select h.*, pick(h.lives_at, 'street', l.streets) as street_id, pick(h.lives_at * 2 // 9, 'town', l.towns) as town_id
    from housed h join places l on l.locale = h.map
), seen as (
    select r.rid, r.person, p.person_id, h.source, r.copy, r.created_at, r.seen_at, n.first_name, n.last_name,
        nullif(case when c.is_email_in_phone then null when u(r.rid, 'mail case') < 0.05 then initcap_mail(c.email1)
            else c.email1 end, '') as email,
        case when c.phone like '+%' then phone_as_typed(c.phone, u(r.rid, 'phone style')) else c.phone end as phone,
        case when u(r.rid, 'no address') < h.no_address then 'none'
            when u(r.rid, 'shop address') < h.shop_address then 'shop' else 'home' end as address_kind,
        (1 + pick(p.lives_at, 'house', 180))::varchar as house, t.name as town, s.name as road,
        postcode(p.country, p.lives_at) as zip, p.country, u(r.rid, 'street') < h.street_typo as street_typo,
        case when u(r.rid, 'born') >= h.birth_date then null
            when u(r.rid, 'born filler') < h.filler_birth_date then date '1900-01-01'
            when u(r.rid, 'born wrong') < h.birth_date_typo and day(p.birth_date) <= 12
                then make_date(year(p.birth_date), day(p.birth_date), month(p.birth_date))
            when u(r.rid, 'born wrong') < h.birth_date_typo then p.birth_date + (1 + pick(r.rid, 'days off', 9))::integer
            else p.birth_date end as birth_date,
        case when p.company is not null and (p.buys_for_work or u(r.rid, 'company') < 0.25) then p.company end as company,
        p.opted_in
    from records r join placed p on p.rid = r.rid join habits h on h.number = r.source
    join seen_names n on n.rid = r.rid join seen_contacts c on c.rid = r.rid
    join pool_street s on s.locale = p.map and s.id = p.street_id
    join pool_town t on t.locale = p.map and t.id = p.town_id
)
select rid, person, person_id, source, copy, created_at, seen_at, first_name, last_name, email, phone, birth_date,
    company, opted_in, nullif(concat_ws(' ', first_name, last_name), '') as full_name,
    case address_kind when 'home' then case when street_typo then typo(street, rid, 'street') else street end
        when 'shop' then shop_address()[1] end as street,
    case address_kind when 'home' then town when 'shop' then shop_address()[2] end as city,
    case address_kind when 'home' then zip when 'shop' then shop_address()[3] end as zip,
    case address_kind when 'home' then country when 'shop' then 'GB' end as country
from (select *, case when country in ('GB', 'FR') then house || ' ' || road else road || ' ' || house end as street from seen)
qualify source not in {KEYED_BY_EMAIL}
    or (email is not null and row_number() over (partition by source, lower(email) order by created_at, rid) = 1)
order by rid
"""
