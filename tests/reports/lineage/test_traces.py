"""Tracing columns of this project: from delivered files to the fields of tools, and what is said about a wrong name."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from reports.lineage.data_map import read_flows, read_rows, render_map
from reports.lineage.errors import LineageError, UnknownColumn, UnreadableModel
from reports.lineage.graph import Column, Graph
from reports.lineage.project import RawTable, Sync, read_project
from reports.lineage.traces import find_columns, flatten, follow

FNAME = Column("mailchimp_contacts", "FNAME")


def names(graph, start: Column, edges, **options) -> set[str]:
    return {str(step.column) for _, step, _ in flatten(follow(graph, start, edges, **options))}


def test_an_address_is_traced_from_every_source_to_every_tool(graph):
    email = Column("customers", "email")
    above = names(graph, email, graph.made_of)
    assert {
        "raw.shopify_customers.email",
        "raw.square_customers.email_address",
        "raw.mailchimp_subscribed.email_address",
        "raw.segment_events.traits",
        "stg_shopify__customers.email",
        "int_identity__records.email",
    } <= above
    below = names(graph, email, graph.used_in)
    assert {
        "sync_mailchimp_contacts.email",
        "mailchimp_contacts.email_address",
        "meta_vip_customers.EMAIL",
    } <= below


def raw_above(graph, table: str, name: str) -> set[str]:
    return {
        str(each)
        for each in graph.reach([Column(table, name)], graph.made_of, readable=True)
        if each.table.startswith("raw.")
    }


def test_one_attribute_of_the_long_table_comes_only_from_what_states_it(graph):
    born = raw_above(graph, "customers", "birth_date")
    assert born == {
        "raw.square_customers.birthday",
        "raw.hubspot_contacts.date_of_birth",
        "raw.loyalty_members.date_of_birth",
    }
    email = raw_above(graph, "customers", "email")
    assert {"raw.shopify_customers.email", "raw.loyalty_members.e_mail"} <= email
    # an address that stands in a field for phones is found there
    others = ("name", "city", "birth", "company", "zip", "postal", "country", "province", "state_region")
    assert [name for name in email if any(word in name for word in others)] == []
    assert raw_above(graph, "customers", "language") == {"raw.segment_events.context"}
    assert email | born < raw_above(graph, "customer_attributes", "value")


def test_a_way_down_from_the_long_table_reaches_what_reads_some_rows_of_it(graph):
    below = names(graph, Column("int_customer__stated_values", "value"), graph.used_in)
    assert {"customers.email", "customers.birth_date", "customer_attributes.value"} <= below
    assert "customers.birth_date" not in names(graph, Column("raw.shopify_customers", "email"), graph.used_in)


def test_a_metric_is_traced_to_what_it_is_computed_from(graph):
    (revenue,) = find_columns(graph, "revenue")
    above = graph.reach([revenue], graph.made_of)
    assert Column("orders", "net_revenue_amount") in above
    assert Column("raw.shopify_orders", "refunded_amount") in above
    assert {each.table for each in above}.isdisjoint({"measured_emails", "measured_tickets", "measured_ads"})
    assert "refunds" in graph.declared(revenue).description


def test_who_is_who_is_a_way_of_its_own(graph):
    stage = Column("customers", "lifecycle_stage")
    clusters = "identity.identity_clusters.customer_id"
    told = names(graph, stage, graph.made_of)
    assert clusters in told and "raw.shopify_customers.first_name" not in told
    assert "raw.shopify_customers.first_name" in names(graph, stage, graph.made_of, everything=True)
    assert "raw.shopify_customers.first_name" in names(
        graph, Column("customers", "customer_id"), graph.made_of
    )


def test_a_raw_column_and_a_remote_field_meet(graph):
    assert str(FNAME) in names(graph, Column("raw.shopify_customers", "first_name"), graph.used_in)
    assert "raw.shopify_customers.first_name" in names(graph, FNAME, graph.made_of)


def test_only_values_that_live_on_are_followed_unless_everything_is_asked_for(graph):
    spend = Column("customers", "total_spend_amount")
    refunded = "raw.shopify_orders.refunded_amount"
    assert refunded in names(
        graph, spend, graph.made_of
    )  # nothing readable is above a sum, so all of it is shown
    email = Column("customers", "email")
    assert "placeholder_values.value" not in names(graph, email, graph.made_of)
    assert "placeholder_values.value" in names(graph, email, graph.made_of, everything=True)


def test_each_column_is_told_once(graph):
    step = follow(graph, Column("customers", "customer_id"), graph.made_of, everything=True)
    told = [
        each.column for _, each, _ in flatten(step) if not each.is_repeated and graph.made_of.get(each.column)
    ]
    assert len(told) == len(set(told)) > 100


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("customers.email", Column("customers", "email")),
        ("marts.customers.Email", Column("customers", "email")),
        ("raw.shopify_customers.email", Column("raw.shopify_customers", "email")),
        ("raw.shopify__customers.email", Column("raw.shopify_customers", "email")),
        ("mailchimp.FNAME", FNAME),
        ("mailchimp_contacts.fname", FNAME),
        ("identity.identity_clusters.customer_id", Column("identity.identity_clusters", "customer_id")),
    ],
)  # fmt: skip
def test_a_column_is_found_by_the_names_people_use(graph, text, found):
    assert find_columns(graph, text)[0] == found


def test_a_table_means_all_its_columns(graph):
    assert [column.name for column in find_columns(graph, "suppressions")] == list(
        graph.tables["suppressions"].fields
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("customers.emial", "Did you mean email?"),
        ("custmers.email", "customers.email"),
        ("mailchimp.FNAMES", "FNAME"),
        ("nothing at all", "Nothing is called"),
        ("", "Nothing is called"),
        ("revenu", "Did you mean revenue"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_answered_with_near_ones(graph, text, told):
    with pytest.raises(UnknownColumn, match=told):
        find_columns(graph, text)


def test_what_is_kept_is_what_was_read(graph):
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert again == graph


def test_the_map_has_every_table_and_says_which_personal_data_reaches_which_tool(graph):
    rows = {row.table: row for row in read_rows(graph, {"customers": 1234})}
    assert rows.keys() == graph.tables.keys()
    assert rows["customers"].rows == 1234 and rows["orders"].rows is None
    assert "user.contact.email" in rows["customers"].personal_data and rows["customers"].owner == "analytics"
    assert "sync_mailchimp_contacts" in rows["customers"].feeds
    flows = {(flow.source, flow.destination): flow for flow in read_flows(graph)}
    assert "email_address" in flows["shopify", "mailchimp"].fields
    assert "user.contact.email" in flows["shopify", "mailchimp"].personal_data
    assert ("google_ads", "mailchimp") not in flows


def test_the_map_is_one_page_that_fetches_nothing(graph):
    page = render_map(graph, {"customers": 1234}, made_at=datetime(2026, 11, 1), as_of=datetime(2026, 10, 31))
    page = page.replace("<wbr>", "")
    for text in ("1,234", "shopify", "mailchimp", "user.contact.email", "sync_meta_vip_customers", "<svg"):
        assert text in page
    for text in ("<script", "http://", "https://", "@import", "url("):
        assert text not in page


def _node(kind: str, name: str, **more):
    return {
        "resource_type": kind, "unique_id": f"{kind}.cdp.{name}", "name": name, "schema": "marts", "alias": name,
        "fqn": ["cdp", "marts", name], "columns": {}, "original_file_path": f"models/{name}.sql", **more,
    }  # fmt: skip


def _read(sql: str, *, columns=None, syncs=()):
    manifest = {
        "sources": {},
        "nodes": {
            "model.cdp.people": _node("model", "people", depends_on={"nodes": []}),
            "model.cdp.scores": _node("model", "scores", columns=columns or {}),
        },
    }
    raw = [RawTable("shop_people", "shop", "online shop", "People.", {"mail": ""})]
    return read_project(manifest, {"model.cdp.people": sql}, raw, syncs, {})


def test_a_model_that_cannot_be_traced_is_named():
    with pytest.raises(UnreadableModel, match=r"people cannot be traced.*models/people.sql"):
        _read("select from from")
    with pytest.raises(UnreadableModel, match=r"people cannot be traced: Unknown column: post"):
        _read("select shop_people.post from raw.shop_people")
    with pytest.raises(UnreadableModel, match="which nothing declares"):
        _read("select x.a from raw.unheard as x")


def test_a_declaration_that_leads_nowhere_is_named():
    columns = {"score": {"name": "score", "meta": {"derived_from": ["people.age"]}}}
    with pytest.raises(LineageError, match=r"scores.score is declared to come from people.age"):
        _read("select mail from raw.shop_people", columns=columns)
    sync = Sync("tool_people", "tool", "People", "marketing", "", "people", {"EMAIL": "email"})
    with pytest.raises(LineageError, match=r"sends column email as EMAIL"):
        _read("select mail from raw.shop_people", syncs=[sync])


def test_a_python_model_declares_what_it_reads():
    columns = {"score": {"name": "score", "meta": {"derived_from": ["people.mail"]}}}
    graph = _read("select mail from raw.shop_people", columns=columns)
    assert graph.made_of[Column("scores", "score")] == {Column("people", "mail"): False}
    assert Column("raw.shop_people", "mail") in graph.reach([Column("scores", "score")], graph.made_of)
