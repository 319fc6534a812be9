"""Golden vectors of normalising and hashing, run in the engine they are used in."""

import hashlib

import duckdb
import pytest

from reverse_etl import normalisers as n
from reverse_etl.destinations.meta import AUDIENCE_SPEC


def run(normalise, value):
    return duckdb.execute(f"select {normalise('x')} from (select ?::varchar as x)", [value]).fetchall()[0][0]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("normalise", "value", "digest"),
    [
        # vectors that Google publishes for its own uploads; the digest does not depend on who asks for it
        (n.email, "alexz@example.com", "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"),
        (n.e164, "+18005550100", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
        (n.letters, "givenname", "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814"),
    ],
)
def test_published_digests(normalise, value, digest):
    assert run(n.hashed(normalise), value) == digest


@pytest.mark.parametrize(
    ("field", "value", "normalised"),
    [
        ("EMAIL", " Jane.Doe+News@Gmail.com\t", "jane.doe+news@gmail.com"),
        ("EMAIL", "Jane.Doe+News@Example.com", "jane.doe+news@example.com"),
        ("EMAIL", "ЯНА@пример.рф", "яна@пример.рф"),
        ("EMAIL", "no address", None),
        ("EMAIL", "two@signs@example.com", None),
        ("EMAIL", "", None),
        ("PHONE", "+442079460018", "442079460018"),
        ("PHONE", "020 7946 0018", None),
        ("PHONE", "+0000000000", None),
        ("PHONE", "+44", None),
        ("FN", " José ", "josé"),
        ("FN", "李", "李"),
        ("FN", "Mary-Ann", "maryann"),
        ("FN", "Mary Ann", "mary ann"),
        ("LN", "O’Brien", "obrien"),
        ("LN", "...", None),
        ("CT", "St. Gallen", "stgallen"),
        ("CT", "New York", "newyork"),
        ("ZIP", "SW1A 1AA", "sw1a1aa"),
        ("ZIP", "94025-1234", "94025"),
        ("ZIP", "00-950", "00-950"),
        ("COUNTRY", "GB", "gb"),
        ("COUNTRY", "United States", None),
    ],
)
def test_meta_rules(field, value, normalised):
    ((_, normalise),) = AUDIENCE_SPEC.rules[field]
    assert run(normalise, value) == (normalised and sha256(normalised))


def test_a_birth_date_becomes_three_hashed_parts():
    parts = {name: run(normalise, "1984-10-03") for name, normalise in AUDIENCE_SPEC.rules["DOB"]}
    assert parts == {"DOBY": sha256("1984"), "DOBM": sha256("10"), "DOBD": sha256("03")}
    for value in ("1884-10-03", "03/10/1984", None):
        assert {run(normalise, value) for _, normalise in AUDIENCE_SPEC.rules["DOB"]} == {None}


@pytest.mark.parametrize("value", [sha256("x"), sha256("x").upper()])
def test_nothing_is_hashed_twice(value):
    assert run(n.hashed(n.text), value) is None


def test_a_missing_value_is_never_hashed():
    for rules in AUDIENCE_SPEC.rules.values():
        for _, normalise in rules:
            assert run(normalise, None) is None
            assert run(normalise, "  ") is None
