"""The people of the pretend shop as they truly are: households, names, birth dates, homes, phones, mailboxes, changes.

Facts about a person belong here; what a till or a form makes of them belongs in `noise` and `sightings`.
"""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sandbox.pools import LOCALES
from sandbox.shop import HISTORY_DAYS, ShopPlan

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HOUSEHOLD_SIZES = (0.70, 0.19, 0.07, 0.04)  # share of households with 1, 2, 3, 4 customers
NAME_SKEW = 1.7  # family names are drawn with u**skew: a few Smiths, many rare names
NEVER = -1


def populate(connection: duckdb.DuckDBPyConnection, plan: ShopPlan) -> None:
    """Create table `people`: one row per true person, with every value they have or had and the day it changed."""
    connection.register("drawn", pa.table(draw_people(connection, plan)))
    connection.execute(_PEOPLE_SQL)
    connection.unregister("drawn")
    connection.execute(_EMAIL_SQL)


def draw_people(connection: duckdb.DuckDBPyConnection, plan: ShopPlan) -> dict[str, npt.NDArray[np.generic]]:
    """Numbers only: pool positions and day offsets from the start of history (-1 = never), one entry per person."""
    rng = plan.rng("people")
    count = plan.customers
    household, place = _households(count, rng)
    head = np.arange(count) - place
    locale = rng.choice(len(LOCALES), count, p=[kind.share for kind in LOCALES])[head]
    gender = rng.integers(0, 2, count)
    twin = (place == 1) & (rng.random(count) < 0.05)
    child = ((place == 1) & (rng.random(count) < 0.2) & ~twin) | (place > 1)
    born = _birth_days(rng, head, child, twin)
    namesake = child & (rng.random(count) < 0.03)
    gender = np.where(namesake, gender[head], gender)
    first, last = _names(connection, rng, locale, gender)
    first = np.where(namesake, first[head], first)
    first = np.where(twin & (first == first[head]), np.maximum(first - 1, 0) + (first == 0), first)
    own_surname = (place == 1) & ~child & ~twin & (rng.random(count) < 0.35)
    last = np.where(own_surname, last, last[head])
    first, last, gender = _strangers(rng, locale, first, last, gender)
    alone = np.bincount(household)[household] == 1
    return {
        "person": np.arange(1, count + 1), "household": household, "place": place, "alone": alone,
        "locale": locale, "gender": gender, "first": first, "last": last, "born": born,
        "maiden": (last + 1 + rng.integers(0, 40, count)) % 50,
        "abroad": rng.random(count)[head] < 0.6, **_changes(rng, count, gender, born, household),
    }  # fmt: skip


def _households(count: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    sizes = rng.choice(4, count, p=HOUSEHOLD_SIZES) + 1
    household = np.repeat(np.arange(count), sizes)[:count]
    starts = np.concatenate(([0], np.cumsum(sizes)))[household]
    return household, np.arange(count) - starts


def _birth_days(rng: np.random.Generator, head: Ints, child: Bools, twin: Bools) -> Ints:
    """Days before the end of history on which a person was born: adults 18–88, children of the house over 16."""
    count = len(head)
    age = np.clip(rng.gamma(5.0, 9.0, count), 18, 88)
    has_child = np.zeros(count, dtype=bool)
    np.logical_or.at(has_child, head, child)
    age = np.where(has_child & (np.arange(count) == head), np.clip(age, 42, 88), age)
    partner = np.clip(age[head] + rng.normal(0, 4, count), 18, 90)
    age = np.where(np.arange(count) == head, age, partner)
    age = np.where(child, np.clip(age[head] - rng.uniform(21, 36, count), 16, None), age)
    days = (np.floor(age) * 365.25).astype(np.int64) + rng.integers(0, 365, count)
    return np.where(twin, days[head], days)


def _names(
    connection: duckdb.DuckDBPyConnection, rng: np.random.Generator, locale: Ints, gender: Ints
) -> tuple[Ints, Ints]:
    """Positions in the name pools; a family name is one position for the household, spelt per gender."""
    sizes = connection.execute(
        "select f.locale, f.gender, any_value(f.size), min(l.size) from pool_first f join pool_last l"
        " on l.locale = f.locale group by f.locale, f.gender"
    ).fetchall()
    first_size = np.ones((len(LOCALES), 2), dtype=np.int64)
    last_size = np.ones(len(LOCALES), dtype=np.int64)
    for number, sex, firsts, lasts in sizes:
        first_size[number, sex], last_size[number] = firsts, lasts
    first = (first_size[locale, gender] * rng.random(len(locale)) ** 1.3).astype(np.int64)
    last = (last_size[locale] * rng.random(len(locale)) ** NAME_SKEW).astype(np.int64)
    return first, last


def _strangers(
    rng: np.random.Generator, locale: Ints, first: Ints, last: Ints, gender: Ints
) -> tuple[Ints, Ints, Ints]:
    """Two in a hundred people carry the full name of somebody they never met."""
    double = rng.permutation(len(first))
    same = (rng.random(len(first)) < 0.02) & (locale == locale[double])
    return (
        np.where(same, first[double], first),
        np.where(same, last[double], last),
        np.where(same, gender[double], gender),
    )


def _changes(
    rng: np.random.Generator, count: int, gender: Ints, born: Ints, household: Ints
) -> dict[str, npt.NDArray[np.generic]]:
    """What happens to people in three years: they join, move, marry, and change phone and mailbox."""
    joined = (HISTORY_DAYS * rng.random(count) ** 0.9).astype(np.int64)
    young = born < 48 * 365
    companies = max(3, count // 120)
    return {
        "joined": np.where(rng.random(count) < 0.12, 0, joined),
        "moved": _some_day(rng, count, 0.15),
        "married": np.where((gender == 0) & young, _some_day(rng, count, 0.09), NEVER),
        "rephoned": _some_day(rng, count, 0.12),
        "remailed": _some_day(rng, count, 0.20),
        "works_at": np.where(rng.random(count) < 0.22, rng.integers(0, companies, count), NEVER),
        "buys_for_work": rng.random(count) < 0.12,
        "family_mailbox": (rng.random(count) < 0.35)[household],
        "opted_in": rng.random(count) < 0.66,
    }


def _some_day(rng: np.random.Generator, count: int, share: float) -> Ints:
    days = rng.integers(60, HISTORY_DAYS - 20, count)
    return np.where(rng.random(count) < share, days, NEVER)


# Mobile numbers come from 07700 and, for big shops, the blocks after it: the 1,000 numbers that Ofcom sets aside for
# fiction (07700 900000-900999) cannot tell a million people apart. Landlines use 01632, an area code nobody has.
_PEOPLE_SQL = """
create table people as
with sized as (select *, (select least(greatest(count(*) * 1000, 1000000), 100000000) from drawn) as span from drawn),
homes as (
    select *, case when abroad then country_of(locale) else 'GB' end as country,
        household as home, household * 7 + 3000000 + person as new_home
    from sized
)
select
    h.person, 'p_' || lpad(h.person::varchar, 7, '0') as person_id, h.household, h.place, h.locale, h.country,
    h.gender, f.name as first_name, f.latin as first_latin, f.nick as nickname,
    l.name as last_name, l.latin as last_latin, m.name as maiden_name, m.latin as maiden_latin,
    (shop_start()::date + 1096 - h.born::integer)::date as birth_date,
    h.home, case when h.moved >= 0 then h.new_home end as new_home,
    day_of(h.joined) + to_seconds(pick(h.person, 'joined', 86400)) as joined_at,
    case when h.moved >= 0 then day_of(h.moved) end as moved_at,
    case when h.married >= 0 then day_of(h.married) end as married_at,
    case when h.rephoned >= 0 then day_of(h.rephoned) end as rephoned_at,
    case when h.remailed >= 0 then day_of(h.remailed) end as remailed_at,
    mobile(h.country, scramble(h.person * 2, h.span)) as mobile,
    case when h.rephoned >= 0 then mobile(h.country, scramble(h.person * 2 + 1, h.span)) end as old_mobile,
    case when h.country = 'GB' then '+441632' || lpad(scramble(h.household, 1000000)::varchar, 6, '0') end as landline,
    case when h.works_at >= 0 then company_name(h.works_at) end as company,
    case when h.works_at >= 0 then slug(company_name(h.works_at)) || '.example.com' end as company_domain,
    h.works_at >= 0 and h.buys_for_work as buys_for_work,
    not h.alone as has_family, h.family_mailbox and not h.alone as has_family_mailbox, h.opted_in
from homes h
join pool_first f on f.locale = h.locale and f.gender = h.gender and f.id = h.first
join pool_last l on l.locale = h.locale and l.gender = h.gender and l.id = h.last
left join pool_last m on m.locale = h.locale and m.gender = h.gender and m.id = h.maiden and h.married >= 0
order by h.person
"""

_EMAIL_SQL = """
alter table people add column email varchar;
alter table people add column old_email varchar;
alter table people add column work_email varchar;
alter table people add column family_email varchar;
create temp table mailboxes as
with parts as (
    select person, household, slug(first_latin) as f, slug(coalesce(maiden_latin, last_latin)) as l,
        slug(last_latin) as l_now, slug(coalesce(nickname, first_latin)) as n, company_domain,
        strftime(birth_date, '%y') as yy, remailed_at is not null as changed, has_family_mailbox,
        u(person, 'mail style') as style, u(person, 'old style') as old_style
    from people
), wanted as (
    select *, mailbox(f, l_now, n, yy, style) as local, mailbox(f, l, n, yy, old_style) as old_local,
        provider(person, 'mail host') as host, provider(person, 'old host') as old_host
    from parts
), counted as (
    select *, row_number() over (partition by local, host order by person) as nth,
        row_number() over (partition by old_local, old_host order by person) as old_nth
    from wanted
)
select person,
    local || case when nth > 1 then (nth * 17 + 3)::varchar else '' end || '@' || host as email,
    case when changed then
        old_local || (old_nth * 11 + pick(person, 'old digits', 9))::varchar || '@' || old_host end as old_email,
    case when company_domain is not null then f || '.' || l_now
        || case when nth > 1 then nth::varchar else '' end || '@' || company_domain end as work_email,
    case when has_family_mailbox then
        'the.' || first(l_now) over (partition by household order by person) || case when household > 0
        then household::varchar else '' end || '@' || provider(household, 'family host') end as family_email
from counted;
update people set email = m.email, old_email = m.old_email, work_email = m.work_email, family_email = m.family_email
from mailboxes m where m.person = people.person;
drop table mailboxes
"""
