"""The parts of the connectors that need no network: placeholders, cursors, numbers, lifted members, declarations."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from connector_vendors import Shopify

from ingestion.connectors.answers import parse, seconds_asked, value_at
from ingestion.connectors.apis import lifted, to_line
from ingestion.connectors.cursors import beginning, newest_change, to_instant, told
from ingestion.connectors.placeholders import fill, hiding
from ingestion.declarations import Auth, Endpoint, Since, Source

NOW = datetime(2026, 10, 31, 12, tzinfo=UTC)


def test_placeholders_are_filled_at_any_depth_and_left_out_where_nothing_is_known() -> None:
    known = {"CDP_A": "one", "since": None, "until": "2026-10-31"}
    value = {
        "a": "x{CDP_A}y",
        "b": [{"c": "{since}"}, "{until}", 3],
        "range": '{"since":"{since}"}',
        "braces": "{not one} {}",
        "maybe": "{CDP_B?}",
        "flag": True,
    }
    assert fill(value, known) == {
        "a": "xoney",
        "b": [{}, "2026-10-31", 3],
        "braces": "{not one} {}",
        "flag": True,
    }


def test_secrets_are_hidden_in_every_spelling_and_short_words_are_left() -> None:
    hide = hiding(["s3cret/key", "s3cret/key-longer", "eu", ""])
    assert hide("s3cret/key-longer at eu, s3cret%2Fkey") == "*** at eu, ***"
    assert hiding([])("nothing to hide") == "nothing to hide"


def test_numbers_pass_as_they_were_delivered() -> None:
    text = (
        '{"a":1.10,"b":12345678901234567890123,"c":-0.0,"d":1E400,"e":9007199254740993,"f":NaN,"g":"\\ud800"}'
    )
    assert json.loads(to_line(parse(b'{"a":[1.10]}')), parse_float=str) == {"a": ["1.10"]}
    *plain, _surrogate = [f'"{name}":{value}' for name, value in _members(text)]
    assert to_line(parse(("{" + ",".join(plain) + "}").encode())) == "{" + ",".join(plain) + "}"
    halves = b'{"g":["\\ud800","\\u00fc"],"a":1.50,"\\udc00":1}'
    assert to_line(parse(halves)) == '{"g":["\\ud800","\\u00fc"],"a":1.50,"\\\\udc00":1}'


def _members(text: str) -> list[tuple[str, str]]:
    found: Any = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    return list(found.items())


def test_members_are_lifted_without_covering_others() -> None:
    record = {"id": 1, "attributes": {"id": 2, "name": "x"}, "metrics": None, "deep": {"a": {"b": 1}}}
    lift = {"attributes": "", "metrics": "metrics_", "deep": "deep_"}
    assert lifted(record, lift) == {
        "id": 1,
        "metrics": None,
        "attributes_id": 2,
        "name": "x",
        "deep_a": {"b": 1},
    }
    assert lifted("not an object", lift) == "not an object"


def test_what_stands_at_a_path() -> None:
    body = {"error": {"details": [{"code": "X"}]}}
    assert value_at(body, "error.details.0.code") == "X"
    assert [value_at(body, path) for path in ("error.details.1.code", "error.details.x", "none.at.all")] == [
        None
    ] * 3


@pytest.mark.parametrize(
    ("value", "form", "instant"),
    [
        ("2026-03-29T01:30:00-05:00", "iso", "2026-03-29T06:30:00+00:00"),
        ("2026-03-29T01:30:00", "iso", "2026-03-29T01:30:00+00:00"),
        ("2026-03-29", "date", "2026-03-29T00:00:00+00:00"),
        (1774747800, "seconds", "2026-03-29T01:30:00+00:00"),
        ("1774747800000", "milliseconds", "2026-03-29T01:30:00+00:00"),
        ("20260329", "date", "2026-03-29T00:00:00+00:00"),
        ("yesterday", "iso", None),
        (10**30, "seconds", None),
        (None, "iso", None),
    ],
)
def test_instants_of_vendors(value: object, form: Any, instant: str | None) -> None:
    found = to_instant(value, Since(format=form))
    assert (found.isoformat() if found else None) == instant


def test_the_newest_change_is_an_instant_and_never_in_the_future() -> None:
    records = [
        {"at": "2026-10-25T01:30:00+01:00"},
        {"at": "2026-10-25T01:10:00+00:00"},
        {"at": None},
        {},
        "text",
    ]
    newest = newest_change(records, "at", Since(), NOW)
    assert newest == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # the other text sorts after it
    assert newest_change([*records, {"at": "2099-01-01"}], "at", Since(), NOW) == newest
    assert newest_change(records, None, Since(), NOW) is None


def test_since_is_told_rounded_down_in_the_vendors_form() -> None:
    moment = datetime(2026, 10, 31, 11, 59, 59, 999_999, tzinfo=UTC)
    forms = {form: told(moment, Since(format=form)) for form in ("iso", "date", "seconds", "milliseconds")}
    assert forms == {
        "iso": "2026-10-31T11:59:59Z",
        "date": "2026-10-31",
        "seconds": "1793447999",
        "milliseconds": "1793447999000",
    }
    assert beginning(None, Since()) is None
    assert beginning(None, Since(first="2026-01-01")) == datetime(2026, 1, 1, tzinfo=UTC)
    assert beginning("2026-10-31T12:00:00+00:00", Since(overlap_hours=24)) == datetime(
        2026, 10, 30, 12, tzinfo=UTC
    )


def test_retry_after_as_vendors_write_it() -> None:
    assert [seconds_asked(header) for header in ("7", "2.0", "-3", "soon", None, "")] == [
        7,
        2,
        0,
        None,
        None,
        None,
    ]
    assert seconds_asked("Sun, 01 Nov 2020 00:00:00 GMT") == 0


def test_declarations_that_could_not_work_are_refused() -> None:
    with pytest.raises(ValueError, match=r"needs `since: \{first: …\}`"):
        Endpoint.model_validate({"path": "search", "method": "POST", "body": {"query": "after {since}"}})
    with pytest.raises(ValueError, match="`kind: oauth2_refresh` needs `token_url`"):
        Auth.model_validate({"kind": "oauth2_refresh", "secret": "CDP_X"})
    declared = Shopify().source().model_dump(by_alias=True)
    for change, sentence in [
        ({"keys": [], "load": "append"}, "table orders needs `keys`: what is pulled can arrive twice"),
        ({"format": "csv"}, "table orders arrives as jsonl"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            Source.model_validate(declared | {"tables": [declared["tables"][0] | change]})


def test_a_session_closes_what_it_opened() -> None:
    from ingestion.connectors.transport import _LIBRARY_LOG, Patience, Session

    before = list(_LIBRARY_LOG.filters)
    source = Shopify().source()
    assert source.api is not None
    session = Session(source.api, Shopify.environ, ["canary"], Patience())
    assert isinstance(session, requests.Session) and _LIBRARY_LOG.filters != before
    session.close()
    assert _LIBRARY_LOG.filters == before
