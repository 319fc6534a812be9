"""Which columns one statement's outputs are made of, and whether their values can still be read there."""

from __future__ import annotations

import pytest

from reports.lineage.errors import UnreadableModel
from reports.lineage.statements import Relation, read_statement

PEOPLE = Relation("staging", "people")
ORDERS = Relation("staging", "orders")
SCHEMAS = {
    PEOPLE: ["person_id", "email", "phone", "born", "details"],
    ORDERS: ["order_id", "person_id", "amount", "placed_at"],
}


def made_of(sql: str) -> dict[str, dict[str, bool]]:
    """Output column → `table.column` → readable."""
    return {
        column: {f"{relation.name}.{name}": kept for (relation, name), kept in origins.items()}
        for column, origins in read_statement(sql, SCHEMAS).items()
    }


def test_through_ctes_stars_and_renames():
    sql = """
        with people as (select * from staging.people), named as (select *, lower(email) as mail from people)
        select named.mail as address, person_id from named
    """
    assert made_of(sql) == {"address": {"people.email": True}, "person_id": {"people.person_id": True}}


def test_a_union_goes_by_place_whatever_the_names():
    sql = "select email as contact from staging.people union all select phone from staging.people"
    assert made_of(sql) == {"contact": {"people.email": True, "people.phone": True}}


def test_a_union_by_name_has_the_columns_of_both():
    sql = "select email, person_id from staging.people union all by name select person_id, order_id from staging.orders"
    assert made_of(sql) == {
        "email": {"people.email": True},
        "person_id": {"people.person_id": True, "orders.person_id": True},
        "order_id": {"orders.order_id": True},
    }


def test_a_union_of_a_thousand_branches_is_read():
    branch = "select email as contact, count(*) over () as n from staging.people"
    sql = f"select * from ({' union all '.join([branch] * 1000)})"
    assert made_of(sql) == {"contact": {"people.email": True}, "n": {"people.*": False}}


def test_a_series_of_numbers_comes_from_no_table():
    assert made_of("select s.n from generate_series(1, 9) as s(n)") == {"n": {}}


def test_joins_and_filters_decide_rows_not_values():
    sql = """
        select o.order_id from staging.orders as o
        inner join staging.people as p on o.person_id = p.person_id where p.email is not null
    """
    assert made_of(sql) == {"order_id": {"orders.order_id": True}}


@pytest.mark.parametrize(
    ("expression", "origins"),
    [
        ("coalesce(email, phone)", {"people.email": True, "people.phone": True}),
        ("cast(trim(email) as varchar)", {"people.email": True}),
        ("'mail:' || email", {"people.email": True}),
        ("cdp_email(email)", {"people.email": True}),
        ("max(email)", {"people.email": True}),
        ("max_by(email, born)", {"people.email": True, "people.born": False}),
        ("string_agg(email, ',' order by born)", {"people.email": True, "people.born": False}),
        ("case when phone is null then email end", {"people.email": True, "people.phone": False}),
        ("first_value(email) over (partition by phone order by born)",
         {"people.email": True, "people.phone": False, "people.born": False}),
        ("from_json(details, '{\"mail\": \"VARCHAR\"}').mail", {"people.details": True}),
        ("list_filter([email, phone], lambda each: each is not null)",
         {"people.email": True, "people.phone": True}),
        ("md5(email)", {"people.email": False}),
        ("sha256(lower(email))", {"people.email": False}),
        ("hash(email)", {"people.email": False}),
        ("email is not null", {"people.email": False}),
        ("email = phone or born is null",
         {"people.email": False, "people.phone": False, "people.born": False}),
        ("length(email)", {"people.email": False}),
        ("count(email)", {"people.email": False}),
        ("count(*)", {"people.*": False}),
        ("count(*) filter (where email is not null)", {"people.email": False}),
        ("row_number() over ()", {"people.*": False}),
        ("(select sum(o.amount) from staging.orders as o where o.person_id = people.person_id)",
         {"orders.amount": False}),
        ("(select min(o.order_id) from staging.orders as o where o.person_id = people.person_id)",
         {"orders.order_id": True}),
        ("'shop'", {}),
        ("cast(null as varchar)", {}),
    ],
)  # fmt: skip
def test_what_a_value_is_made_of(expression, origins):
    assert made_of(f"select {expression} as x from staging.people as people") == {"x": origins}


def test_a_value_stays_unreadable_whatever_is_done_later():
    sql = "with hashed as (select md5(email) as e from staging.people) select upper(e) as code from hashed"
    assert made_of(sql) == {"code": {"people.email": False}}


def test_a_list_unnested_is_its_values():
    sql = "select u.each from staging.people as p, unnest([p.email, p.phone]) as u(each)"
    assert made_of(sql)["each"] == {"people.email": True, "people.phone": True}


def test_what_is_no_sql_is_said():
    with pytest.raises(UnreadableModel):
        read_statement("select from where", SCHEMAS)


def test_a_star_over_an_unknown_table_is_said():
    with pytest.raises(UnreadableModel, match="not known"):
        read_statement("select * from staging.unheard_of", SCHEMAS)
