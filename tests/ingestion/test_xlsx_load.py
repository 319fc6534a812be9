"""Excel: every cell as text, real dates as ISO, and workbooks that are none are refused."""

from __future__ import annotations

import datetime as dt

import pytest
import xlsxwriter

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
        ("0044", None, "3.10.1984", 2),
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
    assert "is not a readable Excel workbook" in cards.load().files[0].message
    cards.deliver("people.xlsx", b"")
    assert "is empty" in cards.load().files[0].message
    write(cards, [])
    assert "has no header" in cards.load().files[0].message
