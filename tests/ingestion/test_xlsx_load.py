"""Excel: every cell as text, real dates as ISO, and workbooks that are none are refused."""

from __future__ import annotations

import datetime as dt
import zipfile

import pytest
import xlsxwriter

from ingestion import archives

HEADER = ["Card No", "Name", "Born"]


@pytest.fixture
def cards(ground):
    ground.declare(
        files=["people*.xlsx"], format="xlsx", sheets=["Members"], required=HEADER[:2], columns=HEADER
    )
    return ground


def write(ground, rows, sheet="Members", name="people.xlsx"):
    path = ground.deliver(name, b"")
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        page = workbook.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return path


def test_cells_become_the_text_a_person_reads(cards):
    write(
        cards,
        [
            HEADER,
            [1001, "Smith, Anna", dt.date(1984, 10, 3)],
            ["0044", "  ", "3.10.1984"],
            [None, None, None],
            [1.5, True, dt.datetime(2026, 1, 2, 3, 4, 5)],
            [447700900123, "Ωmega", None],
        ],
    )
    cards.load()
    assert cards.rows("card_no, name, born, _row") == [
        ("1001", "Smith, Anna", "1984-10-03", 1),
        ("0044", "  ", "3.10.1984", 2),
        ("1.5", "true", "2026-01-02 03:04:05", 3),
        ("447700900123", "Ωmega", None, 4),
    ]
    assert cards.ledger() == [("shop/people.xlsx", "loaded", 4, 4, 0)]


def test_a_preamble_and_cells_without_a_header(ground):
    ground.declare(files=["*.xlsx"], format="xlsx", skip=2, required=["Name"], columns=["Name"])
    write(ground, [["Members of the club"], [], ["Name", "", "Note"], ["Ann", "stray", "x"], ["Bob", "", ""]])
    ground.load()
    assert ground.rows("name, unnamed, note") == [("Ann", "stray", "x"), ("Bob", None, None)]


def test_mistyped_rows_are_rejected_with_their_row_in_the_sheet(ground):
    columns = ["Card No", "Name", {"name": "Born", "type": "date"}]
    ground.declare(files=["*.xlsx"], format="xlsx", required=["Name"], columns=columns)
    write(ground, [HEADER, [1, "a", dt.date(2000, 1, 1)], [], [2, "b, c", "soon"]])
    ground.load()
    assert ground.rejects() == [(4, "Born", "'soon' is not a date", '2,"b, c",soon')]


def test_workbooks_that_are_refused(cards):
    write(cards, [HEADER], sheet="Member")
    assert "has no sheet 'Members'; found 'Member', the nearest is 'Member'" in cards.refusal()
    write(cards, [["Card Nr", "Name"]])
    assert "has no column 'Card No'. The nearest is 'Card Nr'" in cards.load().files[0].message
    cards.deliver("people.xlsx", b"PK\x03\x04 not a workbook")
    assert "is not a readable workbook" in cards.load().files[0].message
    cards.deliver("people.xlsx", b"")
    assert "is empty" in cards.load().files[0].message
    write(cards, [])
    assert "has no header" in cards.load().files[0].message


def write_sheets(ground, sheets, name="people.xlsx"):
    path = ground.deliver(name, b"")
    with xlsxwriter.Workbook(path) as workbook:
        for title, rows in sheets.items():
            page = workbook.add_worksheet(title)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)


def test_several_sheets_are_one_delivery(ground):
    columns = ["Card No", "Name", {"name": "Born", "type": "date"}]
    ground.declare(format="xlsx", sheets=["Members 20*", "Staff"], required=["Name"], columns=columns)
    write_sheets(
        ground,
        {
            "About": [["not", "this"]],
            "Members 2025": [HEADER, ["1", "a", "2000-01-01"]],
            "Members 2026": [["Name", "Card No", "Tier"], ["b", "2", "gold"], [], ["c", "3", ""]],
            "Members 2027": [],
            "Staff": [HEADER, ["4", "d", "soon"]],
        },
    )
    report = ground.load()
    assert ground.rows("card_no, name, born, tier, _row") == [
        ("1", "a", "2000-01-01", None, 1),
        ("2", "b", None, "gold", 2),
        ("3", "c", None, None, 3),
    ]
    assert ground.rejects() == [(2, "Born", "'soon' is not a date", "Staff: 4,d,soon")]
    assert report.files[0].message == "new columns: tier"
    assert ground.ledger() == [("shop/people.xlsx", "loaded", 4, 3, 1)]


def test_a_sheet_with_another_header_refuses_the_workbook(ground):
    ground.declare(format="xlsx", sheets=["*"], required=["Name"], columns=["Name"])
    write_sheets(ground, {"A": [["Name"], ["a"]], "B": [["Nmae"], ["b"]]})
    assert "has no column 'Name'. The nearest is 'Nmae'" in ground.refusal()


def test_a_hidden_sheet_is_not_the_first(ground):
    ground.declare(format="xlsx", required=["Name"], columns=["Name"])
    path = ground.deliver("people.xlsx", b"")
    with xlsxwriter.Workbook(path) as workbook:
        hidden, shown = workbook.add_worksheet("Lists"), workbook.add_worksheet("People")
        hidden.hide()
        shown.activate()
        shown.set_first_sheet()
        shown.write_column(0, 0, ["Name", "a"])
        shown.write_formula(2, 0, "=1/0", None, "#DIV/0!")
        shown.write_string(2, 1, "x")
    report = ground.load()
    assert ground.rows("name") == [("a",), (None,)]
    assert "1 cells with formula errors, read as empty" in report.files[0].message


def test_open_document_sheets_are_read_too(ground):
    cell = "<table:table-cell office:value-type='string'><text:p>{}</text:p></table:table-cell>".format
    rows = "".join(
        f"<table:table-row>{''.join(map(cell, row))}</table:table-row>"
        for row in [("Name", "Note"), ("Zoë", "x")]
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f"<?xml version='1.0' encoding='UTF-8'?><office:document-content {spaces}><office:body><office:spreadsheet>"
        f"<table:table table:name='People'>{rows}</table:table></office:spreadsheet></office:body>"
        f"</office:document-content>"
    )
    ground.declare(files=["people.ods"], format="xlsx", required=["Name"], columns=["Name"])
    with zipfile.ZipFile(ground.deliver("people.ods", b""), "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest:manifest xmlns:manifest='urn:x'/>")
        archive.writestr("content.xml", content)
    ground.load()
    assert ground.rows("name, note") == [("Zoë", "x")]


def test_a_workbook_that_would_fill_the_memory_is_refused(ground, monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS_BYTES", 1 << 20)
    ground.declare(files=["people.xlsx"], format="xlsx", required=["Name"], columns=["Name"])
    with zipfile.ZipFile(ground.deliver("people.xlsx", b""), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(4 << 20))
    assert "unpacks to more than 250 times its size" in ground.refusal()
