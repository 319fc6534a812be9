"""The profile of the pretend shop's customers: where its values come from, and that every kind of interaction is told."""

from __future__ import annotations

import re
from pathlib import Path

MODELS = Path(__file__).parents[2] / "dbt_project/models/marts/_marts__models.yml"
# what each link of the timeline leads to: table there, and the column its source_id is a value of
LINKED = {
    "orders": ("marts.orders", "order_id"),
    "carts": ("marts.carts", "cart_id"),
    "deals": ("marts.deals", "deal_id"),
    "sessions": ("marts.sessions", "session_id"),
    "email_activity": ("marts.email_activity", "activity_id"),
    "support_tickets": ("marts.support_tickets", "ticket_id"),
    "survey_responses": ("marts.survey_responses", "response_id"),
    "reviews": ("marts.reviews", "review_id"),
    "stg_loyalty__members": ("staging.stg_loyalty__members", "loyalty_card_id"),
    "stg_square__customers": ("staging.stg_square__customers", "square_customer_id"),
}


def test_the_golden_record_is_the_current_values(first_run):
    """One definition: what customers says of an attribute is what customer_attributes calls current."""
    for attribute in ("email", "phone", "company", "language", "birth_date"):
        differing = first_run.installation.warehouse(
            f"""
            select count(*), count(current.value) from marts.customers
            left join marts.customer_attributes as current
                on current.customer_id = customers.customer_id and current.attribute = '{attribute}' and current.is_current
            where customers.{attribute}::varchar is distinct from current.value
            """
        )
        assert differing == [(0, 0)], attribute


def test_every_customer_has_one_current_value_at_most_and_every_value_a_reason(first_run):
    rows = first_run.installation.warehouse(
        "select max(current_count), min(length(reason)) from ("
        " select count(*) filter (is_current) as current_count, min(reason) as reason"
        " from marts.customer_attributes group by customer_id, attribute)"
    )
    [(most, shortest)] = rows
    assert most == 1 and shortest > 10


def test_every_kind_of_interaction_of_the_shop_is_told(first_run):
    """The kinds are those of the column's description; nobody known brings goods back to the till without a sale."""
    described = MODELS.read_text()
    [listed] = re.findall(r"- name: interaction\n +description: >\n((?: {10}.*\n)+)", described)
    kinds = set(re.findall(r"[a-z_]{4,}", listed.replace(" or ", " ")))
    found = {
        kind
        for (kind,) in first_run.installation.rows("select distinct interaction from marts.customer_timeline")
    }
    assert found == kinds - {"return"}


def test_every_interaction_leads_to_its_row(first_run):
    tables = dict(
        first_run.installation.rows("select source_table, count(*) from marts.customer_timeline group by all")
    )
    assert set(tables) == {*LINKED, "consents"}
    for name, (table, column) in LINKED.items():
        lost = first_run.installation.warehouse(
            f"select count(*) from marts.customer_timeline where source_table = '{name}'"
            f" and source_id not in (select {column} from {table} where {column} is not null)"
        )
        assert lost == [(0,)], name
