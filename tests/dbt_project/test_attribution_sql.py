"""The attribution model's own SQL on small worlds: a published example, and that no model makes or loses money."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.settings import PROJECT_DIR

VARS = {"attribution_half_life_days": 7}
MODELS = {"first_touch", "last_touch", "last_non_direct", "linear", "position", "time_decay", "shapley", "markov"}  # fmt: skip
Journey = tuple[Decimal, tuple[str, ...]]  # what an order brought, and the channels that led to it


def render() -> str:
    """dbt_project/models/analytics/attribution.sql with the weights of its macro, as dbt would fill it in."""
    found: dict[str, str] = {}
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals.update({"var": VARS.get, "ref": lambda name: name, "return": found.update})
    macros = (PROJECT_DIR / "dbt_project/macros/attribution.sql").read_text()
    environment.from_string(macros).module.attribution_weights()  # type: ignore[attr-defined]
    environment.globals["attribution_weights"] = lambda: found
    return environment.from_string(
        (PROJECT_DIR / "dbt_project/models/analytics/attribution.sql").read_text()
    ).render()


SQL = render()


def credited(journeys: list[Journey], effects: dict[str, float]) -> list[tuple[str, str, str, Decimal]]:
    """Rows attribution_model, order_id, channel, revenue_amount; each touch is a day after the one before."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table order_touches (order_id text, touch_id text, customer_id text, order_date date, channel text,"
            " campaign text, place int, touch_count int, days_before double, net_revenue_amount decimal(18, 2), currency text)"
        )
        connection.execute("create table attribution_removal_effects (channel text, removal_effect double)")
        for number, (revenue, channels) in enumerate(journeys):
            for place, channel in enumerate(channels, 1):
                connection.execute(
                    "insert into order_touches values ($1, $2, null, '2026-01-01', $3, null, $4, $5, $6, $7, 'GBP')",
                    [
                        *(f"o{number}", f"t{place}", channel, place),
                        *(len(channels), float(len(channels) - place), revenue),
                    ],
                )
        for channel, effect in effects.items():
            connection.execute("insert into attribution_removal_effects values ($1, $2)", [channel, effect])
        return connection.execute(
            f"select attribution_model, order_id, channel, revenue_amount from ({SQL})"
        ).fetchall()


def test_shapley_agrees_with_a_published_example() -> None:
    """Facebook 45.5 %, organic 20.5 %, LinkedIn 34 %: the worked numbers of "Data-Driven Marketing Attribution".

    Towards Data Science (2018), towardsdatascience.com/data-driven-marketing-attribution-1a28d2e613a0, recomputed by the
    definition in github.com/tomgorb/misc, "Data Driven Attribution.ipynb". Shares of conversions by the set of channels
    that led to them: F 20, O 10, L 17, F+O 17, F+L 30, L+O 0, F+L+O 6 per cent.
    """
    journeys: list[Journey] = [
        (Decimal(20), ("facebook",)),
        (Decimal(10), ("organic",)),
        (Decimal(17), ("linkedin",)),
        (Decimal(17), ("organic", "facebook", "organic")),
        (Decimal(30), ("linkedin", "facebook")),
        (Decimal(6), ("facebook", "linkedin", "organic")),
    ]
    totals: dict[str, Decimal] = {}
    for model, _, channel, revenue in credited(journeys, {}):
        if model == "shapley":
            totals[channel] = totals.get(channel, Decimal(0)) + revenue
    assert totals == {"facebook": Decimal("45.5"), "organic": Decimal("20.5"), "linkedin": Decimal(34)}


CHANNEL = st.sampled_from(["direct", "email", "paid search", "organic search"])
AMOUNT = st.decimals(-50, 5000, places=2)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(AMOUNT, st.lists(CHANNEL, min_size=1, max_size=9).map(tuple)), min_size=1, max_size=6),
    st.dictionaries(CHANNEL, st.floats(0, 1)),
)
def test_every_model_shares_out_exactly_what_there_is(
    journeys: list[Journey], effects: dict[str, float]
) -> None:
    """Per order and in total, to the cent: also for one touch, channels without effect, and an order with more given back."""
    totals: dict[tuple[str, str], Decimal] = {}
    for model, order_id, _, revenue in credited(journeys, effects):
        totals[model, order_id] = totals.get((model, order_id), Decimal(0)) + revenue
    assert totals == {(m, f"o{n}"): revenue for m in MODELS for n, (revenue, _) in enumerate(journeys)}


@pytest.mark.parametrize(
    ("model", "shares"),
    [
        ("first_touch", {"email": 90}),
        ("last_touch", {"direct": 90}),
        ("last_non_direct", {"paid search": 90}),
        ("linear", {"email": 30, "paid search": 30, "direct": 30}),
        ("position", {"email": 36, "paid search": 18, "direct": 36}),
        ("shapley", {"email": 30, "paid search": 30, "direct": 30}),
        ("markov", {"email": 54, "paid search": 27, "direct": 9}),  # 0.6 : 0.3 : 0.1
    ],
)
def test_each_model_on_one_order_by_hand(model: str, shares: dict[str, int]) -> None:
    rows = credited(
        [(Decimal(90), ("email", "paid search", "direct"))], {"email": 0.6, "paid search": 0.3, "direct": 0.1}
    )
    assert {c: r for m, _, c, r in rows if m == model and r} == {c: Decimal(v) for c, v in shares.items()}
