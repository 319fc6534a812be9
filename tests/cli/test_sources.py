"""`cdp sources`: every command says what it found, what is wrong and what to do, and changes only what it says."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from cli.sources import SCHEMA_FILE, schema_text
from ingestion.declarations import SOURCES_DIR
from ingestion.scaffolding.templates import TEMPLATES_DIR, find_templates

VENDORS = {
    "shopify", "woocommerce", "stripe", "square", "lightspeed", "hubspot", "salesforce", "mailchimp", "klaviyo",
    "segment", "ga4", "google_ads", "meta_ads", "tiktok_ads", "zendesk", "reviews", "surveys", "erp", "inventory",
    "loyalty", "enrichment", "social", "calls", "postgres", "mysql", "sqlite",
}  # fmt: skip
NPS = "Response ID,Submitted At,Email,Name,Score,Comment,Touchpoint,Customer ID\n"


def test_every_source_is_listed_and_folders_nobody_declared_are_pointed_at(desk):
    desk.deliver("till_two/sales.csv", "Id\n1\n")
    printed = desk.cdp("sources", "list")
    for name in (path.stem for path in SOURCES_DIR.glob("*.yml")):
        assert re.search(rf"^{name} ", printed, re.MULTILINE)
    assert "cdp sources add till_two" in printed


def test_there_is_a_template_for_every_vendor_of_the_design(desk):
    assert {template.name for template in find_templates()} >= VENDORS
    printed = desk.cdp("sources", "list", "--templates")
    assert "cdp sources add stripe" in printed
    assert re.search(r"^shopify .* declared", printed, re.MULTILINE)


def test_templates_that_are_no_declared_source_say_where_their_columns_come_from():
    for path in TEMPLATES_DIR.glob("*.yml"):
        if not path.stem.endswith("_api"):
            head = " ".join(line for line in path.read_text().splitlines()[:6] if line.startswith("#"))
            assert re.search(r"Headers:|Keys:|No vendor's own format|Your own database", head), path.name


def test_listing_needs_neither_dagster_nor_dbt_nor_the_engine(desk):
    finished = desk.python(
        "-c",
        "import sys; from cli.main import cdp; cdp.main(['sources', 'list'], standalone_mode=False); "
        "sys.exit(', '.join(sorted({'dagster', 'dbt', 'pandas', 'dlt', 'sandbox'} & set(sys.modules))) or 0)",
    )
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize(
    "command", [("status",), ("check",), ("preview",), ("load",), ("pull",), ("status",)]
)
def test_a_mistyped_name_is_answered_with_the_nearest(desk, command):
    printed = desk.cdp("sources", *command, "shopfy", status=1)
    assert "did you mean 'shopify'?" in printed


def test_a_template_becomes_a_source_under_any_name(desk):
    printed = desk.cdp("sources", "add", "shopify_eu", "--template", "shopify")
    declared = yaml.safe_load((desk.project / "ingestion/sources/shopify_eu.yml").read_text())
    assert declared["name"] == "shopify_eu"
    assert (desk.project / "dbt_project/models/staging/shopify_eu/stg_shopify_eu__orders.sql").is_file()
    assert (
        "shopify_eu_orders" in (desk.project / "dbt_project/models/staging/_staging__sources.yml").read_text()
    )
    assert "cdp sources load shopify_eu" in printed
    desk.cdp("sources", "check", "shopify_eu")


def test_what_is_declared_already_is_said_and_left_alone(desk):
    before = desk.contents()
    printed = desk.cdp("sources", "add", "shopify")
    assert "landing/shopify/customers*.csv" in printed and "declared already" in printed
    assert desk.contents() == before


def test_a_dry_run_prints_everything_and_writes_nothing(desk):
    file = desk.data_dir / "people.csv"
    file.write_text(
        "Card No,Name,E-mail\n" + "".join(f"C{n},Anna Smith,p{n}@mail.example.com\n" for n in range(9))
    )
    before = desk.contents()
    printed = desk.cdp("sources", "add", "club", "--from", str(file), "--dry-run")
    for expected in (
        "name: club",
        "newest_version(source('raw', 'club_people')",
        "unit_tests:",
        "Nothing was written",
    ):
        assert expected in printed
    assert desk.contents() == before


def test_nothing_is_overwritten_without_force(desk):
    file = desk.data_dir / "people.csv"
    file.write_text("Card No,Name\nC1,Anna Smith\nC2,Jan Smith\n")
    desk.cdp("sources", "add", "club", "--from", str(file))
    model = desk.project / "dbt_project/models/staging/club/stg_club__people.sql"
    model.write_text("-- mine\n")
    file.write_text("Card No,Name,Points\nC1,Anna Smith,3\nC2,Jan Smith,4\n")
    before = desk.contents()
    printed = desk.cdp("sources", "add", "club", "--from", str(file), status=1)
    assert "stg_club__people.sql" in printed and "--force" in printed
    assert desk.contents() == before
    desk.cdp("sources", "add", "club", "--from", str(file), "--force")
    assert "points" in model.read_text()
    listed = (desk.project / "dbt_project/models/staging/_staging__sources.yml").read_text()
    assert listed.count("name: club_people") == 1


def test_after_a_correction_force_makes_the_staging_again_from_the_declaration(desk):
    file = desk.data_dir / "people.csv"
    file.write_text("Card No,Points\nC1,3\nC2,4\n")
    desk.cdp("sources", "add", "club", "--from", str(file))
    declaration = desk.project / "ingestion/sources/club.yml"
    declaration.write_text(declaration.read_text().replace("type: integer", "type: money"))
    desk.cdp("sources", "add", "club", "--force")
    model = desk.project / "dbt_project/models/staging/club/stg_club__people.sql"
    assert "parse_amount('points')" in model.read_text()
    assert "type: money" in declaration.read_text()


def test_files_that_wait_in_landing_are_looked_at(desk):
    desk.deliver("till_two/sales-1.csv", "Receipt No,Total\nR1,£3.50\nR2,£4.00\n")
    desk.cdp("sources", "add", "till_two")
    declared = yaml.safe_load((desk.project / "ingestion/sources/till_two.yml").read_text())
    assert declared["tables"][0]["files"] == ["sales*.csv"]
    assert "2 rows loaded" in desk.cdp("sources", "load", "till_two")


def test_files_in_a_folder_per_day_are_one_table(desk):
    for day in ("2026-01-01", "2026-01-02"):
        desk.deliver(f"till_two/{day}/sales.csv", f"Receipt No,Total\n{day}-1,£3.50\n{day}-2,£4.00\n")
    desk.cdp("sources", "add", "till_two")
    declared = yaml.safe_load((desk.project / "ingestion/sources/till_two.yml").read_text())
    assert declared["tables"][0]["files"] == ["**/sales*.csv"]
    assert "2 files, 4 rows loaded" in desk.cdp("sources", "load", "till_two")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("shop-2",), "cannot name a source"),
        (("stirpe",), "The nearest is 'stripe'"),
        (("club", "--template", "shoppify"), "The nearest is 'shopify'"),
    ],
)
def test_an_addition_that_cannot_be_made_is_refused_with_what_to_do(desk, arguments, sentence):
    before = desk.contents()
    assert sentence in desk.cdp("sources", "add", *arguments, status=1)
    assert desk.contents() == before


def test_preview_shows_rows_rejects_and_how_the_file_was_read(desk):
    rows = "r1;15/01/2026 10:30;a@mail.example.com;Anna;9;;till;\nr2;someday;b@mail.example.com;Jan;8;;web;\n"
    desk.deliver("surveys/nps-1.csv", NPS.replace(",", ";") + rows)
    before = desk.contents()
    printed = desk.cdp("sources", "preview", "surveys", "nps")
    assert "1 row, 1 rejected" in printed
    assert "a@mail.example.com" in printed
    assert "semicolon" in printed
    assert re.search(r"rejected line 3: 'someday' is not a timestamp", printed)
    assert desk.contents() == before
    assert "It has nps, csat" in desk.cdp("sources", "preview", "surveys", "npss", status=1)


def test_loading_twice_loads_once_and_a_dry_run_says_so_beforehand(desk):
    desk.deliver("surveys/nps-1.csv", NPS + "r1,15/01/2026 10:30,a@mail.example.com,Anna,9,,till,\n")
    assert "1 file, 1 row would be loaded" in desk.cdp("sources", "load", "surveys", "--dry-run")
    assert not (desk.data_dir / "warehouse.duckdb").exists()
    assert "1 file, 1 row loaded" in desk.cdp("sources", "load", "surveys")
    assert "0 files, 0 rows would be loaded, 0 rejected; 1 known already" in desk.cdp(
        "sources", "load", "--dry-run"
    )
    assert "0 files, 0 rows loaded, 0 rejected; 1 known already" in desk.cdp("sources", "load")


def test_a_refused_file_is_said_by_check_by_load_and_by_status(desk):
    desk.deliver("surveys/nps-1.csv", "Respondent,Points\n1,2\n")
    desk.deliver("surveys/readme.txt", "hello")
    checked = desk.cdp("sources", "check", "surveys", status=1)
    assert "has no column 'Response ID'" in checked and "surveys/readme.txt matches no table" in checked
    assert "has no column 'Response ID'" in desk.cdp("sources", "load", "surveys", status=2)
    stands = desk.cdp("sources", "status", "surveys", status=2)
    assert "1 file refused" in stands and "has no column 'Response ID'" in stands
    (desk.data_dir / "landing/surveys/nps-1.csv").unlink()
    assert "surveys/nps-1.csv, refused before, was taken away" in desk.cdp("sources", "load", "surveys")


def test_rejected_rows_are_loaded_once_their_declaration_is_corrected(desk):
    rows = (
        "r1,15/01/2026 10:30,a@mail.example.com,Anna,9,,till,\nr2,2026-01-16,b@mail.example.com,Jan,8,,web,\n"
    )
    desk.deliver("surveys/nps-1.csv", NPS + rows)
    assert "1 row loaded, 1 rejected" in desk.cdp("sources", "load", "surveys")
    assert "more rejected than" in desk.cdp("sources", "status", "surveys", status=2)
    assert "0 rows loaded, 1 still rejected" in desk.cdp("sources", "retry-rejected", "surveys", status=2)
    declaration = desk.project / "ingestion/sources/surveys.yml"
    declaration.write_text(
        declaration.read_text().replace('"%d/%m/%Y %H:%M"]', '"%d/%m/%Y %H:%M", "%Y-%m-%d"]')
    )
    assert "1 row loaded, 0 still rejected" in desk.cdp("sources", "retry-rejected", "surveys")
    assert "No row is rejected" in desk.cdp("sources", "retry-rejected", "surveys")


def test_status_says_who_is_late(desk):
    assert "Nothing was loaded yet" in desk.cdp("sources", "status")
    desk.deliver("surveys/nps-1.csv", NPS + "r1,15/01/2026 10:30,a@mail.example.com,Anna,9,,till,\n")
    desk.settings["CDP_AS_OF"] = "2026-01-16"
    desk.cdp("sources", "load", "surveys")
    assert re.search(
        r"^surveys +2026-01-16 00:00 +1 +0.00% +2026-01-23 02:00 +fine", desk.cdp("sources", "status"), re.M
    )
    desk.settings["CDP_AS_OF"] = "2026-02-16"
    assert re.search(r"^surveys .* late", desk.cdp("sources", "status", status=2), re.MULTILINE)


def test_a_database_without_its_address_is_told_which_setting_is_missing(desk):
    desk.cdp("sources", "add", "postgres")
    assert "CDP_POSTGRES_URL is not set" in desk.cdp("sources", "check", "postgres", status=1)
    assert "not set: CDP_POSTGRES_URL" in desk.cdp("sources", "pull", "postgres", "--dry-run")
    assert "CDP_POSTGRES_URL" in desk.cdp("sources", "pull", "postgres")


def test_a_database_is_added_checked_pulled_and_loaded(desk):
    import sqlite3

    with sqlite3.connect(desk.data_dir / "shop.db") as connection:
        connection.executescript(
            "create table customers (id, first_name, last_name, email, phone, street, postcode, city, country, created_at, "
            "updated_at); create table orders (id, customer_id, status, total_amount, currency, ordered_at, updated_at);"
            "insert into customers (id, email, updated_at) values (1, 'a@mail.example.com', '2026-01-01 10:00:00');"
            "insert into orders (id, customer_id, total_amount, updated_at) values (7, 1, 9.5, '2026-01-01 10:00:00');"
        )
    connection.close()
    desk.settings["CDP_SQLITE_URL"] = f"sqlite:///{desk.data_dir / 'shop.db'}"
    desk.cdp("sources", "add", "sqlite")
    assert "2 files, 2 rows" in desk.cdp("sources", "pull", "sqlite")
    assert "2 files, 2 rows loaded, 0 rejected" in desk.cdp("sources", "load", "sqlite")


def test_the_schema_that_editors_read_is_the_one_that_counts(desk):
    assert SCHEMA_FILE.read_text() == schema_text(), "run `cdp sources schema --write`"
    assert schema_text() == desk.cdp("sources", "schema")
    assert json.loads(schema_text())["properties"]["tables"]
    for path in (*SOURCES_DIR.glob("*.yml"), *TEMPLATES_DIR.glob("*.yml")):
        place = "source.schema.json" if path.parent == SOURCES_DIR else "../sources/source.schema.json"
        assert path.read_text().startswith(f"# yaml-language-server: $schema={place}\n"), path.name


def test_every_source_file_is_valid_by_that_schema():
    validator = pytest.importorskip("jsonschema").Draft202012Validator(json.loads(schema_text()))
    for path in (*SOURCES_DIR.glob("*.yml"), *TEMPLATES_DIR.glob("*.yml")):
        found = [error.message for error in validator.iter_errors(yaml.safe_load(path.read_text()))]
        assert found == [], path.name


def test_every_command_teaches_with_an_example(desk):
    from cli.sources import sources

    for name, command in sources.commands.items():
        assert re.search(rf"(Example: )?cdp sources {name}", command.help or ""), name
