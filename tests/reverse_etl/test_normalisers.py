"""Golden vectors of normalising and hashing, run in the engine they are used in."""

import hashlib

import duckdb
import pytest

from reverse_etl import normalisers as n
from reverse_etl.destinations import DESTINATIONS
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


# The vendors' own software disagrees about these (their helpers, samples and SDKs were run); here each is decided once.
# Google: developers.google.com/data-manager/api/get-started/formatting, and its helper from 0.4.0 on for the suffix.
# Meta: its guide, which has no rule for providers' dots and wants digits without a plus. The others take plain values.
DISAGREEMENTS = [
    # gmail: Google drops dots and suffix, Meta keeps both; of other domains everybody keeps both
    ("google/user_list", "email", "Jane.Doe+News@Gmail.com", "janedoe@gmail.com", "hashed"),
    ("google/user_list", "email", "Jane.Doe+News@GoogleMail.com", "janedoe@googlemail.com", "hashed"),
    ("google/user_list", "email", "Jane.Doe+News@Example.com", "jane.doe+news@example.com", "hashed"),
    ("google/user_list", "email", " jane doe@example.com ", "janedoe@example.com", "hashed"),
    ("google/user_list", "email", "+news@gmail.com", None, "hashed"),
    ("google/user_list", "email", "two@signs@gmail.com", None, "hashed"),
    ("meta/custom_audience", "EMAIL", "Jane.Doe+News@Gmail.com", "jane.doe+news@gmail.com", "hashed"),
    ("meta/custom_audience", "EMAIL", "Jane.Doe+News@Example.com", "jane.doe+news@example.com", "hashed"),
    # phones: E.164 with the plus for Google, digits alone for Meta; a national number is nobody's number anywhere
    ("google/user_list", "phone", "+442079460018", "+442079460018", "hashed"),
    ("google/user_list", "phone", "020 7946 0018", None, "hashed"),
    ("google/user_list", "phone", "02079460018", None, "hashed"),
    ("meta/custom_audience", "PHONE", "+442079460018", "442079460018", "hashed"),
    ("meta/custom_audience", "PHONE", "020 7946 0018", None, "hashed"),
    ("klaviyo/profile", "phone_number", "+442079460018", "+442079460018", "plain"),
    ("klaviyo/profile", "phone_number", "020 7946 0018", None, "plain"),
    # names: letters of every script are kept; forms of address and suffixes are no part of a name for Google
    ("google/user_list", "first_name", "José", "josé", "hashed"),
    ("google/user_list", "first_name", "李", "李", "hashed"),
    ("google/user_list", "first_name", "Mrs. Anna", "anna", "hashed"),
    ("google/user_list", "first_name", "Mrsic", "mrsic", "hashed"),
    ("google/user_list", "last_name", "Miller, Jr.", "miller", "hashed"),
    ("google/user_list", "last_name", "O'Brien", "obrien", "hashed"),
    ("google/user_list", "last_name", "Jr", "jr", "hashed"),
    ("meta/custom_audience", "FN", "José", "josé", "hashed"),
    ("meta/custom_audience", "FN", "李", "李", "hashed"),
    # country: a code, in capitals and plain for Google, small and hashed for Meta; a name of a country is no code
    ("google/user_list", "country", "gb", "GB", "plain"),
    ("google/user_list", "country", "United States", None, "plain"),
    ("meta/custom_audience", "COUNTRY", "GB", "gb", "hashed"),
    ("meta/custom_audience", "COUNTRY", "United States", None, "hashed"),
    # post codes: plain for Google, and a US one keeps its extension; hashed and five digits for Meta
    ("google/user_list", "postcode", " SW1A 1AA ", "SW1A 1AA", "plain"),
    ("google/user_list", "postcode", "94025-1234", "94025-1234", "plain"),
    ("meta/custom_audience", "ZIP", "94025-1234", "94025", "hashed"),
    # nothing is hashed when there is nothing, and nothing twice
    ("google/user_list", "email", "", None, "hashed"),
    ("google/user_list", "first_name", "  ", None, "hashed"),
    ("google/user_list", "first_name", sha256("x"), None, "hashed"),
    ("meta/custom_audience", "FN", sha256("x"), None, "hashed"),
    # tools that take plain addresses keep a person's dots and suffix: the mail goes there
    *[
        (name, field, "Jane.Doe+News@Gmail.com", "jane.doe+news@gmail.com", "plain")
        for name, field in (
            ("mailchimp/contact", "email"),
            ("klaviyo/profile", "email"),
            ("hubspot/contact", "email"),
            ("sendgrid/contact", "email"),
            ("customerio/person", "email"),
        )
    ],
    # SendGrid refuses thirty thousand contacts for one name that is too long
    ("sendgrid/contact", "first_name", "x" * 60, "x" * 50, "plain"),
]


@pytest.mark.parametrize(("name", "field", "value", "normalised", "form"), DISAGREEMENTS)
def test_where_vendors_disagree_one_rule_is_kept(name, field, value, normalised, form):
    ((_, normalise),) = DESTINATIONS[tuple(name.split("/"))].spec.rules[field]
    expected = sha256(normalised) if normalised and form == "hashed" else normalised
    assert run(normalise, value) == expected


@pytest.mark.parametrize(
    ("field", "value", "digest"),
    [
        ("email", "alexz@example.com", "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"),
        ("phone", "+18005550100", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
        ("first_name", "givenname", "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814"),
    ],
)
def test_google_s_published_vectors_through_google_s_own_rules(field, value, digest):
    ((_, normalise),) = DESTINATIONS["google", "user_list"].spec.rules[field]
    assert run(normalise, value) == digest


def test_every_destination_says_which_version_of_its_rules_it_uses():
    for (destination, _), plugin in DESTINATIONS.items():
        assert plugin.spec.norm_version.startswith("files-" if plugin.spec.is_snapshot else f"{destination}-")


def test_every_earlier_version_of_the_rules_is_kept():
    """An address that opts out must be found in what an earlier version sent, long after the rules have changed."""
    for plugin in DESTINATIONS.values():
        name, _, number = plugin.spec.norm_version.rpartition("-")
        assert set(plugin.spec.former_keys) == {f"{name}-{earlier}" for earlier in range(1, int(number))}
        for keys in plugin.spec.former_keys.values():
            assert [(key.name, key.kind) for key in keys] == [
                (key.name, key.kind) for key in plugin.spec.match_keys
            ]


@pytest.mark.parametrize("value", [sha256("x"), sha256("x").upper()])
def test_nothing_is_hashed_twice(value):
    assert run(n.hashed(n.text), value) is None


def test_a_missing_value_is_never_hashed():
    for rules in AUDIENCE_SPEC.rules.values():
        for _, normalise in rules:
            assert run(normalise, None) is None
            assert run(normalise, "  ") is None


# The rules in one piece, as they read; `normalisers.py` first looks whether a value is as it should be already.
_SPACES = r"regexp_replace(x, '^\s+|\s+$', '', 'g')"
WRITTEN_OUT = {
    n.email: rf"case when regexp_full_match(lower({_SPACES}), '{n.EMAIL}') then lower({_SPACES}) end",
    n.e164: r"case when regexp_full_match(trim(x), '\+[1-9][0-9]{7,14}') then trim(x) end",
    n.phone_digits: r"nullif(regexp_extract(trim(x), '^\+([1-9][0-9]{7,14})$', 1), '')",
    n.letters: r"nullif(trim(regexp_replace(lower(x), '[\p{P}\p{S}]', '', 'g')), '')",
    n.letters_joined: r"nullif(regexp_replace(lower(x), '[\p{P}\p{S}\s]', '', 'g'), '')",
}
_PARTS = ["", " ", "\t", "@", ".", "+44", "2079460018", "Jane", "İ", "é", "李", "²", "’", "-"]
_VALUES = "select a || b || c || d as x from " + ", ".join(
    f"unnest($1::varchar[]) as _{n}({n})" for n in "abcd"
)
# every character up to the end of the supplementary plane with letters, alone, inside a value and around it
_CHARACTERS = """
    select unnest([c, 'Jo' || c || '1', c || 'a@b.de', 'a@b' || c || 'de', '+44207946' || c, c || ' Jo']) as x
    from (select chr(i::integer) as c from range(1, 131072) as codes(i) where i not between 55296 and 57343)"""


@pytest.mark.parametrize(("texts", "parameters"), [(_CHARACTERS, None), (_VALUES, [_PARTS])])
def test_the_quick_look_changes_no_result(texts, parameters):
    asked = ", ".join(
        f"any_value(x) filter ({normalise('x')} is distinct from {rule})"
        for normalise, rule in WRITTEN_OUT.items()
    )
    (different,) = duckdb.execute(f"select {asked} from ({texts})", parameters).fetchall()
    assert different == (None,) * len(WRITTEN_OUT)
