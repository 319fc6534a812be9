"""`cdp customer` on a small published shop: every way of finding somebody, and what is said of whom it finds."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from cli.consent import SeveralPeople, consent
from cli.customer import customer
from cli.identity import identity
from reports.customer_search import CustomerNotFound

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"

SHOP = """
    create schema state; create schema marts; create schema identity; create schema segments; create schema intermediate;
    create table state.run_context as select timestamp '2026-03-31 23:59:59' as as_of;
    create table marts.customers (customer_id text, first_name text, last_name text, display_name text, email text,
        phone text, city text, postcode text, country text, region text, language text, company text,
        first_seen_at timestamp, record_count integer, source_count integer, first_order_at timestamp,
        last_order_at timestamp, order_count integer, total_spend_amount decimal(18, 2), currency text, lifecycle_stage text);
    insert into marts.customers values
        ('c_anna', 'Anna', 'Müller', 'Anna Müller', 'anna@example.com', '+442079460018', 'Leeds', 'LS11AA', 'GB', null, 'en',
            'Łódź Tea Ltd', '2025-01-02', 3, 2, '2026-01-05 10:00', '2026-02-03 11:30', 2, 1234.50, 'GBP', 'at_risk'),
        ('c_ben', 'Ben', 'Muller', 'Ben [red]Muller', 'ben@example.com', '+33123456789', null, null, 'FR', null, null, null,
            '2025-03-01', 1, 1, null, null, 0, 0, 'GBP', 'lead');
    insert into marts.customers (customer_id, display_name, record_count, source_count, order_count, last_order_at)
        select 'c_twin' || n, 'Twin Number' || n, 1, 1, 1, timestamp '2026-01-01' + to_days(n::int) from range(25) as t(n);
    create table marts.customer_identifiers (customer_id text, identifier_type text, identifier_value text, is_placeholder boolean);
    insert into marts.customer_identifiers values ('c_anna', 'email', 'anna.old@example.com', false),
        ('c_anna', 'email', 'home@example.com', false), ('c_ben', 'email', 'home@example.com', false),
        ('c_ben', 'email', 'anna@example.com', false), ('c_ben', 'email', 'none@example.com', true),
        ('c_ben', 'loyalty_id', 'L-77', false);
    create table marts.customer_attributes (customer_id text, attribute text, value text);
    insert into marts.customer_attributes values ('c_anna', 'name', 'Anna Maiden'), ('c_ben', 'company', 'Maiden');
    create table marts.orders (order_id text, customer_id text, order_name text, source text, ordered_at timestamp,
        sales_channel text, store_name text, net_revenue_amount decimal(18, 2), currency text, financial_status text,
        is_purchase boolean);
    insert into marts.orders values
        ('shopify:901', 'c_anna', '#1061', 'shopify', '2026-01-05 10:00', 'web', null, 1000, 'GBP', 'paid', true),
        ('square:T9', 'c_anna', 'T9', 'square', '2026-02-03 11:30', 'store', 'Market Row', 234.50, 'GBP', 'partially_refunded', true),
        ('shopify:902', null, '#1062', 'shopify', '2026-01-06', 'web', null, 5, 'GBP', 'paid', true);
    create table marts.consents (customer_id text, purpose text, channel text, status text, stated_at timestamp, source text,
        proof text, legal_basis text, rule text);
    insert into marts.consents values
        ('c_anna', 'marketing', 'email', 'granted', '2025-10-04', 'mailchimp', 'double opt-in', 'consent', 'stated'),
        ('c_anna', 'marketing', 'sms', 'denied', '2026-02-01', 'square', 'said no at the till', 'consent', 'stated'),
        ('c_anna', 'ads', 'ads', 'granted', '2025-10-04', 'mailchimp', 'double opt-in', 'consent', 'follows email'),
        ('c_anna', 'service', 'email', 'unknown', null, null, null, null, 'nothing stated');
    create table marts.customer_contactability (customer_id text, channel text, is_contactable boolean, reason text);
    insert into marts.customer_contactability values ('c_anna', 'email', false, 'Mail to the address does not arrive.'),
        ('c_anna', 'sms', false, 'Objected.'), ('c_anna', 'ads', true, 'Agreed.');
    create table marts.support_tickets (ticket_id text, customer_id text, created_at timestamp, subject text, status text,
        priority text, assignee text, is_solved boolean);
    insert into marts.support_tickets values ('77', 'c_anna', '2026-03-30 09:00', 'Cup broken', 'open', 'high', 'Priya', false),
        ('70', 'c_anna', '2025-03-30', 'Long forgotten', 'closed', 'high', 'Priya', true);
    create table marts.customer_timeline (customer_id text, occurred_at timestamp, channel text, interaction text,
        sentence text, amount decimal(18, 2), currency text, source text, interaction_id text);
    insert into marts.customer_timeline
        select 'c_anna', timestamp '2026-01-01' + to_days(n::int), 'web', 'visit', 'Visit number ' || n || '.', null, null,
            'segment', n::text from range(12) as t(n);
    create table identity.identity_redirects (old_customer_id text, customer_id text);
    insert into identity.identity_redirects values ('c_before', 'c_anna');
    create table identity.identity_clusters (record_id text, customer_id text, cluster_size bigint, confidence double, strict_id text);
    insert into identity.identity_clusters values ('shopify_customers:123', 'c_anna', 3, 1, 's'),
        ('shopify_customers:124', 'c_anna', 3, 1, 's'), ('square_customers:A', 'c_anna', 3, 1, 's'),
        ('hubspot_contacts:1', 'c_ben', 1, 1, 't');
    create table segments.segment_membership (customer_id text, segment_name text, reason text, is_holdout boolean, entered_at timestamp);
    insert into segments.segment_membership values ('c_anna', 'vip', 'Spent 1,234.50 GBP.', true, '2026-03-01');
    create table segments.segment_sizes as select 'vip' as segment_name, 'VIP customers' as title;
"""
FOR_EXPLAIN = """
    create table intermediate.int_identity__records (record_id text, source text, display_name text, first_name text,
        last_name text, email text, phone text, street text, city text, postcode text, birth_date date, loyalty_id text,
        web_user_id text);
    insert into intermediate.int_identity__records (record_id, source) values ('hubspot_contacts:1', 'hubspot_contacts');
    create table identity.identity_edges (record_id_l text, record_id_r text, match_weight double, rule text, is_within_customer boolean);
    create table identity.identity_evidence (record_id_l text, record_id_r text, field text, level text, match_weight double);
    create table identity.identity_ledger (ledger_id bigint, occurred_at timestamp, action text, customer_id text,
        related_customer_id text, reason text, evidence text);
"""


@pytest.fixture(scope="module")
def shop_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("customers")
    (folder / "published").mkdir()
    with duckdb.connect(folder / "published" / "warehouse.duckdb") as connection:
        connection.execute(SHOP + FOR_EXPLAIN)
    return folder


@pytest.fixture
def said(shop_folder, monkeypatch):
    """What `cdp customer …` (or another command) prints, in one line; what it raises, it raises."""
    monkeypatch.setenv("CDP_DATA_DIR", str(shop_folder))

    def run(*words: str, command=customer) -> str:
        result = CliRunner().invoke(command, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return " ".join(result.stdout.split())

    return run


@pytest.mark.parametrize(
    "words",
    [
        "c_anna",
        "C_ANNA",
        "c_before",
        "anna.old@example.com",
        " Anna.OLD@Example.com ",
        "+44 20 7946 0018",
        "020 7946 0018",
        "(020) 7946-0018",
        "shopify_customers:124",
        "#1061",
        "1061",
        "t9",
        "shopify:901",
        "anna muller",
        "MÜLLER, Anna",
        "müll anna",
        "lodz tea",
        "maiden",
    ],
)
def test_whatever_a_person_says_finds_the_customer(said, words):
    assert said(words, "--timeline", "0").startswith("Anna Müller c_anna ")


def test_a_national_number_is_tried_in_the_customers_countries_and_a_card_is_known(said):
    assert "c_ben" in said("01 23 45 67 89")
    assert "c_ben" in said("l-77")


def test_words_need_no_quotes(said):
    assert said("Müller,", "Anna").startswith("Anna Müller c_anna ")


def test_several_are_counted_and_at_most_twenty_are_listed_the_newest_first(said):
    shown = said("twin")
    assert shown.startswith("25 customers found; the first 20:") and "Ask for the whole name" in shown
    assert shown.count("c_twin") == 20 and shown.index("c_twin24 ") < shown.index("c_twin23 ")
    assert "c_twin4 " not in shown
    listed = json.loads(said("muller", "--json"))
    assert listed["count"] == 2 and {row["customer_id"] for row in listed["customers"]} == {"c_anna", "c_ben"}


def test_who_shares_an_address_is_not_taken_for_its_owner(said):
    assert said("home@example.com").startswith("2 customers found:")
    assert said("anna@example.com").startswith("2 customers found:")  # Ben's record states it too


@pytest.mark.parametrize(
    "words",
    ["nobody@example.com", "none@example.com", "'; drop table marts.customers; --", "%", "", "*", "\\"],
)
def test_nobody_is_said_with_what_was_tried_and_nothing_is_harmed(said, words):
    with pytest.raises(CustomerNotFound, match=r"no customer id.*number of GB.*part of a name"):
        said(words)
    assert "c_anna" in said("c_anna")


def test_an_order_without_a_buyer_is_said_to_be_one(said):
    with pytest.raises(CustomerNotFound, match=r"Order #1062 \(shopify\) is there, but"):
        said("1062")


def test_all_that_is_known_is_told(said):
    shown = said("c_anna")
    assert "address Leeds, LS11AA, GB language en company Łódź Tea Ltd known since 2025-01-02" in shown
    assert "records 3 from 2 sources: shopify_customers 2, square_customers stage at risk" in shown
    assert "value 2 orders, £1,234.50 net" in shown
    assert "last order 2026-02-03 11:30, T9, Market Row, £234.50 net, partially refunded" in shown
    assert "2026-03-30 09:00 77 Cup broken open high Priya" in shown and "Long forgotten" not in shown
    assert "`cdp identity explain c_anna`" in shown and "`cdp consent show c_anna`" in shown


def test_whether_we_may_write_is_said_with_the_reason(said):
    shown = said("c_anna")
    assert "marketing by email no 2025-10-04 Mail to the address does not arrive." in shown  # agreed, in vain
    assert "marketing by sms no 2026-02-01 square: said no at the till" in shown
    assert "ads yes 2025-10-04 mailchimp: double opt-in (follows email)" in shown
    assert "service by email no nothing stated" in shown
    assert "VIP customers 2026-03-01 Spent 1,234.50 GBP. Held out: is sent nothing for it." in shown


def test_what_is_not_known_has_no_line(said):
    shown = said("c_ben")
    assert shown.startswith("Ben [red]Muller c_ben")
    assert not any(
        word in shown
        for word in ("None", "language", "company", "last order", "May we", "Segments", "tickets")
    )
    assert "no orders" in shown and "Nothing is known." in shown


def test_the_timeline_is_the_newest_first_and_as_long_as_asked_for(said):
    shown = said("c_anna")
    assert shown.index("number 11.") < shown.index("number 2.") and "number 1." not in shown
    assert "… and 2 more: --timeline 12" in shown
    shown = said("c_anna", "--since", "2026-01-11")
    assert "number 10." in shown and "number 9." not in shown and "more" not in shown


def test_json_says_the_same(said):
    told = json.loads(said("c_anna", "--json", "--timeline", "1"))
    assert told["as_of"] == "2026-03-31T23:59:59" and told["customer"]["net_revenue_amount"] == 1234.5
    assert [row["sentence"] for row in told["timeline"]] == ["Visit number 11."] and told[
        "timeline_count"
    ] == 12
    assert [row["may_be_contacted"] for row in told["consents"]] == [False, False, True, False]


def test_other_commands_find_people_in_the_same_way(said):
    assert said("show", "020 7946 0018", command=consent).startswith("c_anna, now:")
    assert said("show", "anna@example.com", command=consent).startswith("c_anna, now:")  # it is hers
    with pytest.raises(SeveralPeople, match="2 customers have"):
        said("show", "home@example.com", command=consent)
    with pytest.raises(CustomerNotFound):
        said("show", "müller", command=consent)
    assert said("explain", "L-77", command=identity).startswith("Customer c_ben:")


def test_the_shop_of_these_tests_has_only_columns_that_are_declared():
    declared = {
        model["name"]: {column["name"] for column in model.get("columns", ())}
        for folder in (MODELS / "marts", MODELS / "membership")
        for path in folder.glob("_*__models.yml")
        for model in yaml.safe_load(path.read_text()).get("models", ())
    }
    with duckdb.connect() as connection:
        connection.execute(SHOP)
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema in ('marts', 'segments')"
        ).fetchall()
    assert {(table, column) for table, column in columns if column not in declared[table]} == set()
