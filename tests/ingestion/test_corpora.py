"""The corpora of bad input, every file through a source: no traceback, nothing lost, valid values as the corpus says."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

FIELDS = ["id", "text", "Other Text", "last"]


def test_csv_spectrum_values_compare_equal(memory_ground, corpora):
    ground, folder = memory_ground, corpora("csv_spectrum")
    for path in sorted((folder / "csvs").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            header = next(csv.reader(file))
        ground.declare(name=path.stem, files=[path.name], required=header, columns=header)
        ground.deliver(path.name, path.read_bytes())
        ground.load()
        expected = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        assert ground.rows() == [tuple(row[name] or None for name in header) for row in expected], path.stem


def json_suite(corpora) -> dict[str, bytes]:
    folder = corpora("json_test_suite")
    return {path.name: path.read_bytes() for path in sorted(folder.glob("test_*/*.json"))}


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_every_file_of_the_json_suite_as_it_is(memory_ground, corpora, form):
    """Hardly one of them is a list of records: refused with a reason, or delivered = loaded + rejected."""
    ground = memory_ground
    ground.declare(files=["*"], format=form, required=["a"], columns=["a"])
    for name, content in json_suite(corpora).items():
        ground.deliver(name, content)
    results = {result.file.removeprefix("people/"): result for result in ground.load().files}
    for name, result in results.items():
        assert result.status != "refused" or result.message, name
        assert result.rows_in_file == result.rows_loaded + result.rows_rejected, name
        assert result.status != "refused" or "understood differently" not in result.message, name
    rejected = sum(result.rows_rejected for result in results.values())
    assert ground.ask("select count(*), count(*) filter (reason <> '') from raw.rejected_rows") == [
        (rejected, rejected)
    ]


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_every_file_of_the_json_suite_as_a_value(memory_ground, corpora, form):
    ground = memory_ground
    ground.declare(files=["*"], format=form, required=["value"], columns=["value"])
    suite = json_suite(corpora)
    for name, content in suite.items():
        record = b'{"name":"' + name.encode() + b'","value":' + content + b"}"
        if form == "jsonl" and name[0] != "n":
            record = record.replace(b"\n", b" ").replace(
                b"\r", b" "
            )  # a line end between values means nothing
        ground.deliver(name, b"[" + record + b"]" if form == "json" else record + b"\n")
    results = {Path(result.file).name: result for result in ground.load().files}
    loaded = dict(ground.ask("select name, value from raw.shop_people"))
    for name, content in suite.items():
        result = results[name]
        assert result.rows_in_file == result.rows_loaded + result.rows_rejected, name
        if name.startswith("y_"):
            assert means(loaded[name], orjson.loads(content)), name
        elif name.startswith("n_"):
            assert name not in loaded, name
        elif name in loaded and is_utf8(content):
            assert means(loaded[name], orjson.loads(content)), name
        assert name in loaded or result.message or result.rows_rejected, name


def means(text: str | None, value: object) -> bool:
    """A string is kept as its characters, everything else as JSON."""
    if value is None or isinstance(value, str):
        return text == value
    return text is not None and orjson.loads(text) == value


def is_utf8(content: bytes) -> bool:
    try:
        return bool(content.decode())
    except UnicodeDecodeError:
        return False


def write_csv(rows) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([FIELDS, *rows])
    return text.getvalue().encode("utf-8", "surrogatepass")


def write_lines(rows) -> bytes:
    return b"".join(orjson.dumps(dict(zip(FIELDS, row, strict=True))) + b"\n" for row in rows)


def write_document(rows) -> bytes:
    return orjson.dumps([dict(zip(FIELDS, row, strict=True)) for row in rows])


def write_parquet(rows) -> bytes:
    content = io.BytesIO()
    columns = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
    pq.write_table(pa.table(columns, names=FIELDS), content)
    return content.getvalue()


def write_xlsx(rows) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        page = workbook.add_worksheet()
        for number, row in enumerate([FIELDS, *rows]):
            for place, cell in enumerate(row):
                page.write_string(number, place, cell)
    return content.getvalue()


WRITERS = {
    "csv": write_csv,
    "jsonl": write_lines,
    "json": write_document,
    "parquet": write_parquet,
    "xlsx": write_xlsx,
}


@pytest.mark.parametrize("form", WRITERS)
def test_every_naughty_string_in_every_text_field(memory_ground, corpora, form):
    ground = memory_ground
    strings = json.loads((corpora("naughty_strings") / "blns.json").read_text(encoding="utf-8"))
    rows = [(str(n), text, text, text) for n, text in enumerate(strings)]
    ground.declare(files=["people"], format=form, required=["id"], columns=FIELDS)
    ground.deliver("people", WRITERS[form](rows))
    report = ground.load()
    assert not report.refused
    assert ground.rejects() == []
    empty = "" if form in ("json", "jsonl") else None  # JSON alone tells an empty text from a missing one
    assert ground.rows() == [tuple(cell or empty for cell in row) for row in rows]
