"""Delimited text in the dialects and encodings businesses have: what is declared, and what the file itself tells."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from .conftest import make_source

ROWS = [("1", "O'Neil | Zoë", "2026-01-02"), ("2", 'a "b", c; d', None)]


@pytest.mark.parametrize("delimiter", ["|", "\t", ";", ","])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("declared", [True, False])
def test_delimiters_and_quotes(ground, delimiter, quote, declared):
    ground.declare(csv={"quote": quote} | ({"delimiter": delimiter} if declared else {}))
    lines = [("Id", "Name", "Joined"), *ROWS]
    text = "".join(
        delimiter.join(f"{quote}{(cell or '').replace(quote, quote * 2)}{quote}" for cell in line) + "\r\n"
        for line in lines
    )
    ground.deliver("people.csv", text)
    report = ground.load()
    assert ground.rows("id, name, joined") == ROWS
    words = {"|": "separated by bars", "\t": "separated by tabs", ";": "separated by semicolons", ",": ""}
    assert report.files[0].message == ("" if declared else words[delimiter])


def test_without_quotes_a_quote_is_a_letter(ground):
    ground.declare(csv={"quote": "none"})
    ground.deliver("people.csv", 'Id,Name,Joined\n1,"a,\n2,b"c",2026-01-01\n3,"a,b",x\n')
    ground.load()
    assert ground.rows("id, name, joined") == [("1", '"a', None), ("2", 'b"c"', "2026-01-01")]
    assert ground.rejects() == [(4, None, "found 4 fields, expected 3", '3,"a,b",x')]


def test_comment_lines_are_no_rows_but_a_comment_sign_within_one_is_text(ground):
    ground.declare(skip=1, csv={"comment": "#"})
    ground.deliver(
        "people.csv",
        '#1\n# exported "today\nId,Name,Joined\n# a, b\n1,no # comment,\n2,"two\n# lines",\n# end\nx,c,\n',
    )
    ground.load()
    assert ground.rows("id, name, _row") == [("1", "no # comment", 1), ("2", "two\n# lines", 2)]
    assert ground.rejects() == [(9, "Id", "'x' is not an integer", "x,c,")]


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("iso-8859-15", "iso-8859-15"),
        ("latin-1", "latin-1"),
        ("mac-roman", "mac-roman"),
        ("shift_jis", "shift_jis"),
        ("utf-16", "utf-16"),
        ("utf-16", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-8", "utf-8-sig"),
        ("cp1252", "utf-8-sig"),
        (None, "utf-32"),
    ],
)
def test_a_declared_encoding_counts_unless_a_mark_says_otherwise(ground, encoding, written):
    name = "カナ" if written == "shift_jis" else "Zoë"
    ground.declare(csv={"encoding": encoding})
    ground.deliver("people.csv", f"Id,Name,Joined\n1,{name},\n2,b,\n".encode(written))
    ground.load()
    assert ground.rows("id, name") == [("1", name), ("2", "b")]


def test_latin_9_has_the_euro_where_windows_has_none(ground):
    content = "Id,Name,Joined\n1,€ Œuvre,\n".encode("iso-8859-15")
    ground.declare(csv={"encoding": "iso-8859-15"})
    ground.deliver("people.csv", content)
    assert ground.load().files[0].message == "read as iso-8859-15"
    assert ground.rows("name") == [("€ Œuvre",)]


def test_a_byte_without_meaning_costs_its_row(ground):
    ground.declare(csv={"encoding": "windows-1252"})
    ground.deliver("people.csv", b"Id,Name,Joined\n1,caf\xe9,\n2,x\x81\x8dy,\n3,c,\n")
    ground.load()
    assert ground.rows("name") == [("café",), ("c",)]
    assert ground.rejects() == [(3, "Name", "is not valid Windows-1252", "2,x\\x81\\x8dy,")]


def test_utf8_is_not_guessed_away_when_it_is_declared(ground):
    ground.declare(csv={"encoding": "utf-8"})
    ground.deliver("people.csv", b"Id,Name,Joined\n1,caf\xe9,\n")
    ground.load()
    assert ground.rejects() == [(2, "Name", "is not valid UTF-8", "1,caf\\xe9,")]


def test_an_encoding_that_nobody_knows_is_an_error():
    with pytest.raises(ValidationError, match="is no text encoding"):
        make_source(csv={"encoding": "windows-1525"})


def test_line_ends_of_old_macs_stay_in_quoted_values(ground):
    ground.deliver("people.csv", 'Id,Name,Joined\r1,"a\rb",\r2,c,\r')
    ground.load()
    assert ground.rows("id, name") == [("1", "a\rb"), ("2", "c")]


def test_numbers_in_german_and_in_swiss(ground):
    columns = ["Id", {"name": "Price", "type": "money"}, {"name": "Stock", "type": "integer"}]
    ground.declare(required=["Id"], columns=columns, csv={"decimal": ",", "delimiter": ";"})
    ground.deliver("people.csv", "Id;Price;Stock\n1;1.234,50;1.000\n2;-1'234,5 €;12\n3;1,234.50;1\n4;x;2\n")
    ground.load()
    assert ground.rows("id") == [("1",), ("2",)]
    assert [reject[:2] for reject in ground.rejects()] == [(4, "Price"), (5, "Price")]


@pytest.mark.parametrize("stray", ["", "x,y\n"])
def test_empty_fields_beyond_the_header_are_no_loss_to_either_reader(ground, stray):
    ground.deliver("people.csv", "Id,Name,Joined\n1,a,,\n2,b,,,\n" + stray)
    ground.load()
    assert ground.rows("id, name, joined") == [("1", "a", None), ("2", "b", None)]


@pytest.mark.parametrize("first", ["\n", "\r\n"])
def test_line_ends_that_change_on_the_way(ground, first):
    other = "\r\n" if first == "\n" else "\n"
    ground.declare(columns=["Id", "Name", "Joined"])
    ground.deliver(
        "people.csv", first.join(["Id,Name,Joined", "1,a,x", ""]) + other.join(["2,b,y", "3,c,z", ""])
    )
    ground.load()
    assert ground.rows("id, name, joined") == [("1", "a", "x"), ("2", "b", "y"), ("3", "c", "z")]
