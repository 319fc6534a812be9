"""JSON and JSONL: every top-level key is a text column, and only what the standard calls JSON is taken."""

from __future__ import annotations

import json

import pytest

from ingestion import json_lines, readers

PEOPLE = {"required": ["messageId"], "columns": ["messageId", "userId", "context", "type"]}


@pytest.fixture
def lines(ground):
    ground.declare(format="jsonl", **PEOPLE)
    return ground


@pytest.fixture
def document(ground):
    ground.declare(format="json", records="people", **PEOPLE)
    return ground


def test_events_become_text_columns_and_objects_stay_json(lines):
    lines.deliver(
        "people.jsonl",
        '{"messageId":"m1","userId":12,"context":{"page":{"url":"/é"},"n":1},"type":null}\n'
        '{"type":"track","messageId":"m2","context":[1,"a,]"]}\n',
    )
    lines.load()
    assert lines.rows("* exclude (_delivered_at)") == [
        ("m1", "12", '{"page":{"url":"/é"},"n":1}', None, "shop/people.jsonl", 1, 1),
        ("m2", None, '[1,"a,]"]', "track", "shop/people.jsonl", 2, 1),
    ]
    assert lines.rejects() == []


def test_new_keys_are_added_wherever_they_first_appear(lines):
    common = "".join(f'{{"messageId":"m{i}"}}\n' for i in range(3000))
    lines.deliver("people.jsonl", common + '{"messageId":"late","newKey":{"a":1},"odd key\\"/~":2,"":3}\n')
    report = lines.load()
    assert lines.rows("new_key, odd_key, unnamed")[-1] == ('{"a":1}', "2", "3")
    assert report.files[0].message == "new columns: unnamed, new_key, odd_key"


def test_keys_that_differ_in_case_only_fill_one_column(lines):
    lines.deliver(
        "people.jsonl", '{"messageId":"m1","user_id":"a"}\n{"messageId":"m2","userId":"b","USERID":"c"}\n'
    )
    lines.load()
    assert lines.rows("user_id, userid") == [("a", None), ("b", "c")]


def test_bad_lines_are_rejected_and_the_rest_is_loaded(lines):
    lines.deliver(
        "people.jsonl",
        b'{"messageId":"m1"}\n\n{"messageId":"m2",}\n{"messageId":NaN}\n[1]\nnot json\n{"messageId":"\xff"}\n'
        b'{"messageId":"m3"}\r\n{"messageId":"m4"}',
    )
    lines.load()
    assert lines.rows("message_id, _row") == [("m1", 1), ("m3", 7), ("m4", 8)]
    assert [(line, text) for line, _, _, text in lines.rejects()] == [
        (3, '{"messageId":"m2",}'),
        (4, '{"messageId":NaN}'),
        (5, "[1]"),
        (6, "not json"),
        (7, '{"messageId":"\\xff"}'),
    ]
    assert all("JSON" in str(reason) for _, _, reason, _ in lines.rejects())
    assert lines.ledger() == [("shop/people.jsonl", "loaded", 8, 3, 5)]


def test_words_that_only_look_lenient_are_no_reason_for_doubt(lines, monkeypatch):
    monkeypatch.setitem(readers.READERS, "jsonl", readers.READERS["jsonl"][:2])
    for text in ("Info, NaN", "[1, ]", "a,}", ": Infant", "finance, nan, inf"):
        lines.deliver("people.jsonl", json.dumps({"messageId": text}) + "\n")
        assert lines.load().files[0].rows_loaded == 1
    for text in ("[1, ]", "[-Infinity]", "NaN", "nan", "iNf", '{"a":1 , \t}'):
        lines.deliver("people.jsonl", f'{{"messageId": "x", "context": {text}}}\n')
        assert lines.load().files[0].status == "refused"


def test_a_mistyped_event_is_rejected_with_its_line(ground):
    ground.declare(format="jsonl", required=["at"], columns=[{"name": "at", "type": "timestamp"}])
    ground.deliver("people.jsonl", '{"at":"2026-03-01T14:22:11.123Z"}\n{"at":"yesterday"}\n{"at":null}\n')
    ground.load()
    assert ground.rows("_row") == [(1,), (3,)]
    assert ground.rejects() == [(2, "at", "'yesterday' is not a timestamp", '{"at":"yesterday"}')]


def test_an_empty_text_is_no_wrong_value(ground):
    ground.declare(format="jsonl", required=["at"], columns=[{"name": "at", "type": "timestamp"}])
    ground.deliver("people.jsonl", '{"at":""}\n{"at":"2026-03-01"}\n')
    ground.load()
    assert ground.rows('"at"') == [("",), ("2026-03-01",)]


def test_a_document_is_taken_apart_into_records(document):
    people = [{"messageId": 1, "context": {"a": [1, None]}}, 5, {"messageId": "é", "extra": True}]
    document.deliver("people.json", b"\xef\xbb\xbf" + json.dumps({"people": people, "count": 3}).encode())
    document.load()
    assert document.rows("message_id, context, extra, _row") == [
        ("1", '{"a":[1,null]}', None, 1),
        ("é", None, "true", 3),
    ]
    assert document.rejects() == [(None, None, "record 2 is not an object", "5")]


def test_a_document_that_is_a_list(ground):
    ground.declare(format="json", **PEOPLE)
    ground.deliver("people.json", '[{"messageId": "a"}, {"messageId": "b"}]')
    ground.load()
    assert ground.rows("message_id") == [("a",), ("b",)]


def test_a_document_without_records_loads_nothing(document):
    document.deliver("people.json", '{"people": []}')
    assert document.load().files[0].status == "loaded"
    assert document.rows() == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"people": [{"messageId": "a"}, {"mess', "looks cut off: it is not valid at line 1"),
        ('{"people": [{"messageId": "a",}]}', "does not parse"),
        (
            '{"poeple": []}',
            "has no 'people' (declared: records at 'people'); found 'poeple', the nearest is 'poeple'",
        ),
        ('{"people": {"a": 1}}', "holds no list of records at 'people'"),
        ('{"people": [{"mesageId": "a"}]}', "has no key 'messageId'. The nearest is 'mesageId'"),
        ('["a"]', "has no 'people' (declared: records at 'people'); found no keys"),
        ("", "is empty"),
    ],
)
def test_documents_that_are_refused(document, content, expected):
    document.deliver("people.json", content)
    assert expected in document.refusal()


def test_lines_that_are_refused(lines):
    lines.deliver("people.jsonl", '{"messageId":"a"}\n{"messageId":"b"}\n{"mess')
    assert "looks cut off in line 3" in lines.refusal()
    lines.deliver("people.jsonl", '{"mesageId":"a"}\n{"mesageId":"b"}\n')
    assert "has no key 'messageId'" in lines.load().files[0].message


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_of_a_repeated_key_the_last_counts(ground, form):
    ground.declare(format=form, **PEOPLE)
    first, second = (
        '{"messageId":1,"userId":12345678901234567890123,"messageId":{"a":2}}',
        '{"messageId":"b"}',
    )
    ground.deliver("people.json", f"[{first},{second}]" if form == "json" else f"{first}\n{second}\n")
    ground.load()
    assert ground.rows("message_id, user_id, _row") == [
        ('{"a":2}', "12345678901234567890123", 1),
        ("b", None, 2),
    ]


def test_lines_with_keys_that_no_earlier_line_had_are_surveyed(lines, monkeypatch):
    monkeypatch.setattr(json_lines, "_SAMPLE_LINES", 2)
    lines.declare(format="jsonl", **PEOPLE | {"required": ["messageId", "userId"]})
    odd = ['{"messageId":"c","new":1}', '{"messageId":"d","userId":"e","type":"f"}', "{}"]
    lines.deliver("people.jsonl", "\n".join(['{"messageId":"a"}', '{"messageId":"b"}', *odd, ""]))
    lines.load()
    assert lines.rows("message_id, user_id, new") == [
        ("a", None, None),
        ("b", None, None),
        ("c", None, "1"),
        ("d", "e", None),
        (None, None, None),
    ]


def test_two_keys_of_one_column_in_one_object_are_both_kept(ground):
    ground.declare(format="jsonl", required=["id"], columns=["id", "email"])
    ground.deliver(
        "people.jsonl",
        '{"id":1,"Email":"new@x.example","email":"old@x.example","EMAIL":"new@x.example","email_2":"her own"}\n'
        '{"id":2,"email":"only@x.example"}\n{"id":3,"Email":null,"email":"c@x.example"}\n',
    )
    report = ground.load()
    assert ground.rows("id, email, email_2, email_3") == [
        ("1", "new@x.example", "her own", "old@x.example"),
        ("2", "only@x.example", None, None),
        ("3", "c@x.example", None, None),
    ]
    assert report.files[0].message == "new columns: email_2, email_3"


def test_a_line_null_is_rejected_and_an_object_of_nulls_is_loaded(lines):
    lines.deliver("people.jsonl", '{"messageId":"m1"}\nnull\n{"messageId":null}\n')
    lines.load()
    assert lines.rows("message_id, _row") == [("m1", 1), (None, 3)]
    assert lines.rejects() == [(2, None, "is not a JSON object", "null")]


def test_sound_lines_are_parsed_once_whatever_their_keys(lines, monkeypatch):
    monkeypatch.setitem(readers.READERS, "jsonl", readers.READERS["jsonl"][:1])
    record = {
        "messageId": "2020-01-01",
        "a": None,
        "A": 1.5,
        "list": [1, {"b": "ü"}],
        "Ключ": {"x": None},
        "x'\"\\\n": True,
    }
    few = [{"messageId": f"m{number}"} for number in range(5000)]
    text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in [record, *few])
    lines.deliver("people.jsonl", b"\xef\xbb\xbf" + text.encode())
    (result,) = lines.load().files
    assert (result.status, result.message) == ("loaded", "new columns: a, list, x, ключ")
    assert lines.rows("message_id, a, list, ключ, x")[:1] == [
        ("2020-01-01", "1.5", '[1,{"b":"ü"}]', '{"x":null}', "true")
    ]
    assert lines.rows("message_id, _row")[1:] == [(f"m{number}", number + 2) for number in range(5000)]


def test_keys_in_another_script_stay_apart(ground):
    ground.declare(format="jsonl", required=["id"], columns=["id"])
    ground.deliver(
        "people.jsonl", '{"id": 1, "имя": "Анна", "город": "Рига", "お名前": "あ", "Prénom": "Zoë"}\n'
    )
    ground.load()
    assert ground.rows("id, имя, город, お名前, prenom") == [("1", "Анна", "Рига", "あ", "Zoë")]
