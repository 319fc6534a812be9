"""The small errors of people and forms, as SQL macros: typos, spellings of phones, and keyed chance.

Chance is a hash of (row key, topic, seed): the same row meets the same fate whatever order rows are made in, on any
number of threads. Which source makes which error how often belongs in `habits`.
"""

from __future__ import annotations

import duckdb

from sandbox.pools import LOCALES
from sandbox.shop import SHOP_CITY, SHOP_PHONE, SHOP_POSTCODE, SHOP_STREET, ShopPlan

PROVIDERS = (
    "mail.example.com", "post.example.org", "inbox.example.net", "letters.example.com", "webmail.example.org",
    "home.example.net", "quickmail.example.com", "myisp.example.net", "example.com", "example.org", "box.example.org",
)  # fmt: skip

# What staff and customers type when there is nothing to type, and the desks of a company that several people share.
FILLER_EMAILS = ("test@test.com", "noemail@example.com", "none@none.com", "na@na.com")
FILLER_PHONES = ("0000000000", "07000000000", "1111111111", SHOP_PHONE)
DESKS = ("info", "office", "orders")

COMPANY_FIRST = (
    "Alder", "Beacon", "Bramble", "Cobalt", "Copper", "Dover", "Ember", "Fairfield", "Falcon", "Granite", "Harbour",
    "Hazel", "Ivory", "Juniper", "Kestrel", "Larch", "Linden", "Marble", "Meadow", "Northgate", "Oakwell", "Orchard",
    "Pennine", "Quarry", "Redwood", "Rowan", "Saffron", "Summit", "Tidewater", "Willow",
)  # fmt: skip
COMPANY_LAST = (
    "Interiors", "Cafe", "Studios", "Hotels", "Partners", "Dental Care", "Lettings", "Consulting", "Design", "Bakery",
    "Events", "Salon", "Veterinary", "Architects", "Books", "Nursery", "Logistics", "Legal", "Gardens", "Yoga",
)  # fmt: skip
COMPANY_KIND = ("Ltd", "& Co", "Group", "LLP", "")


def install_macros(connection: duckdb.DuckDBPyConnection, plan: ShopPlan) -> None:
    """Create the macros every other module writes its SQL with."""
    lists = {
        "providers": _array(PROVIDERS), "company_first": _array(COMPANY_FIRST), "company_last": _array(COMPANY_LAST),
        "company_kind": _array(COMPANY_KIND), "countries": _array([locale.country for locale in LOCALES]),
        "filler_emails": _array(FILLER_EMAILS),
        "filler_phones": _array(FILLER_PHONES),
        "desks": _array(DESKS),
        "shop_address": _array((SHOP_STREET, SHOP_CITY, SHOP_POSTCODE)),
    }  # fmt: skip
    connection.execute(_MACROS.format(seed=int(plan.seed), start=plan.start, end=plan.end, **lists))


def _array(values: tuple[str, ...] | list[str]) -> str:
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]"


_MACROS = """
create macro shop_start() as timestamp '{start}';
create macro shop_end() as timestamp '{end}';
create macro filler_emails() as {filler_emails};
create macro filler_phones() as {filler_phones};
create macro desks() as {desks};
create macro shop_address() as {shop_address};
create macro u(k, topic) as (hash(hash(k, topic, {seed})) >> 11)::double / 9007199254740992.0;
create macro pick(k, topic, n) as floor(u(k, topic) * n)::bigint;
create macro one_of(k, topic, choices) as choices[1 + pick(k, topic, len(choices))];
create macro scramble(k, span) as ((k::bigint % 100000000) * 387420489 + 71 * {seed}) % span;
create macro day_of(day) as shop_start() + to_days(day::integer);
create macro country_of(locale) as {countries}[1 + locale];
create macro quarter_no(t) as year(t) * 4 + quarter(t) - 1;
create macro slug(s) as regexp_replace(lower(s), '[^a-z0-9]', '', 'g');
create macro provider(k, topic) as {providers}[1 + floor(len({providers}) * pow(u(k, topic), 1.5))::bigint];
create macro company_name(c) as trim({company_first}[1 + c % len({company_first})] || ' '
    || {company_last}[1 + (c * 7 + c // 30) % len({company_last})] || ' '
    || {company_kind}[1 + (c // 600) % len({company_kind})] || case when c >= 3000 then ' ' || (c // 3000) else '' end);
create macro mailbox(f, l, n, yy, style) as case
    when style < 0.35 then f || '.' || l
    when style < 0.50 then f || l
    when style < 0.62 then left(f, 1) || '.' || l
    when style < 0.72 then f || '_' || l || yy
    when style < 0.82 then n || l || yy
    when style < 0.92 then l || '.' || f
    else n || '.' || left(l, 3) || yy end;
create macro initcap_mail(m) as upper(left(m, 1)) || substr(m, 2);
create macro mobile(country, k) as case country
    when 'GB' then '+44' || (7700000000 + k)::varchar
    when 'FR' then '+33639' || lpad((k % 1000000)::varchar, 6, '0')
    when 'DE' then '+491512' || lpad((k % 10000000)::varchar, 7, '0')
    when 'ES' then '+3461' || lpad((k % 10000000)::varchar, 7, '0')
    when 'PL' then '+4851' || lpad((k % 10000000)::varchar, 7, '0')
    when 'GR' then '+30694' || lpad((k % 10000000)::varchar, 7, '0')
    when 'UA' then '+38067' || lpad((k % 10000000)::varchar, 7, '0')
    else '+8190' || lpad((k % 100000000)::varchar, 8, '0') end;
create macro postcode(country, k) as case country
    when 'GB' then one_of(k // 6, 'pc area', ['TT','AX','QB','VD','ZR','JN','XW','QM']) || (1 + pick(k // 6, 'pc district', 28))
        || ' ' || pick(k * 2 // 3, 'pc sector', 10) || substr('ABDEFGHJLNPQRSTUWXYZ', 1 + pick(k * 2 // 3, 'pc a', 20), 1)
        || substr('ABDEFGHJLNPQRSTUWXYZ', 1 + pick(k * 2 // 3, 'pc b', 20), 1)
    when 'PL' then lpad(pick(k * 2 // 3, 'pc', 100)::varchar, 2, '0') || '-' || lpad(pick(k * 2 // 3, 'pc2', 1000)::varchar, 3, '0')
    when 'JP' then lpad(pick(k * 2 // 3, 'pc', 1000)::varchar, 3, '0') || '-' || lpad(pick(k * 2 // 3, 'pc2', 10000)::varchar, 4, '0')
    when 'GR' then (100 + pick(k * 2 // 3, 'pc', 700)) || ' ' || lpad(pick(k * 2 // 3, 'pc2', 100)::varchar, 2, '0')
    else lpad((1000 + pick(k * 2 // 3, 'pc', 95000))::varchar, 5, '0') end;
create macro typo(s, k, topic) as case when length(s) < 4 then s else
    case pick(k, topic || ' kind', 4)
        when 0 then left(s, 1 + pick(k, topic, length(s) - 1)) || substr(s, 3 + pick(k, topic, length(s) - 1))
        when 1 then left(s, 2 + pick(k, topic, length(s) - 2)) || substr(s, 2 + pick(k, topic, length(s) - 2))
        when 2 then left(s, 1 + pick(k, topic, length(s) - 2)) || substr(s, 3 + pick(k, topic, length(s) - 2), 1)
            || substr(s, 2 + pick(k, topic, length(s) - 2), 1) || substr(s, 4 + pick(k, topic, length(s) - 2))
        else left(s, 1 + pick(k, topic, length(s) - 1)) || substr('aeiourstln', 1 + pick(k, topic || ' by', 10), 1)
            || substr(s, 3 + pick(k, topic, length(s) - 1)) end end;
create macro email_typo(s, k, topic) as typo(split_part(s, '@', 1), k, topic) || '@' || split_part(s, '@', 2);
create macro digit_typo(s, k, topic) as left(s, length(s) - 1 - pick(k, topic, 6)) || pick(k, topic || ' by', 10)
    || substr(s, length(s) + 1 - pick(k, topic, 6));
create macro phone_as_typed(p, style) as case
    when p is null then null
    when p not like '+44%' then case when style < 0.5 then p
        when style < 0.75 then '00' || substr(p, 2)
        else left(p, 3) || ' ' || substr(p, 4, 3) || ' ' || substr(p, 7) end
    when style < 0.30 then '0' || substr(p, 4)
    when style < 0.55 then p
    when style < 0.75 then '0' || substr(p, 4, 4) || ' ' || substr(p, 8)
    when style < 0.88 then '+44 ' || substr(p, 4, 4) || ' ' || substr(p, 8)
    when style < 0.94 then '0' || substr(p, 4, 4) || '-' || substr(p, 8, 3) || '-' || substr(p, 11)
    when style < 0.97 then '+44 (0)' || substr(p, 4, 4) || ' ' || substr(p, 8, 3) || ' ' || substr(p, 11)
    else '0044' || substr(p, 4) end;
create macro visit_channel(k, t) as case pick(k, 'channel', 15)
    when 0 then 0 when 1 then case when month(t) >= 11 then 1 else 0 end
    when 2 then case when month(t) >= 9 then 2 else 5 end when 3 then case when month(t) between 2 and 6 then 3 else 5 end
    when 4 then 4 when 5 then 4 when 6 then 5 when 7 then 5 when 8 then 5 else 6 end;
create macro london(t) as timezone('Europe/London', timezone('UTC', t));
create macro pounds(pence) as (pence // 100)::varchar || '.' || lpad((pence % 100)::varchar, 2, '0');
create macro pounds_signed(pence) as case when pence < 0 then '(£' || pounds(-pence) || ')' else '£' || pounds(pence) end;
create macro shopify_time(t) as strftime(london(t), '%Y-%m-%d %H:%M:%S ')
    || case when london(t) > t then '+0100' else '+0000' end;
"""
