"""Two versions of a definition on the same data: who moves is compared with brute force, and so is why they do."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segment_shop import LAPSED, add_customers, lapsed

from segments.definitions import Definition, Model
from segments.difference import MOVED, compare
from segments.errors import DefinitionError
from segments.explanation import explain_absence
from segments.page import render_page
from segments.preview import preview

# the same definition written another way: spend instead of orders, and the lower bound as a comparison
REWRITTEN = LAPSED.replace("order_count > {minimum}", "total_spend_amount > {minimum} * 10").replace(
    "days_since_order between {after} and {until}",
    "days_since_order >= {after} and days_since_order < {until}",
)
JOINED = """
with lovers as (
    select customer_id, count(*) as cups from "warehouse"."marts"."cups" group by customer_id having count(*) >= {cups}
)
select customers.customer_id, 'Drinks tea.' as reason
from "warehouse"."marts"."customers" as customers
inner join lovers on customers.customer_id = lovers.customer_id
where customers.order_count > {orders}
"""


def moved(connection) -> dict[str, tuple[str, str]]:
    rows = connection.execute(f"select customer_id, change, why from {MOVED}").fetchall()
    assert len(rows) == len({row[0] for row in rows})
    return {customer: (change, why) for customer, change, why in rows}


def brute_force(people, is_before, is_after) -> dict[str, str]:
    """Every customer judged by plain Python, one at a time."""
    found = {}
    for customer, orders, days in people:
        if is_after(orders, days) and not is_before(orders, days):
            found[customer] = "enters"
        if is_before(orders, days) and not is_after(orders, days):
            found[customer] = "leaves"
    return found


def is_lapsed(after: int, until: int, minimum: int):
    return lambda orders, days: orders > minimum and after <= days <= until


people = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 900)), min_size=0, max_size=40)
bounds = st.tuples(st.integers(100, 400), st.integers(300, 800), st.integers(0, 3))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=people, old=bounds, new=bounds)
def test_who_moves_and_why_is_what_brute_force_says(shop, people, old, new):
    shop.execute("delete from marts.customers; delete from intermediate.int_customer__identity_confidence")
    rows = [(f"c{number}", orders, days) for number, (orders, days) in enumerate(people)]
    add_customers(shop, rows)
    found = compare(shop, lapsed("before", *old), lapsed("after", *new))
    expected = brute_force(rows, is_lapsed(*old), is_lapsed(*new))
    who = moved(shop)
    assert {customer: change for customer, (change, _) in who.items()} == expected
    by_id = {customer: (orders, days) for customer, orders, days in rows}
    for customer, (change, why) in who.items():
        after, until, minimum = old if change == "enters" else new  # the version that does not have them
        orders, days = by_id[customer]
        if orders <= minimum:
            assert f"order_count > {minimum} (order_count = {orders})" in why
        else:
            assert not after <= days <= until
            assert f"days_since_order between {after} and {until} (days_since_order = {days})" in why
    assert found.entering.people == sum(change == "enters" for change in expected.values())
    assert found.leaving.people == sum(change == "leaves" for change in expected.values())
    assert found.before_count == sum(is_lapsed(*old)(orders, days) for _, orders, days in rows)
    assert found.after_count == sum(is_lapsed(*new)(orders, days) for _, orders, days in rows)
    assert found.entering.spend == sum(
        by_id[c][0] * 10 for c, change in expected.items() if change == "enters"
    )
    assert found.leaving.contactable["email"] == sum(
        by_id[c][1] % 2 == 0 for c, ch in expected.items() if ch == "leaves"
    )


def test_a_changed_threshold_is_shown_old_and_new(shop):
    add_customers(shop, [("early", 2, 160), ("stays", 2, 300), ("late", 2, 720)], spend=50)
    found = compare(shop, lapsed("released"), lapsed("the working tree", after=150, until=700))
    assert moved(shop) == {
        "early": ("enters", "Was not true: days_since_order between 180 and 730 (days_since_order = 160); now: days_since_order between 150 and 700"),
        "late": ("leaves", "Is not true: days_since_order between 150 and 700 (days_since_order = 720); before: days_since_order between 180 and 730"),
    }  # fmt: skip
    assert [(c.change, c.people) for c in found.causes] == [("enters", 1), ("leaves", 1)]
    assert (found.entering.spend, found.entering.contactable, found.currency) == (
        100,
        {"email": 1, "ads": 0},
        "GBP",
    )


def test_changed_sql_is_compared_by_what_it_does(shop):
    add_customers(shop, [("a", 1, 180), ("b", 3, 180), ("c", 3, 730), ("d", 3, 500)])
    compare(shop, lapsed("before", minimum=0), lapsed("after", minimum=2, sql=REWRITTEN))
    who = moved(shop)
    assert {c: change for c, (change, _) in who.items()} == {"a": "leaves", "c": "leaves"}
    assert "total_spend_amount > 2 * 10 (total_spend_amount = 10); this condition is new" in who["a"][1]
    assert "days_since_order < 730 (days_since_order = 730); before: days_since_order between" in who["c"][1]


def test_a_stricter_contract_moves_people_too(shop):
    add_customers(shop, [("sure", 1, 200), ("twin", 1, 200)])
    shop.execute(
        "update intermediate.int_customer__identity_confidence set is_strict = false, doubtful_record_count = 2 where customer_id = 'twin'"
    )
    found = compare(shop, lapsed("before"), lapsed("after", identity_confidence="strict"))
    assert found.terms == ["identity_confidence: standard → strict"]
    assert moved(shop)["twin"][0] == "leaves"
    assert "2 of their records may be somebody else's" in moved(shop)["twin"][1]


def test_changed_terms_are_said_in_words(shop):
    old = lapsed("before", sources=[], channel="none")
    new = lapsed(
        "after", sources={"shopify": None, "square": 48}, channel=["email", "ads"], size_band=[5, 2000]
    )
    assert compare(shop, old, new).terms == [
        "channel: none → email, ads",
        "size_band: 1 to 1,000 → 5 to 2,000",
        "sources: none → shopify, square within 48 hours",
    ]


def test_a_change_in_a_model_it_is_built_from_counts(shop):
    add_customers(shop, [("a", 1, 200), ("b", 3, 200)])

    def version(label: str, bound: int) -> Definition:
        big = f'select *, order_count >= {bound} as is_big from "warehouse"."marts"."customers"'
        own = 'select customer_id, \'Is big.\' as reason from "warehouse"."marts"."sizes" where is_big'
        models = [
            Model("sizes", '"marts"."sizes"', big),
            Model("segment_lapsed_buyers", '"segments"."segment_lapsed_buyers"', own),
        ]
        return Definition("lapsed_buyers", label, lapsed("x").contract, {m.name: m for m in models})

    found = compare(shop, version("before", 3), version("after", 1))
    assert moved(shop) == {"a": ("enters", "Was not true: is_big (is_big = false)")}
    assert len(found.texts) == 1 and "sizes (before)" in found.texts[0]


def test_joins_groups_and_missing_rows_are_told_apart(shop):
    add_customers(shop, [("none", 5, 1), ("few", 5, 1), ("new", 0, 0), ("fits", 5, 1)])
    shop.execute("create table marts.cups (customer_id text)")
    shop.execute("insert into marts.cups values ('few'), ('fits'), ('fits'), ('new'), ('new')")
    shop.execute(
        "create temp table wanted as select customer_id from marts.customers where customer_id <> 'fits'"
    )
    explain_absence(shop, JOINED.format(cups=2, orders=1), "wanted", into="why", prefix="t")
    assert dict(shop.execute("select customer_id, reason from why").fetchall()) == {
        "none": "has no row in cups",
        "few": "count(*) >= 2 (count(*) = 1)",
        "new": "order_count > 1 (order_count = 0)",
    }


def test_addresses_are_not_shown(shop):
    add_customers(shop, [("anna", 1, 1)])
    shop.execute("create temp table wanted as select customer_id from marts.customers")
    sql = "select customer_id, '' as reason from marts.customers where email like '%@nowhere.example'"
    explain_absence(shop, sql, "wanted", into="why", prefix="t")
    [(reason,)] = shop.execute("select reason from why").fetchall()
    assert "given" in reason and "anna@" not in reason


def test_a_query_that_cannot_be_taken_apart_still_compares(shop):
    add_customers(shop, [("a", 1, 1), ("b", 2, 1)])
    text = 'select customer_id, \'x\' as reason from (select * from "warehouse"."marts"."customers" order by order_count limit {n})'
    compare(
        shop, lapsed("before", sql=text.replace("{n}", "1")), lapsed("after", sql=text.replace("{n}", "2"))
    )
    assert moved(shop)["b"][0] == "enters"


def test_sql_that_does_not_run_is_named(shop):
    with pytest.raises(DefinitionError, match=r"segment_lapsed_buyers .after. does not run.*nonsense"):
        compare(shop, lapsed("before"), lapsed("after", sql=LAPSED.replace("order_count >", "nonsense >")))


def test_the_page_says_it_all_without_a_name_or_a_script(shop):
    add_customers(shop, [("early", 2, 160), ("late", 2, 720)])
    found = compare(shop, lapsed("released"), lapsed("the working tree", after=150, until=700))
    page = render_page(shop, found, syncs=["Meta: lapsed buyers"], made_at=datetime(2026, 10, 31))
    for text in (
        "Meta: lapsed buyers",
        "days since order = 160",
        "between 150 and 700",
        "<code>early</code>",
        "20.00 GBP",
    ):
        assert text in page
    assert "EARLY" not in page and "<script" not in page and "http" not in page


def test_a_preview_counts_without_writing(shop, tmp_path):
    add_customers(shop, [("a", 1, 200), ("b", 1, 200), ("c", 0, 0)])
    shop.execute("create table state.segment_members as select 'tea' as segment_name, 'a' as customer_id")
    shop.execute(
        "update intermediate.int_customer__identity_confidence set is_strict = false where customer_id = 'b'"
    )
    tables = "select count(*) from duckdb_tables() where not temporary"
    before = shop.execute(tables).fetchone()
    tried = preview(shop, lapsed("now", identity_confidence="strict", holdout_share=0.5), examples=5)
    assert (tried.people, tried.doubtful, tried.duplicates, tried.overlaps) == (1, 1, 0, [("tea", 1)])
    assert tried.examples == [("a", "A", "Last bought 200 days ago.")]
    assert shop.execute(tables).fetchone() == before
