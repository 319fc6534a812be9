"""Declarations: the shipped ones are complete, and mistakes are explained with file, place and nearest key."""

from __future__ import annotations

import pytest

from ingestion.declarations import read_source, read_sources
from ingestion.errors import DeclarationError
from ingestion.loader import load
from ingestion.naming import column_name, column_names, key_column_name

from .conftest import LOADED_AT

GOOD = """
name: shop
title: Shop
description: A shop.
owner: somebody
expected_every_hours: 24
tables:
  - name: people
    description: One row per person.
    files: ["people*.csv"]
    format: csv
    required: [Id]
    columns: [Id, {name: Joined, type: date}]
"""


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (("owner:", "onwer:"), "onwer: unknown key, did you mean `owner`?"),
        (("    format: csv", "    fromat: csv"), "tables.0.fromat: unknown key, did you mean `format`?"),
        (
            ("format: csv", "format: avro"),
            "tables.0.format: Input should be 'csv', 'jsonl', 'json', 'xlsx' or 'parquet'",
        ),
        (
            ("required: [Id]", "required: [Nr]"),
            "`required` names the column 'Nr', which is not among the columns",
        ),
        (("name: shop", "name: store"), "declares a source named 'store'"),
        (("tables:", "tables: ["), "shop.yml is not valid YAML"),
        (
            ("    columns: [Id, {name: Joined, type: date}]", "    columns: [Id, {nam: x}]"),
            "did you mean `name`?",
        ),
    ],
)
def test_mistakes_are_explained(tmp_path, wrong, expected):
    path = tmp_path / "shop.yml"
    path.write_text(GOOD)
    assert read_source(path).name == "shop"
    path.write_text(GOOD.replace(*wrong))
    with pytest.raises(DeclarationError) as caught:
        read_source(path)
    assert expected in str(caught.value)
    assert "shop.yml" in str(caught.value)


def test_all_shipped_sources_make_their_tables_without_any_file(ground):
    sources = read_sources()
    report = load(ground.connection, ground.landing, sources, loaded_at=LOADED_AT)
    found = dict(
        ground.ask(
            "select table_name, list(column_name order by column_index) from duckdb_columns() "
            "where schema_name = 'raw' group by table_name having bool_or(column_name = '_file')"
        )
    )
    assert len(found) == len(report.not_delivered) == sum(len(source.tables) for source in sources) > 20
    for columns in found.values():
        assert columns[-4:] == ["_file", "_row", "_load_id", "_delivered_at"]
    assert found["google_ads_campaigns"][:-4] == [
        *("day", "campaign_id", "campaign", "campaign_type", "currency_code"),
        *("cost", "impr", "clicks", "conversions", "conv_value"),
    ]
    assert found["segment_events"][:-4] == [
        *("message_id", "type", "event", "name", "anonymous_id", "user_id", "timestamp", "sent_at"),
        *("received_at", "original_timestamp", "context", "properties", "traits"),
    ]


def test_column_names():
    assert column_name("Amount spent (GBP)") == "amount_spent_gbp"
    assert column_name("2nd  Line!") == "_2nd_line"
    assert column_name("¿?") == "unnamed"
    assert column_name("Última compra (€)") == column_name("U\u0301ltima compra") == "ultima_compra"
    assert column_name("Straße_Nº") == "strasse_no"
    assert column_name("Łódź ŻÓŁĆ") == "lodz_zolc"
    assert [column_name(header) for header in ("Имя", "Фамилия", "お名前", "이름")] == [
        "имя",
        "фамилия",
        "お名前",
        "이름",
    ]
    assert column_names(["Tag", "tag", "TAG"]) == ["tag", "tag_2", "tag_3"]
    assert key_column_name("messageId") == "message_id"
    assert key_column_name("UTMSource2Name") == "utmsource2_name"
