"""The pretend shop's truth: every record of every file has one person, and the traps that matching must survive are there.

File formats and sums are tested in `test_generator_files`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from sandbox.generator import generate
from sandbox.shop import Shop
from sandbox.update import generate_update

# The keys as the identity step makes them from the files, read back without any help of the generator's.
_KEYS = {
    "shopify_customers": "select replace(\"Customer ID\", '''', '') from csv('shopify/customers_*.csv')",
    "shopify_orders": """select md5(coalesce(lower(trim("Email")), '') || '|'
        || coalesce(regexp_replace("Phone", '[^0-9]', '', 'g'), '') || '|' || coalesce(lower("Billing Name"), '') || '|'
        || coalesce(upper(replace("Billing Zip", ' ', '')), '')) from csv('shopify/orders_*.csv') where "Total" is not null""",
    "shopify_checkouts": 'select lower("Email") from csv(\'shopify/abandoned_*.csv\') where "Created at" is not null',
    "square_customers": "select \"Square Customer ID\" from csv('square/customers_*.csv')",
    "hubspot_contacts": "select \"Record ID\" from csv('hubspot/contacts_*.csv')",
    "mailchimp_members": """select lower("Email Address") from csv('mailchimp/subscribed_*.csv')
        union all select lower("Email Address") from csv('mailchimp/unsubscribed_*.csv')
        union all select lower("Email Address") from csv('mailchimp/cleaned_*.csv')""",
    "segment_users": """select "userId" from read_json('@/segment/*.jsonl', format = 'newline_delimited',
        columns = {"userId": 'varchar'}) where "userId" is not null""",
    "zendesk_requesters": """select unnest(tickets).requester.id::varchar from read_json('@/zendesk/*.json',
        maximum_object_size = 100000000)""",
    "surveys_respondents": """select lower("Email") from csv('surveys/nps_*.csv')
        union all select lower("Email") from csv('surveys/csat_*.csv')""",
    "reviews_reviewers": "select lower(reviewer_email) || '|' || lower(reviewer_name) from csv('reviews/*.csv')",
}


@pytest.fixture(scope="module")
def files(shop: Shop) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        _open(connection, shop.plan.landing, shop.plan.truth)
        yield connection


def _open(connection: duckdb.DuckDBPyConnection, landing: Path, truth: Path) -> None:
    connection.execute(
        f"create macro csv(name) as table select * from read_csv('{landing}/' || name, all_varchar = true)"
    )
    connection.execute(
        f"create table truth as select * from read_csv('{truth}/records.csv', all_varchar = true)"
    )
    for source, sql in _KEYS.items():
        found = sql.replace("@", str(landing))
        connection.execute(f"create table keys_{source} as select distinct * from ({found}) t(source_key)")


@pytest.mark.parametrize("source", _KEYS)
def test_truth_and_files_hold_the_same_records(files: duckdb.DuckDBPyConnection, source: str) -> None:
    told = f"select source_key from truth where source = '{source}'"
    here = f"select source_key from keys_{source}"
    assert files.execute(f"({told}) except ({here})").fetchall() == []
    assert files.execute(f"({here}) except ({told})").fetchall() == []


def test_loyalty_cards_are_in_the_truth(shop: Shop, files: duckdb.DuckDBPyConnection) -> None:
    path = shop.plan.landing / "loyalty/members_2026-10-31.xlsx"
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Members").to_python()
    told = files.execute("select source_key from truth where source = 'loyalty_members'").fetchall()
    assert rows[0][:4] == ["Card No", "Title", "Name", "E-mail"]
    assert {row[0] for row in rows[1:]} == {key for (key,) in told}
    assert {type(row[5]).__name__ for row in rows[1:]} == {"date", "str"}


def test_one_person_per_key_and_several_records_per_person(files: duckdb.DuckDBPyConnection) -> None:
    assert (
        files.execute("select 1 from truth group by source, source_key having count(*) > 1").fetchall() == []
    )
    shares = files.execute(
        "select avg((n > 1)::integer), max(n) from (select count(*) as n from truth group by person_id)"
    ).fetchone()
    assert shares is not None and shares[0] > 0.7 and shares[1] >= 6


@pytest.mark.parametrize(
    ("trap", "at_least", "sql"),
    [
        ("family mailbox", 20, "from truth where kind = 'family mailbox'"),
        ("company mailbox", 10, "from truth where kind = 'company mailbox'"),
        ("placeholder", 10, "from truth where kind = 'placeholder'"),
        ("email in the phone column", 1, "from truth where kind = 'misplaced value'"),
        ("birth date nobody has", 3, "from csv('square/customers_*.csv') where \"Birthday\" = '1900-01-01'"),
        ("the shop's own address", 2, "from csv('square/customers_*.csv') where \"Postal Code\" = 'TT1 1TT'"),
        ("letters of other alphabets", 5, "from csv('shopify/customers_*.csv') where \"Last Name\" ~ '.*[Α-Ωα-ωА-Яа-яぁ-龯].*'"),
        ("accents", 3, "from csv('shopify/customers_*.csv') where \"Last Name\" ~ '.*[ÀÁÉÈÜÖÄÑÓÍŁŚąęłńóśźżàáéèüöäñí].*'"),
        ("subscribed here, refused there", 5, """from csv('mailchimp/unsubscribed_*.csv') m
            join csv('shopify/customers_*.csv') s on lower(s."Email") = lower(m."Email Address")
            where s."Accepts Email Marketing" = 'yes'"""),
        ("same name, other person", 5, """from (select "First Name" || "Last Name" from csv('shopify/customers_*.csv') s
            join truth t on t.source = 'shopify_customers' and t.source_key = replace(s."Customer ID", '''', '')
            group by 1 having count(distinct t.person_id) > 1)"""),
    ],
)  # fmt: skip
def test_traps_are_planted(files: duckdb.DuckDBPyConnection, trap: str, at_least: int, sql: str) -> None:
    found = files.execute(f"select count(*) {sql}").fetchone()
    assert found is not None and found[0] >= at_least, f"{trap}: {found}"


def test_one_mailbox_is_used_by_several_people(files: duckdb.DuckDBPyConnection) -> None:
    shared = files.execute("""
        select count(*) from (select lower("Email") from csv('shopify/customers_*.csv') s join truth t
            on t.source = 'shopify_customers' and t.source_key = replace(s."Customer ID", '''', '')
        group by 1 having count(distinct t.person_id) > 1)""").fetchone()
    assert shared is not None and shared[0] >= 2


def test_update_adds_new_and_changes_old_customers(tmp_path: Path) -> None:
    before = generate(tmp_path, customers=150, seed=5, events_per_customer=2, orders_per_customer=1)
    update = generate_update(tmp_path)
    assert update.file == "shopify/customers_2026-11-01.csv"
    assert len(update.new_ids) == len(update.changed_ids) == 20
    with duckdb.connect() as connection:
        _open(connection, before.plan.landing, before.plan.truth)
        old = "select * from csv('shopify/customers_2026-10-31.csv')"
        same = connection.execute(f"({old}) intersect (select * from csv('{update.file}'))").fetchall()
        told = connection.execute("select count(*) from truth where source = 'shopify_customers'").fetchone()
        mine = connection.execute("select count(*) from keys_shopify_customers").fetchone()
    assert same == [] and told == mine
    assert generate_update(tmp_path) == update
