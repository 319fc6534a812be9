"""Any table, written by anybody's writer in any dialect and encoding, comes back equal or is refused with a reason.

`make soak` looks at many more tables, and others each time.
"""

from __future__ import annotations

import csv
import io
import os
from functools import partial

import pandas as pd
import xlsxwriter
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

HEADER = ["Key", "Name", "Note"]
EXAMPLES = 1000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 30
ANY_TABLE = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# what has broken readers before, beside any characters at all
ODD = [
    "",
    '"',
    '""',
    "'",
    "a,b",
    "a;b",
    "a|b",
    "\t",
    "a\nb",
    "\r",
    "a\r\nb",
    " x ",
    "NULL",
    "\\N",
    "\\",
    '\\"',
    "#",
    "=1",
]
ODD += [
    "é",
    "€",
    "\u00a0",
    "\ufeff",
    "\x85",
    "\u2028",
    "0044",
    "1,5",
    "1e3",
    "nan",
    "true",
    "😀",
    "\x1f",
    "_x0041_",
]
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
CELL = st.sampled_from(ODD) | st.text(CHARACTERS, max_size=6)
TABLE = st.lists(st.tuples(st.integers(0, 10**9).map(str), CELL, CELL), max_size=6)

DELIMITER = st.sampled_from([",", ";", "\t", "|"])
ENCODING = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])


def check(ground, rows) -> None:
    """Loaded equal (an empty cell is NULL), or told: refused with a reason, or rejected with a reason."""
    report = ground.load()
    (result,) = report.files
    assert result.rows_in_file == result.rows_loaded + result.rows_rejected
    if result.status == "refused":
        assert result.message.endswith(".") and ground.rows() == []
        return
    rejected = ground.ask("select row_number, reason from raw.rejected_rows")
    assert all(reason for _, reason in rejected)
    expected = {n: tuple(cell or None for cell in row) for n, row in enumerate(rows, start=1)}
    for number, _ in rejected:
        expected.pop(number)
    assert {number: tuple(row) for number, *row in ground.rows("_row, key, name, note")} == expected


def encode(text: str, encoding: str, *, told: bool) -> bytes:
    try:
        content = text.encode(encoding)
    except UnicodeEncodeError:
        reject()
    if encoding == "cp1252" and not told and not text.isascii():
        assume(not is_utf8(content))  # nobody can tell `Ã©` in the one from `é` in the other
    return content


def is_utf8(content: bytes) -> bool:
    try:
        return bool(content.decode())
    except UnicodeDecodeError:
        return False


def declare(ground, *, told: bool, encoding: str, **dialect) -> None:
    ground.ask("drop schema if exists raw cascade")
    if told or encoding == "latin-1":
        dialect["encoding"] = encoding
    if not told:
        del dialect["delimiter"]
    ground.declare(required=["Key"], columns=HEADER, csv=dialect)


@ANY_TABLE
@given(
    rows=TABLE,
    delimiter=DELIMITER,
    quote=st.sampled_from(['"', "'"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE]),
    escaped=st.booleans(),
    encoding=ENCODING,
    told=st.booleans(),
)
def test_tables_written_by_pythons_csv_module(
    memory_ground, rows, delimiter, quote, end, quoting, escaped, encoding, told
):
    text = io.StringIO()
    how = {
        "delimiter": delimiter,
        "quotechar": quote,
        "quoting": quoting,
        "doublequote": not escaped,
        "escapechar": "\\" if escaped else None,
    }
    try:
        csv.writer(text, lineterminator=end, **how).writerows([HEADER, *rows])
    except csv.Error:  # this dialect cannot say it
        reject()
    assume(reads_back(text.getvalue(), rows, **how))
    declare(
        memory_ground,
        told=told,
        encoding=encoding,
        delimiter=delimiter,
        quote="none" if quoting == csv.QUOTE_NONE else quote,
        escape="\\" if escaped else None,
    )
    memory_ground.deliver("people.csv", encode(text.getvalue(), encoding, told=told))
    check(memory_ground, rows)


def reads_back(text: str, rows, **how) -> bool:
    """Whether the module that wrote the text understands it itself: it leaves a lone line end unquoted, for one."""
    if how["quoting"] != csv.QUOTE_NONE:
        how["quoting"] = csv.QUOTE_MINIMAL
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True, **how))[1:] == [
            list(row) for row in rows
        ]
    except csv.Error:
        return False


@ANY_TABLE
@given(
    rows=TABLE,
    delimiter=DELIMITER,
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=ENCODING,
    told=st.booleans(),
    packed=st.sampled_from([None, "gzip", "zip"]),
)
def test_tables_written_by_pandas(memory_ground, rows, delimiter, end, quoting, encoding, told, packed):
    frame = pd.DataFrame(rows, columns=HEADER, dtype="str")
    text = frame.to_csv(sep=delimiter, index=False, lineterminator=end, quoting=quoting)
    assume(reads_back(text, rows, delimiter=delimiter, quoting=quoting))
    content = encode(text, encoding, told=told)
    declare(memory_ground, told=told, encoding=encoding, delimiter=delimiter)
    path = memory_ground.deliver("people.csv", content)
    if packed:
        frame.to_csv(
            path,
            sep=delimiter,
            index=False,
            lineterminator=end,
            quoting=quoting,
            encoding=encoding,
            compression={"method": packed},
        )
    check(memory_ground, rows)


@ANY_TABLE
@given(rows=TABLE, in_memory=st.booleans(), as_numbers=st.booleans())
def test_tables_written_by_an_excel_writer(memory_ground, rows, in_memory, as_numbers):
    memory_ground.ask("drop schema if exists raw cascade")
    memory_ground.declare(format="xlsx", required=["Key"], columns=HEADER)
    path = memory_ground.deliver("people.xlsx", b"")
    with xlsxwriter.Workbook(path, {"constant_memory": in_memory}) as workbook:
        page = workbook.add_worksheet()
        page.write_row(0, 0, HEADER)
        for number, (key, *texts) in enumerate(rows, start=1):
            page.write(number, 0, int(key) if as_numbers else key)
            for place, text in enumerate(texts, start=1):
                page.write_string(number, place, text)
    check(memory_ground, rows)


@ANY_TABLE
@given(rows=TABLE)
def test_tables_written_by_pandas_as_a_workbook_and_as_parquet(memory_ground, rows):
    frame = pd.DataFrame(rows, columns=HEADER, dtype="str")
    as_text = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
    to_excel = partial(frame.to_excel, engine="xlsxwriter", engine_kwargs=as_text)
    for form, write in {"xlsx": to_excel, "parquet": frame.to_parquet}.items():
        memory_ground.ask("drop schema if exists raw cascade")
        memory_ground.declare(files=[f"people.{form}"], format=form, required=["Key"], columns=HEADER)
        path = memory_ground.deliver(f"people.{form}", b"")
        write(path, index=False)
        check(memory_ground, rows)
