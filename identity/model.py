"""The matching model as data: what is compared, in which degrees, and what agreement is worth before training.

Nothing here runs anything. Levels are SQL over `<field>_l` and `<field>_r`, columns of `features.py`; every condition
is symmetric, so that a pair's weight does not depend on its order. What holds beside the model is in `rules.py`, how
Splink is told in `splink_form.py`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from identity.features import DERIVED, FEATURES

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
    last name, address, phone and often email, so those are capped together (`rules.Limits`).
    """

    name: str
    kind: Kind
    is_missing: str
    levels: tuple[Level, ...]


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
# An address that is spelt like the name beside it is no slip either: dan.morton and dawn.morton differ as their names do.
_EMAIL_TYPO = (
    "case when email_digits_l = email_digits_r and abs(length(email_l) - length(email_r)) <= 2"
    " and (email_core_l = email_core_r or email_rest_l <> '' or email_rest_r <> '')"
    " and (left(email_local_l, 3) = left(email_local_r, 3) or right(email_local_l, 3) = right(email_local_r, 3))"
    " and (email_core_l <> email_core_r or email_local_l = email_local_r)"
    " then damerau_levenshtein(email_l, email_r) <= {} else false end"
)
_EMAIL_AGREES = f"email_l = email_r or ({_SAME_LOCAL}) or ({_EMAIL_TYPO.format(2)})"

_DAYS_APART = "abs(try_cast(birth_date_l as date) - try_cast(birth_date_r as date))"

COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "first_name",
        "person",
        f"{_missing_one('first_name')} or first_is_latin_l <> first_is_latin_r",
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
        f"({_missing_one('last_name')} and not ({_MISPLACED})) or last_is_latin_l <> last_is_latin_r",
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
SHIPPED_PRIOR_MATES = 1.5  # records of the same person that a record meets on average, at most
# Keys that records of one person mostly have in common: by them it is estimated how many such records there are.
MATE_KEYS: tuple[str, ...] = (
    "email",
    "phone",
    "loyalty_id",
    "name_sorted",
    "birth_date || left(first_root, 2)",
    "birth_date || left(last_name, 2)",
    "postcode || first_root",
    "postcode || last_name",
    "left(birth_date, 7) || first_root",
    "left(birth_date, 7) || last_name",
)


def fingerprint() -> str:
    """Changes when anything changes that a trained model depends on (not rules and limits, which apply after it)."""
    parts = [
        FEATURES,
        DERIVED,
        [asdict(comparison) for comparison in COMPARISONS],
        TERM_FREQUENCY_FIELDS,
        TRAINING_RULES,
        MATE_KEYS,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
