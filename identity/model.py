"""The matching model as data: what is compared and how, which pairs are looked at, which rules and limits hold.

Nothing here runs anything; training, scoring and clustering read these values. Levels are SQL over `<field>_l` and
`<field>_r`; every condition is symmetric, so that a pair's weight does not depend on its order.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["person", "household"]


@dataclass(frozen=True)
class Level:
    """One degree of agreement; `m` and `u` are the shipped shares among matches and among non-matches."""

    label: str
    sql: str
    m: float
    u: float
    term_frequency: str | None = None
    is_graded: bool = True  # graded levels may never weigh more than the better ones before them


@dataclass(frozen=True)
class Comparison:
    """A graded comparison, best level first, the last one being everything else.

    `kind` says whether agreement points to one person or only to one household: people who live together share
    last name, address, phone and often email, so those are capped together (Limits.household_cap).
    """

    name: str
    kind: Kind
    is_missing: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class BlockingRule:
    """Pairs are compared when they have one `key` in common; `limit` is the most records a key may have."""

    name: str
    keys: tuple[str, ...]
    limit: int = 40


@dataclass(frozen=True)
class PairRule:
    """A rule beside the model, over a scored pair: `floor` lifts its weight, `ceiling` pushes it down."""

    name: str
    condition: str
    floor: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True)
class Limits:
    """Guards, weights in bits (log2). Each number was chosen on the sample shop and the labelled sets."""

    email_names: int = 6  # an email used by more names than this says nothing about a person
    phone_names: int = 8
    household_cap: float = 3.0  # what last name, address, phone and email together may leave above zero
    neighbourhood_weight: float = -2.0  # pairs from this weight up make neighbourhoods in which all pairs are scored
    neighbourhood_size: int = 150  # larger ones are split again at rising weights
    weight_floor: float = -12.0  # single pairs count at most this much against, and
    weight_ceiling: float = 12.0  # this much for joining two clusters
    cut: float = 0.0  # clusters join while the average weight between them is above this
    kept_weight: float = -4.0  # pairs below this weight are not written out


FIELDS: tuple[str, ...] = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "street",
    "city",
    "postcode",
    "country",
    "birth_date",
    "company",
    "loyalty_id",
    "web_user_id",
    "email_is_placeholder",
    "phone_is_placeholder",
    "email_name_count",
    "phone_name_count",
)

# Values that stand for "not known" in every birth date field ever exported.
PLACEHOLDER_BIRTH_DATES = ("1900-01-01", "1901-01-01", "1970-01-01", "1980-01-01", "2000-01-01")

_CYRILLIC_PAIRS = (
    ("щ", "shch"), ("ж", "zh"), ("х", "kh"), ("ц", "ts"), ("ч", "ch"), ("ш", "sh"), ("ю", "iu"), ("я", "ia"),
    ("є", "ie"), ("ї", "i"), ("ё", "e"), ("θ", "th"), ("χ", "ch"), ("ψ", "ps"), ("ß", "ss"), ("æ", "ae"), ("ł", "l"),
)  # fmt: skip
_CYRILLIC_LETTERS = ("абвгґдезиіийклмнопрстуфыэαβγδεζηικλμνξοπρσςτυφω", "abvhgdezyiyiklmnoprstufyeabgdeziiklmnxoprsstyfo")


def _latin(expression: str) -> str:
    """SQL that writes Cyrillic and Greek letters in Latin ones, so that both spellings of a name can agree."""
    for letter, latin in _CYRILLIC_PAIRS:
        expression = f"replace({expression}, '{letter}', '{latin}')"
    expression = f"translate({expression}, '{_CYRILLIC_LETTERS[0]}', '{_CYRILLIC_LETTERS[1]}')"
    return f"replace(replace({expression}, 'ь', ''), 'ъ', '')"


def _name(field: str) -> str:
    return rf"nullif(trim(regexp_replace({_latin(f'lower(left({field}, 80))')}, '[\s\-.,''’`]+', ' ', 'g')), '')"


_STREET = (
    r"regexp_replace(regexp_replace(lower(left(street, 120)), '[^\p{L}\p{N}]+', ' ', 'g'),"
    r" '\b(street|str|straße|strasse)\b', 'st', 'g')"
)

# Column of the match table → SQL over int_identity__records; later ones may use earlier ones.
FEATURES: dict[str, str] = {
    "first_name": _name("r.first_name"),
    "last_name": _name("r.last_name"),
    "email": "case when not coalesce(r.email_is_placeholder, false) and coalesce(r.email_name_count, 0) <= "
    "{email_names} then nullif(lower(left(r.email, 200)), '') end",
    "phone": "case when not coalesce(r.phone_is_placeholder, false) and coalesce(r.phone_name_count, 0) <= "
    "{phone_names} then nullif(left(r.phone, 30), '') end",
    # A mailbox of many (info@, none@) says nothing alone, and much when the same name stands beside it.
    "mailbox": "case when coalesce(r.email_is_placeholder, false) or r.email_name_count > {email_names} then lower(left(r.email, 200)) end",
    "email_name_count": "coalesce(r.email_name_count, 0)",
    "phone_name_count": "coalesce(r.phone_name_count, 0)",
    "street": rf"nullif(trim(regexp_replace(regexp_replace({_STREET}, '\b(road)\b', 'rd', 'g'),"
    r" '\b(avenue|av)\b', 'ave', 'g')), '')",
    "city": f"nullif(trim({_latin('lower(left(r.city, 60))')}), '')",
    "postcode": "nullif(upper(replace(left(r.postcode, 12), ' ', '')), '')",
    "birth_date": "case when r.birth_date not in ({placeholder_birth_dates}) then strftime(r.birth_date, '%Y-%m-%d') end",
    "company": "nullif(lower(trim(left(r.company, 80))), '')",
    "loyalty_id": "nullif(upper(trim(left(r.loyalty_id, 40))), '')",
    "web_user_id": "nullif(trim(left(r.web_user_id, 40)), '')",
}

# Columns made from the ones above.
DERIVED: dict[str, str] = {
    "first_token": "split_part(first_name, ' ', 1)",
    "first_roots": "coalesce(n.roots, [split_part(first_name, ' ', 1)])",
    "first_root": "coalesce(n.roots[1], split_part(first_name, ' ', 1))",
    "email_local": "split_part(email, '@', 1)",
    "email_core": "nullif(regexp_replace(split_part(split_part(email, '@', 1), '+', 1), '[^a-z]+', '', 'g'), '')",
    "email_digits": "regexp_replace(split_part(email, '@', 1), '[^0-9]+', '', 'g')",
    "email_rest": "regexp_replace(replace(replace(split_part(email, '@', 1), coalesce(split_part(first_name, ' ', 1), '~'), ''),"
    " coalesce(replace(last_name, ' ', ''), '~'), ''), '[^a-z0-9]+', '', 'g')",
    "name_sorted": "case when last_name is null or first_name is null then null "
    "else least(first_name, last_name) || '|' || greatest(first_name, last_name) end",
    # the same letters in any order: transpositions meet
    "first_letters": "array_to_string(list_sort(string_split(first_name, '')), '')",
    "last_letters": "array_to_string(list_sort(string_split(last_name, '')), '')",
    "birth_year": "left(birth_date, 4)",
    "birth_day": "right(birth_date, 5)",
}

def _either_name(key: str, length: int = 40) -> tuple[str, ...]:
    """A key with the first or the last name: both in one rule, so that swapped names meet."""
    return (f"{key} || '|' || left(first_root, {length})", f"{key} || '|' || left(last_name, {length})")


BLOCKING_RULES: tuple[BlockingRule, ...] = (
    BlockingRule("email", ("email",), limit=200),
    BlockingRule("phone", ("phone",), limit=200),
    BlockingRule("loyalty_id", ("loyalty_id",), limit=200),
    BlockingRule("web_user_id", ("web_user_id",), limit=200),
    BlockingRule("email_local", ("case when length(email_local) >= 5 then email_local end",)),
    BlockingRule("email_core", ("case when length(email_core) >= 6 then email_core end",)),
    BlockingRule("email_prefix", ("left(email_local, 3) || '|' || city", "left(email_local, 4) || '|' || left(first_token, 3)")),
    BlockingRule("email_last", ("left(email_local, 3) || '|' || last_name",)),
    BlockingRule("mailbox_name", ("mailbox || '|' || last_name",)),
    BlockingRule("full_name", ("name_sorted",)),
    BlockingRule("birth_date", ("birth_date",), limit=25),
    BlockingRule("birth_date_name", _either_name("birth_date", 2)),
    BlockingRule("birth_date_place", ("birth_date || '|' || postcode", "birth_date || '|' || city")),
    BlockingRule("birth_month_name", _either_name("left(birth_date, 7)", 2)),
    BlockingRule("birth_month_place", ("left(birth_date, 7) || '|' || city",)),
    BlockingRule("birth_day_name", _either_name("birth_day", 3)),
    BlockingRule("birth_year_name", _either_name("birth_year", 4)),
    BlockingRule("birth_year_place", _either_name("birth_year || '|' || city", 1)),
    BlockingRule("birth_decade_name", ("left(birth_date, 3) || '|' || left(first_root, 3) || '|' || left(last_name, 2)",)),
    BlockingRule(
        "birth_swapped",
        ("birth_year || '|' || least(birth_day, right(birth_day, 2) || '-' || left(birth_day, 2)) || '|' || left(last_name, 1)",),
    ),
    BlockingRule("postcode_name", _either_name("postcode", 3)),
    BlockingRule("street_name", _either_name("street", 2)),
    BlockingRule("street_place", ("street || '|' || postcode", "street || '|' || city")),
    BlockingRule("city_name", _either_name("city")),
    BlockingRule("city_prefixes", ("city || '|' || left(first_root, 2) || '|' || left(last_name, 2)",)),
    BlockingRule("name_prefixes", ("left(last_name, 5) || '|' || left(first_root, 3)", "left(last_name, 3) || '|' || first_token")),
    BlockingRule("name_letters", ("last_letters || '|' || left(first_root, 1)", "first_letters || '|' || left(last_name, 2)")),
    BlockingRule("phone_typo", ("left(phone, 9) || '|' || left(first_root, 2)", "right(phone, 6) || '|' || left(first_root, 2)")),
    BlockingRule("loyalty_typo", ("loyalty_id[:-2] || '|' || left(first_root, 1)", "loyalty_id[3:] || '|' || left(last_name, 1)")),
)  # fmt: skip

_SWAPPED = (
    "jaro_winkler_similarity(first_name_l, last_name_r) >= 0.9 and jaro_winkler_similarity(last_name_l, first_name_r) >= 0.9"
    " or (first_name_l = last_name_r and length(last_name_l) = 1 and left(first_name_r, 1) = last_name_l)"
    " or (first_name_l = last_name_r and length(first_name_r) = 1 and left(last_name_l, 1) = first_name_r)"
    " or (first_name_r = last_name_l and length(last_name_r) = 1 and left(first_name_l, 1) = last_name_r)"
    " or (first_name_r = last_name_l and length(first_name_l) = 1 and left(last_name_r, 1) = first_name_l)"
)
# One name only, in the other's field: "(nothing) Smith" and "Smith Anna".
_MISPLACED = (
    "jaro_winkler_similarity(coalesce(last_name_l, ''), coalesce(first_name_r, '')) >= 0.92"
    " or jaro_winkler_similarity(coalesce(last_name_r, ''), coalesce(first_name_l, '')) >= 0.92"
)


def _similar(field: str, threshold: float) -> str:
    return f"jaro_winkler_similarity({field}_l, {field}_r) >= {threshold}"


def _part_of(field: str) -> str:
    """One name is the first or last word of the other (double-barrelled, second given names)."""
    a, b = f"{field}_l", f"{field}_r"
    sides = ((a, b), (b, a))
    return " or ".join(f"starts_with({x}, {y} || ' ') or ends_with({x}, ' ' || {y})" for x, y in sides)


def _initial(field: str) -> str:
    a, b = f"{field}_l", f"{field}_r"
    return f"(length({a}) = 1 or length({b}) = 1) and left({a}, 1) = left({b}, 1)"


def _missing_one(field: str) -> str:
    return f"({field}_l is null or {field}_r is null)"


# A local part identifies where something is left of it without the name: "anna.k1987", not "anna.kettering".
_SAME_LOCAL = "email_local_l = email_local_r and length(email_rest_l) >= 2 and length(email_rest_r) >= 2"
# A slip of the keyboard leaves digits and dots alone: "smith12" and "smith13", "a.smith" and "asmith" are two people.
# Strangers mostly differ at both ends of the local part: the cheap tests spare nearly every edit distance, and only a
# CASE keeps the engine from computing it all the same (9 CPU-s for 600,000 pairs became 0.5).
_EMAIL_TYPO = (
    "case when email_digits_l = email_digits_r and abs(length(email_l) - length(email_r)) <= 2"
    " and (left(email_local_l, 3) = left(email_local_r, 3) or right(email_local_l, 3) = right(email_local_r, 3))"
    " and (email_core_l <> email_core_r or email_local_l = email_local_r)"
    " then damerau_levenshtein(email_l, email_r) <= {} else false end"
)
_EMAIL_AGREES = f"email_l = email_r or ({_SAME_LOCAL}) or ({_EMAIL_TYPO.format(2)})"

_DAYS_APART = "abs(birth_date_l::date - birth_date_r::date)"

COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "first_name",
        "person",
        _missing_one("first_name"),
        (
            Level("same", '"first_name_l" = "first_name_r"', 0.76, 0.008, "first_name"),
            Level("nickname", "list_has_any(first_roots_l, first_roots_r)", 0.06, 0.002, is_graded=False),
            Level("swapped with last name", _SWAPPED, 0.01, 0.00002, is_graded=False),
            Level("part of the other", _part_of("first_name"), 0.02, 0.0005, is_graded=False),
            Level("initial", _initial("first_name"), 0.03, 0.004, is_graded=False),
            Level("very similar", _similar("first_name", 0.91), 0.05, 0.002),
            Level("similar", _similar("first_name", 0.8), 0.03, 0.008),
            Level("different", "ELSE", 0.04, 0.9755),
        ),
    ),
    Comparison(
        "last_name",
        "household",
        f"{_missing_one('last_name')} and not ({_MISPLACED})",
        (
            Level("same", '"last_name_l" = "last_name_r"', 0.8, 0.003, "last_name"),
            Level("in the other field", _MISPLACED, 0.01, 0.00002, is_graded=False),
            Level("part of the other", _part_of("last_name"), 0.02, 0.0003, is_graded=False),
            Level("very similar", _similar("last_name", 0.91), 0.07, 0.002),
            Level("similar", _similar("last_name", 0.82), 0.02, 0.006),
            Level("initial", _initial("last_name"), 0.02, 0.004, is_graded=False),
            Level("different", "ELSE", 0.06, 0.9847),
        ),
    ),
    Comparison(
        "birth_date",
        "person",
        _missing_one("birth_date"),
        (
            Level("same", '"birth_date_l" = "birth_date_r"', 0.86, 0.00005),
            Level(
                "day and month swapped",
                "birth_year_l = birth_year_r and left(birth_day_l, 2) = right(birth_day_r, 2)"
                " and right(birth_day_l, 2) = left(birth_day_r, 2)",
                0.02,
                0.00003,
            ),
            Level("one character off", "damerau_levenshtein(birth_date_l, birth_date_r) <= 1", 0.05, 0.0008),
            Level(
                "two of three parts",
                "birth_day_l = birth_day_r or (birth_year_l = birth_year_r and"
                " (left(birth_day_l, 2) = left(birth_day_r, 2) or right(birth_day_l, 2) = right(birth_day_r, 2)))",
                0.03,
                0.004,
            ),
            Level("within a month", f"{_DAYS_APART} <= 31", 0.005, 0.002),
            Level("within a year", f"{_DAYS_APART} <= 396", 0.005, 0.03),
            Level("within ten years", f"{_DAYS_APART} <= 3690", 0.01, 0.25),
            Level("different", "ELSE", 0.01, 0.713),
        ),
    ),
    Comparison(
        "email",
        "household",
        # Local parts made of the same name say nothing that the names have not said: neither for nor against.
        f"{_missing_one('email')} or (not ({_EMAIL_AGREES})"
        " and jaro_winkler_similarity(email_core_l, email_core_r) >= 0.9)",
        (
            Level("same", '"email_l" = "email_r"', 0.7, 0.00001),
            Level("same local part", _SAME_LOCAL, 0.03, 0.00001),
            Level("one character off", _EMAIL_TYPO.format(1), 0.04, 0.00001),
            Level("similar", _EMAIL_TYPO.format(2), 0.03, 0.0001),
            Level("different", "ELSE", 0.2, 0.99987),
        ),
    ),
    Comparison(
        "phone",
        "household",
        _missing_one("phone"),
        (
            Level("same", '"phone_l" = "phone_r"', 0.75, 0.00001),
            Level(
                "one digit off",
                # an edit leaves one half untouched
                "case when left(phone_l, 7) = left(phone_r, 7) or right(phone_l, 5) = right(phone_r, 5)"
                " then damerau_levenshtein(phone_l, phone_r) <= 1 else false end",
                0.03,
                0.00001,
            ),
            Level("different", "ELSE", 0.22, 0.99998),
        ),
    ),
    Comparison(
        "address",
        "household",
        " and ".join(_missing_one(field) for field in ("postcode", "city", "street")),
        (
            Level("same street and place", "street_l = street_r and (postcode_l = postcode_r or city_l = city_r)", 0.4, 0.00001),
            Level("similar street, same postcode", f"postcode_l = postcode_r and {_similar('street', 0.85)}", 0.08, 0.00002),
            Level("same postcode", "postcode_l = postcode_r", 0.2, 0.0002),
            Level("same street", "street_l = street_r and length(street_l) >= 8", 0.02, 0.00003),
            Level("similar postcode, same city", "damerau_levenshtein(postcode_l, postcode_r) <= 1 and city_l = city_r", 0.03, 0.0003),
            Level("same city", '"city_l" = "city_r"', 0.1, 0.02, "city"),
            Level("similar city", _similar("city", 0.88), 0.03, 0.003),
            Level("different", "ELSE", 0.14, 0.97644),
        ),
    ),
    Comparison(
        "loyalty_id",
        "person",
        _missing_one("loyalty_id"),
        (
            Level("same", '"loyalty_id_l" = "loyalty_id_r"', 0.9, 0.000002),
            Level("one character off", "damerau_levenshtein(loyalty_id_l, loyalty_id_r) <= 1", 0.03, 0.0002),
            Level("two characters off", "damerau_levenshtein(loyalty_id_l, loyalty_id_r) <= 2", 0.01, 0.003),
            Level("different", "ELSE", 0.06, 0.996798),
        ),
    ),
    Comparison(
        "web_user_id",
        "person",
        _missing_one("web_user_id"),
        (
            Level("same", '"web_user_id_l" = "web_user_id_r"', 0.8, 0.000002),
            Level("different", "ELSE", 0.2, 0.999998),
        ),
    ),
    Comparison(
        "company",
        "household",
        _missing_one("company"),
        (
            Level("same", '"company_l" = "company_r"', 0.75, 0.003),
            Level("similar", _similar("company", 0.9), 0.1, 0.002),
            Level("different", "ELSE", 0.15, 0.995),
        ),
    ),
)  # fmt: skip

# Training rounds: within pairs that agree on these columns, the other comparisons' shares among matches are estimated.
TRAINING_RULES: tuple[str, ...] = (
    "l.email = r.email",
    "l.phone = r.phone",
    "l.first_name = r.first_name and l.last_name = r.last_name",
    "l.birth_date = r.birth_date",
    "l.postcode = r.postcode and l.street = r.street",
)
TERM_FREQUENCY_FIELDS: tuple[str, ...] = ("first_name", "last_name", "city")
TRAINING_MINIMUM = 200  # records; below this the shipped shares are better than what so few can say
SHIPPED_PRIOR_MATES = 1.5  # records of the same person that a record meets on average

# Names of levels, for the rules below: g_<comparison> is the label of a scored pair, null when it was missing.
_NAMES_AGREE = (
    "g_first_name in ('same', 'nickname', 'part of the other', 'very similar')"
    " and (g_last_name is null or g_last_name <> 'different')"
)
_SWAPPED_NAMES = "g_first_name = 'swapped with last name'"
_FIRST_DIFFERS = "g_first_name = 'different'"
_BIRTH_DIFFERS = "g_birth_date in ('within ten years', 'different')"
_SAME_TRUSTED = "(coalesce(g_loyalty_id, '') in ('same', 'one character off') or coalesce(g_web_user_id, '') = 'same')"

_ONLY_NAME_AND_ADDRESS = (
    "emails_differ and coalesce(g_phone, 'different') = 'different' and coalesce(w_birth_date, 0) <= 0"
    " and coalesce(w_email, 0) <= 0 and coalesce(w_loyalty_id, 0) <= 0 and coalesce(w_web_user_id, 0) <= 0"
)

PAIR_RULES: tuple[PairRule, ...] = (
    PairRule("same_loyalty_id", f"g_loyalty_id = 'same' and not coalesce({_FIRST_DIFFERS}, false)", floor=10.0),
    PairRule("same_web_user_id", f"g_web_user_id = 'same' and not coalesce({_FIRST_DIFFERS}, false)", floor=10.0),
    PairRule("same_email_and_name", f"g_email = 'same' and ({_NAMES_AGREE} or {_SWAPPED_NAMES})", floor=8.0),
    PairRule(
        "same_email_name_unknown",
        "g_email = 'same' and g_first_name is null and email_name_count <= 1",
        floor=6.0,
    ),
    PairRule("same_phone_and_name", f"g_phone = 'same' and ({_NAMES_AGREE} or {_SWAPPED_NAMES})", floor=7.0),
    PairRule(
        "same_phone_name_unknown",
        "g_phone = 'same' and g_first_name is null and phone_name_count <= 1",
        floor=4.0,
    ),
    PairRule("same_mailbox_and_name", "same_mailbox and g_first_name in ('same', 'nickname') and g_last_name = 'same'", floor=4.0),
    # Conflicts come last: they push down what a rule above has lifted.
    PairRule(
        "name_alone",
        "not coalesce(same_mailbox, false) and not (coalesce(w_email, 0) > 0 or coalesce(w_phone, 0) > 0 or coalesce(w_address, 0) > 1 or coalesce(w_birth_date, 0) > 0"
        " or coalesce(w_loyalty_id, 0) > 0 or coalesce(w_web_user_id, 0) > 0 or coalesce(w_company, 0) > 0)",
        ceiling=-0.5,
    ),
    # The two below hold where the field can be trusted: in a business whose first names or birth dates are often
    # wholly wrong, training gives a difference little weight, and then it is no conflict (febrl3: recall 0.994 → 0.999).
    PairRule(
        "twins",
        f"{_FIRST_DIFFERS} and g_birth_date = 'same' and g_last_name = 'same' and not {_SAME_TRUSTED} and w_first_name < -4",
        ceiling=-12.0,
    ),
    PairRule("generations", f"g_birth_date = 'different' and not {_SAME_TRUSTED} and w_birth_date < -5", ceiling=-12.0),
    PairRule(
        "different_people_of_a_household",
        f"{_FIRST_DIFFERS} and coalesce(g_birth_date, 'different') in ('within ten years', 'different') and not {_SAME_TRUSTED}",
        ceiling=-6.0,
    ),
    # Parent and child with one name, or one person with two of each? Two thirds are one person on the sample shop: not
    # enough to join, enough to let other evidence decide.
    PairRule("namesakes_at_one_address", f"{_ONLY_NAME_AND_ADDRESS} and g_phone = 'different'", ceiling=-1.5),
    PairRule("name_and_address_alone", _ONLY_NAME_AND_ADDRESS, ceiling=1.0),
    PairRule("different_loyalty_ids", f"g_loyalty_id = 'different' and {_BIRTH_DIFFERS} and w_birth_date < -5", ceiling=-12.0),
    PairRule("different_accounts", f"g_web_user_id = 'different' and {_BIRTH_DIFFERS} and w_birth_date < -5", ceiling=-12.0),
)  # fmt: skip

LIMITS = Limits()


def features(limits: Limits) -> dict[str, str]:
    """FEATURES with the limits filled in."""
    dates = ", ".join(f"date '{day}'" for day in PLACEHOLDER_BIRTH_DATES)
    return {
        name: sql.replace("{email_names}", str(limits.email_names))
        .replace("{phone_names}", str(limits.phone_names))
        .replace("{placeholder_birth_dates}", dates)
        for name, sql in FEATURES.items()
    }


def splink_settings(prior: float) -> dict[str, Any]:
    """A Splink 5 settings dictionary with the shipped shares and no blocking rules (pairs are registered)."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "id",
        "probability_two_random_records_match": prior,
        "comparisons": [_splink_comparison(comparison) for comparison in COMPARISONS],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": True,  # Splink drops the levels (gamma) with them
        "retain_intermediate_calculation_columns": True,
    }


def _splink_comparison(comparison: Comparison) -> dict[str, Any]:
    missing = {"sql_condition": comparison.is_missing, "label_for_charts": "missing", "is_null_level": True}
    return {
        "output_column_name": comparison.name,
        "comparison_levels": [missing, *(_splink_level(level) for level in comparison.levels)],
    }


def _splink_level(level: Level) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "sql_condition": level.sql,
        "label_for_charts": level.label,
        "m_probability": level.m,
        "u_probability": level.u,
    }
    if level.term_frequency:
        entry["tf_adjustment_column"] = level.term_frequency
    return entry


def fingerprint() -> str:
    """Changes when anything changes that a trained model depends on (not rules and limits, which apply after it)."""
    parts = [FEATURES, DERIVED, [asdict(comparison) for comparison in COMPARISONS], TERM_FREQUENCY_FIELDS, TRAINING_RULES]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def rules_hash() -> str:
    """Changes when blocking, pair rules or limits change: the same records must then be resolved again."""
    parts = [[asdict(rule) for rule in BLOCKING_RULES], [asdict(rule) for rule in PAIR_RULES], asdict(LIMITS)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
