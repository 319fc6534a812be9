"""A stranger's path: CONTRIBUTING's steps for a spreadsheet nobody made for a machine, until its tests are green."""

from __future__ import annotations

from decimal import Decimal

import duckdb

STAGED = """
    select
        kunden_nr, record_id, first_name, last_name, email, phone, birth_date::varchar, umsatz_eur_amount, currency,
        bestellungen, is_news_letter
    from staging.stg_kunden__kunden_nord
    order by kunden_nr
"""


def test_a_spreadsheet_with_odd_headers_becomes_a_staged_and_tested_source(desk, odd_files):
    file = odd_files.write_odd_spreadsheet(desk.data_dir / "Kunden Nord 2026-10.xlsx")
    # 1 start from what you have
    added = desk.cdp("sources", "add", "kunden", "--from", str(file), "--region", "DE")
    assert "61 rows, 0 rejected" in added
    # 2 correct what was guessed, and make the staging anew
    declaration = desk.project / "ingestion/sources/kunden.yml"
    text = declaration.read_text()
    assert "One row per kunden nord." in text
    declaration.write_text(text.replace("One row per kunden nord.", "One row per customer of the branch."))
    desk.cdp("sources", "add", "kunden", "--force")
    assert "kunden_nr" in desk.cdp("sources", "preview", "kunden")
    # 3 load and build
    assert "61 rows loaded, 0 rejected" in desk.cdp("sources", "load", "kunden")
    built = desk.python("-m", "dbt.cli.main", "build", "--no-use-colors", "--select", "path:dbt_project/models/staging/kunden")  # fmt: skip
    assert built.returncode == 0, built.stdout[-4000:]
    assert "PASS=3 WARN=0 ERROR=0" in built.stdout
    assert "PASS stg_kunden__kunden_nord::kunden_kunden_nord_are_read_as_declared" in built.stdout
    # every customer, without the sum below, with what was written in another country's way
    with duckdb.connect(str(desk.data_dir / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute(STAGED).fetchall() == [expected(row) for row in odd_files.odd_rows()]
    # 4 the select for people lines up with the model
    assert "'kunden_kunden_nord', 'kunden_nr', first_name='first_name', last_name='last_name'" in added


def expected(row: list[str]) -> tuple[object, ...]:
    number, name, email, phone, born, _, revenue, orders, _, newsletter, *_ = row
    family, given = name.split(", ")
    day, month, year = born.split(".")
    return (
        number,
        f"kunden_kunden_nord:{number}",
        given,
        family,
        email or None,
        f"+49{phone.replace(' ', '')[1:]}",
        f"{year}-{int(month):02}-{int(day):02}",
        Decimal(revenue.replace(".", "").replace(",", ".")),
        "EUR",
        int(orders),
        newsletter == "ja",
    )
