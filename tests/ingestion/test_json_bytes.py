"""Looking at JSON in bytes: what only a lenient parser takes is always doubted, and a file with a head reads as one."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import lenient_json
from ingestion.headed_files import put_in_front
from ingestion.lenient_json import may_be_lenient

SPACES = st.text(" \t\r\n", max_size=3)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(-1e6, 1e6)
    | st.text('ab,}] nifyNIF"\\é', max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abn, ", max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
WORDS = st.sampled_from(["NaN", "nan", "nAN", "-nan", "Infinity", "-inf", "inf", "iNFinity", "1,]", "1 , }"])


def spaced(value: object, draw: st.DrawFn) -> str:
    """JSON with blanks wherever they may stand."""
    if isinstance(value, dict):
        inner = ",".join(
            f"{draw(SPACES)}{orjson.dumps(k).decode()}:{spaced(v, draw)}" for k, v in value.items()
        )
        return f"{draw(SPACES)}{{{inner}{draw(SPACES)}}}{draw(SPACES)}"
    if isinstance(value, list):
        return f"{draw(SPACES)}[{','.join(spaced(v, draw) for v in value)}{draw(SPACES)}]{draw(SPACES)}"
    return f"{draw(SPACES)}{orjson.dumps(value).decode()}{draw(SPACES)}"


@st.composite
def lenient_texts(draw: st.DrawFn) -> str:
    """Text that the engine takes and the standard does not: one odd value among sound ones."""
    before, after = draw(st.lists(VALUES, max_size=2)), draw(st.lists(VALUES, max_size=2))
    odd = draw(WORDS)
    if odd[0] == "1":
        odd = ("[" if odd.endswith("]") else '{"a":') + odd
    inner = [spaced(v, draw) for v in before]
    inner += [draw(SPACES) + odd + draw(SPACES), *(spaced(v, draw) for v in after)]
    return f"[{','.join(inner)}]"


@given(lenient_texts(), st.integers(0, 80))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_standard_does_not_know_is_doubted_across_chunks(tmp_path, monkeypatch, text, padding):
    monkeypatch.setattr(lenient_json, "_CHUNK", 16)
    file = tmp_path / "odd.jsonl"
    file.write_bytes(b" " * padding + text.encode())
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(text)
    assert may_be_lenient(file)


def test_most_sound_json_is_not_doubted(tmp_path):
    file = tmp_path / "sound.jsonl"
    record = {
        "a": "finance, information",
        "b": [{"c": None}, []],
        "d": -1.5e9,
        "name": "Nan Infante",
        "e": {},
    }
    file.write_bytes(b"".join(orjson.dumps(record) + b"\r\n" for _ in range(20_000)))
    assert not may_be_lenient(file)
    file.write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2))
    assert not may_be_lenient(file)


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_tiny_files_have_nothing_to_doubt(tmp_path, size):
    file = tmp_path / "tiny.jsonl"
    file.write_bytes(b"{}\n"[:size])
    assert not may_be_lenient(file)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_headed_file_reads_as_if_the_head_stood_in_it(tmp_path: Path, threads: int):
    """60 MB, so that the engine's threads read parts of it at the same time, each where another one is not."""
    file, copy = tmp_path / "rows.jsonl", tmp_path / "copy.jsonl"
    rows = b"".join(b'{"a":%d,"b":"%s"}\n' % (number, b"x" * (number % 997)) for number in range(120_000))
    head = b'{"a":"x","b":"y"}\n'
    file.write_bytes(b"\xef\xbb\xbf" + rows)
    copy.write_bytes(head + rows)
    question = (
        "select count(*), sum(hash(a, b, place)) from (select *, row_number() over () as place from {})"
    )
    with duckdb.connect(config={"threads": threads}) as connection:
        address = put_in_front(connection, head, file, skip=3)
        headed = f"read_json('{address}', format = 'newline_delimited', sample_size = 1)"
        plain = f"read_json('{copy}', format = 'newline_delimited', sample_size = 1)"
        for _ in range(3):
            found = connection.execute(question.format(headed)).fetchall()
            assert found == connection.execute(question.format(plain)).fetchall()
        put_in_front(connection, b'{"z":1}\n', file, skip=3)


def test_infinity_is_what_json_lacks():
    assert orjson.dumps([math.inf, math.nan]) == b"[null,null]"
