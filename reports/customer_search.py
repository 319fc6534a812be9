"""Finds customers by what a person would try first: an id, an address, a number, an order or a part of a name.

Reads published tables only; what is then shown of whom it finds, is the caller's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
import yaml

from reports.errors import ReportError
from reports.published import Row, read_rows
from warehouse.functions.emails import parse_email
from warehouse.functions.phones import parse_phone
from warehouse.settings import PROJECT_DIR

SHOWN = 20


class CustomerNotFound(ReportError):
    """Nobody is found under what was given."""


@dataclass(frozen=True)
class Found:
    """The customers found: how many there are, and at most SHOWN of them, the likeliest and newest first.

    A row has customer_id, name, email, phone, city, last_order_at and is_own: whether the id, address or number found is
    the one that the customer goes by now, and not one more that a record states.
    """

    count: int
    customers: list[Row]


def find_customers(connection: duckdb.DuckDBPyConnection, given: str, *, by_name: bool = True) -> Found:
    """Whoever has this id (old ones too), record id, email, phone, card or order number; else whose name holds it.

    Emails and phones are compared standardised; a national number is tried in each country in which customers live.
    Raises CustomerNotFound, which says what was tried.
    """
    given = " ".join(given.split())
    regions = _regions(connection)
    phones = {parse_phone(given, region, regions[0]).number for region in regions} - {None}
    parameters = [
        given,
        parse_email(given).address,
        sorted(phones, key=str),
        _order_number(given),
    ]
    rows = read_rows(connection, _SHOW.format(hits=_BY_KEY), parameters) if given else []
    words = re.findall(r"[^\s,]+", given)
    if by_name and words and not rows:
        rows = read_rows(connection, _SHOW.format(hits=_BY_NAME), [words])
    if not rows:
        raise CustomerNotFound(_nobody(connection, given, regions, by_name=by_name))
    count = rows[0]["found_count"]
    return Found(count, [{name: row[name] for name in row if name != "found_count"} for row in rows])


_IS_ORDER = (
    "lower({number}) in (lower(ltrim(order_name, '#')), lower(order_id), lower(split_part(order_id, ':', 2)))"
)
# $1 as given, $2 the email, $3 the phones, $4 the order number
_BY_KEY = f"""
    select customer_id, true as is_own from marts.customers
    where lower(customer_id) = lower($1) or email = $2 or list_contains($3::varchar[], phone)
    union all select customer_id, true from identity.identity_redirects where lower(old_customer_id) = lower($1)
    union all select customer_id, true from identity.identity_clusters where lower(record_id) = lower($1)
    union all select customer_id, false from marts.customer_identifiers
    where not is_placeholder and (
        identifier_type = 'email' and identifier_value = $2
        or identifier_type = 'phone' and list_contains($3::varchar[], identifier_value)
        or identifier_type not in ('email', 'phone') and lower(identifier_value) = lower($1))
    union all select customer_id, true from marts.orders
    where customer_id is not null and {_IS_ORDER.format(number="$4")}
"""


def _order_number(given: str) -> str:
    return given.removeprefix("#").strip()


def _plain(text: str) -> str:
    """Lower case without accents, also of those letters that Unicode does not take apart."""
    plain = f"translate(strip_accents(lower({text})), 'łøđðı’', 'loddi''')"
    return f"replace(replace(replace({plain}, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')"


# every word somewhere in one of the customer's names, in any order; the whole name first
_BY_NAME = f"""
    select customer_id, list_contains(string_split(name, ' '), {_plain("$1[1]")})
        and list_contains(string_split(name, ' '), {_plain("$1[-1]")}) as is_own
    from (
        select customer_id, {_plain("concat_ws(' ', coalesce(display_name, concat_ws(' ', first_name, last_name)), company)")} as name
        from marts.customers
        union all select customer_id, {_plain("value")} from marts.customer_attributes where attribute = 'name'
    ) as names
    where len(list_filter($1::varchar[], lambda word: not contains(name, {_plain("word")}))) = 0
"""
_SHOW = f"""
    select customer_id, coalesce(display_name, nullif(concat_ws(' ', first_name, last_name), '')) as name, email, phone, city,
        last_order_at, found.is_own, count(*) over () as found_count
    from marts.customers
    join (select customer_id, bool_or(is_own) as is_own from ({{hits}}) as hits group by all) as found using (customer_id)
    order by found.is_own desc, last_order_at desc nulls last, name, customer_id limit {SHOWN}
"""


def _regions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The shop's country, then those of the customers, most of them first."""
    declared = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    rows = read_rows(
        connection,
        "select country from marts.customers where length(country) = 2 group by all order by count(*) desc, country",
    )
    return list(
        dict.fromkeys([declared["vars"].get("shop_country", "GB"), *(row["country"] for row in rows)])
    )


def _nobody(connection: duckdb.DuckDBPyConnection, given: str, regions: list[str], *, by_name: bool) -> str:
    guests = read_rows(
        connection,
        f"select order_name, source from marts.orders where customer_id is null and {_IS_ORDER.format(number='$1')} limit 1",
        [_order_number(given)],
    )
    if guests:
        return f"Order {guests[0]['order_name']} ({guests[0]['source']}) is there, but it does not say who bought."
    countries = ", ".join(regions[:5]) + (" and more" if len(regions) > 5 else "")
    names = " or part of a name" if by_name else ""
    return (
        f"Nobody is found under {given!r} in the tables of the last run: it is no customer id (now or before), email, phone "
        f"(tried as a number of {countries}), record id (source:key), card number, order number{names}. Check the spelling, "
        "or try something shorter."
    )
