"""The list of raw tables grows by the new ones, and nothing else in the file moves."""

from __future__ import annotations

import pytest
import yaml

from ingestion.declarations import Source
from ingestion.errors import ScaffoldRefused
from ingestion.scaffolding.people import delivered_select, is_list_of_people
from ingestion.scaffolding.properties import scalar
from ingestion.scaffolding.roles import plan_columns
from ingestion.scaffolding.source_list import with_raw_tables


def make_source(**table: object) -> Source:
    settings = {
        "name": "people",
        "description": "One row per person.",
        "files": ["*.csv"],
        "format": "csv",
        "required": ["Id"],
        "columns": ["Id"],
    }
    return Source.model_validate(
        {
            "name": "shop",
            "title": "Shop",
            "description": "For tests.",
            "owner": "tests",
            "expected_every_hours": 24,
            "tables": [settings | table],
        }
    )


LISTED = """# ours
sources:
  - name: raw  # as delivered
    schema: raw
    tables:
      - name: shop_orders
        description: >
          One row per delivered order,
          folded.

      # kept for later
  - name: state
    tables:
      - name: people
"""


def tables(text: str, source: str) -> list[str]:
    listed = next(item for item in yaml.safe_load(text)["sources"] if item["name"] == source)
    return [table["name"] for table in listed["tables"]]


def test_new_raw_tables_follow_the_last_one_and_all_other_text_stays():
    text = with_raw_tables(LISTED, make_source())
    added = "      - name: shop_people\n        description: One row per delivered person.\n"
    assert text.replace(added, "", 1) == LISTED
    assert tables(text, "raw") == ["shop_orders", "shop_people"]
    assert tables(text, "state") == ["people"]
    assert with_raw_tables(text, make_source()) == text


def test_the_shipped_list_is_left_as_it_is_when_nothing_is_new(tmp_path):
    plain = LISTED.rstrip("\n")
    assert with_raw_tables(plain, make_source()).startswith("# ours")
    end = LISTED.split("  - name: state")[0].split("\n\n")[0]  # ends with the last table, without a line feed
    assert tables(with_raw_tables(end, make_source()), "raw") == ["shop_orders", "shop_people"]


def test_a_file_without_raw_tables_is_refused():
    with pytest.raises(ScaffoldRefused, match="lists no tables"):
        with_raw_tables("sources: []\n", make_source())


@pytest.mark.parametrize(
    "text", ["yes", "null", "1.5", "a: b", "a, b", "'quoted'", "# x", "ends:", "É", "line\nfeed", "{x}", "- x", "", "50%"]
)  # fmt: skip
def test_every_text_reads_back_as_itself_in_yaml(text):
    assert yaml.safe_load(f"{{key: {scalar(text)}}}") == {"key": text}
    assert yaml.safe_load(f"key: {scalar(text)}") == {"key": text}


def people(name: str, columns: list[object], **table: object):
    source = make_source(name=name, columns=columns, required=[columns[0]], **table)
    return plan_columns(source, source.tables[0])


def test_a_list_of_people_is_told_from_what_only_names_them():
    members = people("members", ["Card", {"name": "Email", "type": "email"}], load="upsert", keys=["Card"])
    assert is_list_of_people(members)
    assert "record_columns(\n        'shop_members', 'card', email='email'" in delivered_select(members)
    orders = people(
        "orders",
        ["Order", {"name": "Placed", "type": "date"}, {"name": "Email", "type": "email"}],
        load="upsert",
        keys=["Order"],
    )
    assert not is_list_of_people(orders)
    select = delivered_select(orders)
    assert "'shop_orders', record_key('record_id')" in select
    assert "newest_of(ref('stg_shop__orders'), 'placed_date')" in select
