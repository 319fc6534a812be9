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


def made_of(sql: str, **rows: str) -> dict[str, dict[str, bool]]:
    """Output column → `table.column` → readable; of the rows in which columns equal the given texts."""
    outputs = read_statement(sql, SCHEMAS).outputs(tuple(sorted(rows.items())))
    return {
        column: {f"{relation.name}.{name}": kept for (relation, name, _), kept in origins.items()}
        for column, origins in outputs.items()
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


LONG = """
    with stated as (
        select person_id, 'email' as kind, email as value from staging.people
        union all
        select person_id, 'phone', phone from staging.people
        union all
        select person_id, 'born', cast(born as varchar) from staging.people
    ),
    ranked as (select *, row_number() over (partition by person_id, kind order by value) as place from stated)
"""


@pytest.mark.parametrize(
    ("reader", "origins"),
    [
        ("select value as x from ranked where kind = 'email' and place = 1", {"people.email": True}),
        ("select value as x from ranked where 'email' = kind", {"people.email": True}),
        ("select value as x from ranked where kind = 'email' or place = 1",
         {"people.email": True, "people.phone": True, "people.born": True}),
        ("select max(value) filter (where kind = 'email') as x from ranked group by person_id",
         {"people.email": True}),
        ("select max(case when kind = 'phone' then value end) as x from ranked", {"people.phone": True}),
        ("select max(case kind when 'phone' then value end) as x from ranked", {"people.phone": True}),
        ("select r.value as x from staging.people as p left join ranked as r on p.person_id = r.person_id and r.kind = 'born'",
         {"people.born": True}),
        ("select r.value as x from staging.people as p right join ranked as r on p.person_id = r.person_id and r.kind = 'born'",
         {"people.email": True, "people.phone": True, "people.born": True}),
        ("select case when kind in ('phone', 'born') then value end as x from ranked where kind = 'email'", {}),
        ("select value as x from ranked where kind = 'fax'", {}),
        ("select other.value as x from ranked as one inner join ranked as other on one.kind = other.kind where one.kind = 'email'",
         {"people.email": True, "people.phone": True, "people.born": True}),
    ],
)  # fmt: skip
def test_a_reader_of_some_rows_of_a_long_table_has_only_what_these_are_made_of(reader, origins):
    found = made_of(LONG + reader)["x"]
    assert {name: kept for name, kept in found.items() if kept} == origins


def test_what_is_asked_of_the_result_is_asked_of_what_it_reads():
    sql = LONG + "select kind, value, max(value) over (partition by person_id) as any_of_theirs from ranked"
    assert made_of(sql, kind="phone")["value"] == {"people.phone": True}
    everything = {"people.email": True, "people.phone": True, "people.born": True}
    assert (
        made_of(sql, kind="phone")["any_of_theirs"].items() >= everything.items()
    )  # a window sees the other rows
    assert made_of(sql, kind="fax") == {}
    of_its_kind = LONG + "select kind, max(value) over (partition by kind) as largest from ranked"
    assert made_of(of_its_kind, kind="phone")["largest"].get("people.email") is None


def test_a_joined_table_has_the_rows_of_what_it_is_joined_by():
    sql = f"{LONG} select one.kind, other.value from ranked as one left join ranked as other on other.kind = one.kind"
    assert made_of(sql, kind="email")["value"] == {"people.email": True}


def test_a_name_made_longer_is_the_name_of_fewer():
    sql = f"{LONG} select kind || '_before' as kind, value from ranked"
    assert made_of(sql, kind="email_before")["value"] == {"people.email": True}
    assert made_of(sql, kind="email") == {}


def test_names_written_out_in_sql_are_all_there_are():
    sql = """
        select named.kind, case named.kind when 'email' then email when 'phone' then phone end as value
        from staging.people cross join (select * from (values ('email'), ('phone')) as t (kind)) as named
    """
    assert made_of(sql, kind="phone")["value"].get("people.phone")
    assert "people.email" not in made_of(sql, kind="phone")["value"]
    assert made_of(sql, kind="fax") == {}


def test_a_sum_over_a_window_is_made_of_what_is_summed_and_a_rank_of_what_it_goes_by():
    sql = "select sum(born) over (partition by person_id order by email) as so_far from staging.people"
    assert made_of(sql)["so_far"] == {"people.born": False}
    sql = "select row_number() over (partition by person_id order by email) as place from staging.people"
    assert made_of(sql)["place"] == {"people.person_id": False, "people.email": False}


def test_which_rows_of_a_table_are_read_is_told_with_the_column():
    sql = "select max(details) filter (where email = 'x@example.org') as x from staging.people"
    assert (PEOPLE, "details", (("email", "x@example.org"),)) in read_statement(sql, SCHEMAS).outputs()["x"]


def test_what_is_no_sql_is_said():
    with pytest.raises(UnreadableModel):
        read_statement("select from where", SCHEMAS)


def test_a_star_over_an_unknown_table_is_said():
    with pytest.raises(UnreadableModel, match="not known"):
        read_statement("select * from staging.unheard_of", SCHEMAS).outputs()
