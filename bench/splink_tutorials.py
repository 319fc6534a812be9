"""The models of Splink's own documentation, as data: what its tutorial and its examples use for sets like these.

`fake_1000` is the tutorial: the model of part 4, with the looser blocking that part 7 gives it (F1 0.84; with the rules of
part 4 0.54). `febrl3` is the example of that name. For other sets the same pieces by kind of column. Clusters are connected
components at 0.95, as in the example of 50,000 historical persons.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import splink.comparison_library as cl
from splink import block_on

THRESHOLD = 0.95
SINGLE_COLUMNS = 10_000  # records up to which blocking on one column is affordable


@dataclass(frozen=True)
class Tutorial:
    """A model before training. `deterministic` rules find about `recall` of the matches; EM runs once per `training` rule."""

    name: str
    comparisons: list[Any]
    blocking: list[Any]
    deterministic: list[Any]
    recall: float
    u_pairs: float
    training: list[Any]
    reads_roles: bool = False  # our names of the columns instead of the file's own


def tutorial_for(raw: Collection[str], roles: Collection[str], record_count: int) -> Tutorial:
    """The documented model for a file with columns `raw`, else one put together from our names of them (`roles`)."""
    if {"first_name", "surname", "dob", "city", "email"} <= set(raw):
        return _tutorial()
    if {"given_name", "surname", "date_of_birth", "soc_sec_id", "street_number", "postcode"} <= set(raw):
        return _febrl3()
    return _by_role(set(roles), record_count)


def _tutorial() -> Tutorial:
    return Tutorial(
        name="tutorial",
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocking=[block_on(column) for column in ("first_name", "city", "email", "dob")],
        deterministic=[
            block_on("first_name", "dob"),
            "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
            block_on("email"),
        ],
        recall=0.7,
        u_pairs=2e6,
        training=[block_on("first_name", "surname"), block_on("dob")],
    )


def _febrl3() -> Tutorial:
    return Tutorial(
        name="febrl3 example",
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        blocking=[
            block_on(column)
            for column in ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")
        ],
        deterministic=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        recall=0.9,
        u_pairs=1e6,
        training=[block_on("date_of_birth"), block_on("postcode")],
    )


def _by_role(roles: set[str], record_count: int) -> Tutorial:
    """Columns are those of our table of records, which both sides then read alike.

    Blocking as the examples do it: on single columns for thousands of records, on pairs of columns beyond.
    """
    comparisons = {
        "first_name": cl.NameComparison("first_name"),
        "last_name": cl.NameComparison("last_name"),
        "birth_date": cl.DateOfBirthComparison("birth_date", input_is_string=True),
        "email": cl.EmailComparison("email"),
        "phone": cl.LevenshteinAtThresholds("phone", 2),
        "loyalty_id": cl.DamerauLevenshteinAtThresholds("loyalty_id", [2]),
        "web_user_id": cl.ExactMatch("web_user_id"),
        "street": cl.JaroWinklerAtThresholds("street", [0.9, 0.7]),
        "city": cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        "postcode": cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
    }
    singles = [("first_name",), ("last_name",), ("birth_date",), ("postcode",)]
    pairs = [
        *(("first_name", "last_name"), ("last_name", "birth_date"), ("first_name", "birth_date")),
        *(
            ("postcode", "first_name"),
            ("postcode", "last_name"),
            ("first_name", "city"),
            ("birth_date", "city"),
        ),
    ]
    ids: list[tuple[str, ...]] = [("email",), ("phone",), ("loyalty_id",), ("web_user_id",)]
    certain = [
        *(("first_name", "last_name", "birth_date"), ("birth_date", "postcode"), ("email",), ("loyalty_id",)),
        *(("web_user_id",), ("first_name", "last_name", "postcode")),
    ]
    training = [("first_name", "last_name"), ("birth_date",), ("postcode",), ("email",)]
    return Tutorial(
        name="by kind of column",
        comparisons=[comparison for role, comparison in comparisons.items() if role in roles],
        blocking=_rules((singles if record_count <= SINGLE_COLUMNS else pairs) + ids, roles),
        deterministic=_rules(certain, roles) or _rules([("first_name", "last_name")], roles),
        recall=0.7,
        u_pairs=2e6,
        training=_rules(training, roles)[:2],
        reads_roles=True,
    )


def _rules(rules: list[tuple[str, ...]], roles: set[str]) -> list[Any]:
    return [block_on(*columns) for columns in rules if roles.issuperset(columns)]
