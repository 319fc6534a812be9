"""What is guessed from files as people hand them in, and what is refused with a sentence."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
import yaml

from ingestion.declarations import Source
from ingestion.errors import ScaffoldRefused
from ingestion.scaffolding import evidence
from ingestion.scaffolding.drafts import draft_yaml
from ingestion.scaffolding.profiling import Draft, Options, profile
from ingestion.scaffolding.roles import plan_columns

from .odd_files import write_odd_club, write_odd_spreadsheet


def guess(*files: Path, **options: str) -> Draft:
    return profile("shop", files, Options(**options))


def types(draft: Draft, table: int = 0) -> dict[str, str]:
    return {column.name: column.type for column in draft.source.tables[table].columns}


def write_csv(path: Path, header: list[str], rows: list[list[object]], *, delimiter: str = ",", encoding: str = "utf-8", above: str = "") -> Path:  # fmt: skip
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(above)
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def test_a_spreadsheet_kept_by_hand_in_another_country(tmp_path):
    draft = guess(write_odd_spreadsheet(tmp_path / "Kunden Nord 2026-10.xlsx"), region="DE")
    table = draft.source.tables[0]
    assert (table.skip, table.sheets, table.csv.decimal, table.files) == (3, ("Filiale Nord",), ",", ("Kunden Nord*.xlsx",))  # fmt: skip
    assert (table.load, table.keys, table.leave_out) == (
        "upsert",
        ("Kunden-Nr.",),
        {"Kunden-Nr.": ("Summe",)},
    )
    assert draft.source.currency == "EUR"
    assert types(draft) == {
        "Kunden-Nr.": "text",
        "Name": "name",
        "E-Mail": "email",
        "Telefon": "phone",
        "Geburts-datum": "date",
        "Kunde seit": "date",
        "Umsatz (EUR)": "money",
        "Bestellungen": "integer",
        "Telefon 2": "text",
        "News-letter": "boolean",
        "Bemerkung": "text",
    }
    assert (draft.report.rows_loaded, draft.report.rows_rejected) == (61, 0)


def test_a_list_kept_over_years_with_cells_of_every_kind(tmp_path):
    draft = guess(write_odd_club(tmp_path / "Socios TIENDA (v3) FINAL.xlsx"), region="ES")
    table = draft.source.tables[0]
    assert (table.name, table.sheets, table.skip, table.csv.decimal) == ("socios", ("Socios 2026",), 4, ",")
    assert (table.keys, table.leave_out) == (
        ("Nº Socio (tarjeta)",),
        {"Nº Socio (tarjeta)": ("TOTAL",)},
    )
    assert types(draft) == {
        "Nº Socio (tarjeta)": "text",
        "Apellidos, Nombre": "name",
        "Correo electrónico": "email",
        "Móvil": "phone",
        "C.P.": "postcode",
        "F. nac.": "date",
        "Alta": "date",
        "Última compra": "date",
        "Gasto total": "money",
        "¿Newsletter?": "boolean",
        "Nivel": "category",
        "obs.": "text",
    }
    assert list(table.raw_columns)[:4] == [
        "no_socio_tarjeta",
        "apellidos_nombre",
        "correo_electronico",
        "movil",
    ]
    assert (draft.source.currency, draft.report.rows_loaded, draft.report.rows_rejected) == ("EUR", 61, 0)
    staged = {column.name for column in plan_columns(draft.source, table).staged}
    assert staged >= {"name_raw", "first_name", "last_name", "birth_date", "postcode", "gasto_total_amount"}


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        (["Nombre", "Apellidos"], {"first_name": "nombre", "last_name": "apellidos"}),
        (["Nombre"], {"full_name": "nombre"}),
        (["Nom", "Prénom"], {"first_name": "prenom", "last_name": "nom"}),
        (["Nom"], {"full_name": "nom"}),
        (["Vorname"], {"first_name": "vorname"}),
        (["Apellidos y nombre"], {"full_name": "apellidos_y_nombre"}),
        (["Vor-/Nachname"], {"full_name": "vor_nachname"}),
        (["Vor- und Zuname"], {"full_name": "vor_und_zuname"}),
        (["Name, Vorname"], {"full_name": "name_vorname"}),
        (["Name", "Vorname"], {"first_name": "vorname", "last_name": "name"}),
    ],
)
def test_halves_of_names_are_told_from_whole_ones(header, parts):
    columns = ["Nr", *({"name": name, "type": "name"} for name in header)]
    declared = {
        "name": "list",
        "description": "People.",
        "files": ["l*"],
        "format": "csv",
        "required": ["Nr"],
    }
    source = Source.model_validate({
        "name": "club", "title": "Club", "description": "People.", "owner": "tests", "expected_every_hours": 1,
        "tables": [{**declared, "columns": columns}],
    })  # fmt: skip
    found = plan_columns(source, source.tables[0]).parts
    assert {part: found.get(part) for part in (*parts, "full_name")} == {"full_name": None, **parts}


def test_the_draft_says_what_supports_each_guess_and_reads_back_as_it_was_meant(tmp_path):
    draft = guess(write_odd_spreadsheet(tmp_path / "Kunden.xlsx"))
    text = draft_yaml(draft)
    assert Source.model_validate(yaml.safe_load(text)) == draft.source
    assert "type: email}  # 54 of 54 are addresses" in text
    assert "# all 60 rows have one, all different" in text
    assert "person1@" not in text and "Smith" not in text  # nobody's data in a file that is committed


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_delimiters_encodings_and_lines_above_the_header(tmp_path, delimiter, encoding):
    rows = [[f"C{n}", f"Müller {n}", n * 3, f"{n}.50"] for n in range(1, 30)]
    path = write_csv(
        tmp_path / "export.csv", ["Customer ID", "Name", "Points", "Spent"], rows,
        delimiter=delimiter, encoding=encoding, above="Report of 1 May\r\n\r\n",
    )  # fmt: skip
    draft = guess(path)
    assert types(draft) == {"Customer ID": "text", "Name": "text", "Points": "integer", "Spent": "money"} | {
        "Name": types(draft)["Name"]
    }
    assert draft.source.tables[0].skip == 2
    assert draft.report.rows_loaded == 29


def dates(form: str, count: int = 60) -> list[str]:
    return [(date(2026, 1, 1) + timedelta(days=5 * n)).strftime(form) for n in range(count)]


@pytest.mark.parametrize(
    ("values", "kind", "formats"),
    [
        (dates("%d/%m/%Y"), "date", ("%d/%m/%Y",)),
        (dates("%m/%d/%Y"), "date", ("%m/%d/%Y",)),
        (dates("%d.%m.%Y"), "date", ("%d.%m.%Y",)),
        (dates("%d.%m.%y"), "date", ("%d.%m.%y",)),
        (dates("%d %b %Y"), "date", ("%d %b %Y",)),
        (dates("%Y-%m-%d"), "date", ("%Y-%m-%d",)),
        (dates("%Y-%m-%d", 30) + dates("%d.%m.%Y", 30), "date", ("%Y-%m-%d", "%d.%m.%Y")),
        (dates("%Y-%m-%d 09:30:00"), "timestamp", ("%Y-%m-%d %H:%M:%S",)),
        (dates("%d/%m/%Y 09:30"), "timestamp", ("%d/%m/%Y %H:%M",)),
        (dates("%m/%d/%Y 09:30 PM"), "timestamp", ("%m/%d/%Y %I:%M %p",)),
        (dates("%Y-%m-%dT09:30:00Z"), "timestamp", ()),
        (dates("%Y-%m-%dT09:30:00+02:00"), "timestamp", ()),
    ],
)
def test_dates_and_times_by_their_own_spelling(tmp_path, values, kind, formats):
    path = write_csv(tmp_path / "x.csv", ["Code", "Seen"], [[f"C{n}", v] for n, v in enumerate(values)])
    column = guess(path).source.tables[0].columns[1]
    assert (column.type, column.formats) == (kind, formats)


def test_a_day_that_could_be_a_month_is_said_to_be_in_doubt(tmp_path):
    path = write_csv(tmp_path / "x.csv", ["Code", "Seen"], [[f"C{n}", f"0{n}/02/2026"] for n in range(1, 9)])
    assert guess(path).source.tables[0].columns[1].formats == ("%d/%m/%Y",)
    american = guess(path, region="US")
    assert american.source.tables[0].columns[1].formats == ("%m/%d/%Y",)
    assert "day first would fit as well" in draft_yaml(american)


def test_dates_that_are_mostly_dates_stay_text_so_that_no_row_is_lost(tmp_path):
    values = [*dates("%d.%m.%Y", 50), *["spring"] * 10]
    path = write_csv(tmp_path / "x.csv", ["Code", "Seen"], [[f"C{n}", v] for n, v in enumerate(values)])
    draft = guess(path)
    assert types(draft)["Seen"] == "text"
    assert "kept as text" in draft_yaml(draft)
    assert draft.report.rows_rejected == 0


def test_numbers_that_are_names_of_things_stay_text(tmp_path):
    rows = [[f"{n:05}", 4006381333900 + n, f"{n % 9}{n:04}", n % 5] for n in range(40)]
    draft = guess(write_csv(tmp_path / "x.csv", ["Article No", "EAN", "PLZ", "Stock"], rows))
    assert types(draft) == {"Article No": "text", "EAN": "text", "PLZ": "postcode", "Stock": "integer"}


def test_two_columns_together_are_a_key_where_none_is_alone(tmp_path):
    rows = [[f"O{n // 3}", f"SKU{n % 3}", n] for n in range(60)]
    table = guess(write_csv(tmp_path / "x.csv", ["Order No", "SKU", "Qty"], rows)).source.tables[0]
    assert (table.keys, table.load) == (("Order No", "SKU"), "upsert")


def test_rows_without_a_key_are_only_added(tmp_path):
    rows = [["page view", n % 4] for n in range(60)]
    table = guess(write_csv(tmp_path / "x.csv", ["Event", "Times"], rows)).source.tables[0]
    assert (table.keys, table.load) == ((), "append")


def test_the_column_that_says_when_a_row_changed(tmp_path):
    rows = [[f"C{n}", "2026-01-01", f"2026-02-{n % 28 + 1:02}"] for n in range(30)]
    path = write_csv(tmp_path / "x.csv", ["Id", "Created", "Last modified"], rows)
    assert guess(path).source.tables[0].cursor == "Last modified"


def test_json_lines_documents_and_parquet(tmp_path):
    people = [
        {"customerId": f"c{n}", "email": f"p{n}@mail.example.com", "address": {"city": "Leith"}, "active": n % 2 == 0}
        for n in range(30)
    ]  # fmt: skip
    (tmp_path / "people.jsonl").write_text("".join(json.dumps(person) + "\n" for person in people))
    (tmp_path / "answer.json").write_text(
        json.dumps({"meta": {"page": 1}, "data": {"customers": people}}, indent=1)
    )
    pq.write_table(pa.Table.from_pylist(people), tmp_path / "people.parquet")
    expected = {"customerId": "text", "email": "email", "address": "json", "active": "boolean"}
    for name, kind, records in (
        ("people.jsonl", "jsonl", ""),
        ("answer.json", "json", "data.customers"),
        ("people.parquet", "parquet", ""),
    ):
        draft = guess(tmp_path / name)
        table = draft.source.tables[0]
        assert (types(draft), table.format, table.records) == (expected, kind, records)
        assert table.keys == ("customerId",)


def test_sheets_with_the_same_columns_are_one_table_and_others_their_own(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "branches.xlsx")) as workbook:
        for name in ("Leith", "Portobello"):
            sheet = workbook.add_worksheet(name)
            for row, values in enumerate(
                [("Card No", "Name"), *((f"{name}{n}", "Anna Smith") for n in range(9))]
            ):
                sheet.write_row(row, 0, values)
        sheet = workbook.add_worksheet("Prices")
        for row, values in enumerate([("SKU", "Price"), *((f"S{n}", n + 0.5) for n in range(9))]):
            sheet.write_row(row, 0, values)
    draft = guess(tmp_path / "branches.xlsx")
    assert [table.sheets for table in draft.source.tables] == [("Leith", "Portobello"), ("Prices",)]
    assert draft.report.rows_loaded == 27


def test_several_files_are_several_tables_and_editions_of_one_are_one(tmp_path):
    for month in ("01", "02"):
        write_csv(
            tmp_path / f"orders-2026-{month}.csv",
            ["Order No", "Total"],
            [[f"{month}{n}", n] for n in range(9)],
        )
    write_csv(tmp_path / "stock.csv", ["SKU", "Left"], [[f"S{n}", n] for n in range(9)])
    draft = guess(*sorted(tmp_path.glob("*.csv")))
    assert [(table.name, table.files) for table in draft.source.tables] == [
        ("orders", ("orders*.csv",)),
        ("stock", ("stock*.csv",)),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"1,2,3\n4,5,6\n7,8,9\n", "no row that reads like a header"),
        (b"Id,Name\n", "no row that reads like a header"),
        (b"{\"a\": 1, \"b\": [}", "does not parse"),
        (b"{\"a\": 1,\n \"b\": 2}", "without a list of objects"),
        (b"PK\x03\x04broken", "not a readable Excel workbook"),
        (b"PAR1broken", "does not parse"),
    ],
)  # fmt: skip
def test_what_cannot_be_guessed_from_is_refused_with_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "odd.bin"
    path.write_bytes(content)
    with pytest.raises(ScaffoldRefused, match=f"^odd.bin .*{sentence}"):
        guess(path)


def test_packed_exports(tmp_path):
    plain = write_csv(tmp_path / "points-2026-01.csv", ["Id", "Points"], [[f"C{n}", n] for n in range(9)])
    packed = tmp_path / "points-2026-01.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    archive = tmp_path / "night 2026-01-02.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(plain, "export/points-2026-01.csv")
    for path, pattern in ((packed, "points*.csv"), (archive, "night*.zip/export/points*.csv")):
        draft = guess(path)
        assert types(draft) == {"Id": "text", "Points": "integer"}
        assert draft.source.tables[0].files == (pattern,)
        assert draft.report.rows_loaded == 9


def test_a_column_with_more_values_than_are_looked_at_is_judged_by_those(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "LOOKED_AT", 50)
    rows = [[f"O{n}", f"+44 7700 900{n:03}", f"{n}.50"] for n in range(400)]
    draft = guess(write_csv(tmp_path / "x.csv", ["Order No", "Phone", "Total"], rows))
    assert types(draft) == {"Order No": "text", "Phone": "phone", "Total": "money"}
    assert "50 of 50 look like telephone numbers" in draft_yaml(draft)


def test_sums_below_each_of_several_files_are_no_records(tmp_path):
    for month in (1, 2):
        rows = [*([f"{month}{n}", n, f"£{n}.50"] for n in range(9)), ["Total", 36, "£40.50"]]
        write_csv(tmp_path / f"sales-{month}.csv", ["Receipt No", "Items", "Total"], rows)
    draft = guess(*sorted(tmp_path.glob("*.csv")))
    assert draft.source.tables[0].leave_out == {"Receipt No": ("Total",)}
    assert draft.source.tables[0].keys == ("Receipt No",)
    assert "all 18 rows have one, all different" in draft_yaml(draft)
