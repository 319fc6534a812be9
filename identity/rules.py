"""What holds beside the model, as data: which pairs are looked at, rules that overrule weights, guards and limits.

Nothing here runs anything; blocking, scoring and clustering read these values.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class BlockingRule:
    """Pairs are compared when they have one `key` in common; `limit` is the most records a key may have."""

    name: str
    keys: tuple[str, ...]
    limit: int = 40


@dataclass(frozen=True)
class PairRule:
    """A rule beside the model, over a scored pair: `floor` lifts its weight, `ceiling` pushes it down.

    A conflict holds for whole clusters: no cluster may contain such a pair, whatever its other members say.
    """

    name: str
    condition: str
    floor: float | None = None
    ceiling: float | None = None
    is_conflict: bool = False


@dataclass(frozen=True)
class Limits:
    """Guards, weights in bits (log2). Each number was chosen on the sample shop and the labelled sets."""

    email_names: int = 6  # an email used by more names than this says nothing about a person
    phone_names: int = 8
    household_cap: float = 3.0  # what last name, address, phone and email together may leave above zero
    neighbourhood_weight: float = (
        -2.0
    )  # pairs from this weight up make neighbourhoods in which all pairs are scored
    neighbourhood_size: int = 150  # larger ones are split again at rising weights
    weight_floor: float = -12.0  # single pairs count at most this much against, and
    weight_ceiling: float = 12.0  # this much for joining two clusters
    strict_cut: float = (
        4.0  # clusters join while the average weight between them is above one of these (the tiers of
    )
    cut: float = 0.0  # confidence; `cut` makes customers),
    loose_cut: float = -1.5
    size_cut: float = (
        0.2  # and above so much more for each doubling of the smaller: more records, more to agree on
    )
    kept_weight: float = -4.0  # pairs below this weight are not written out


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
    BlockingRule("loyalty_place", ("left(loyalty_id, 4) || '|' || postcode",)),
    BlockingRule("loyalty_typo", ("loyalty_id[:-2] || '|' || left(first_root, 1)", "loyalty_id[3:] || '|' || left(last_name, 1)")),
)  # fmt: skip

# Names of levels, for the rules below: g_<comparison> is the label of a scored pair, null when it was missing.
_NAMES_AGREE = (
    "g_first_name in ('same', 'nickname', 'part of the other', 'very similar')"
    " and (g_last_name is null or g_last_name <> 'different')"
)
_SWAPPED_NAMES = "g_first_name = 'swapped with last name'"
_FIRST_DIFFERS = "g_first_name = 'different'"
_BIRTH_DIFFERS = "g_birth_date in ('within ten years', 'different')"
_SAME_TRUSTED = (
    "(coalesce(g_loyalty_id, '') in ('same', 'one character off') or coalesce(g_web_user_id, '') = 'same')"
)

_ONLY_NAME_AND_ADDRESS = (
    "emails_differ and coalesce(g_phone, 'different') = 'different' and coalesce(w_birth_date, 0) <= 0"
    " and coalesce(w_email, 0) <= 0 and coalesce(w_loyalty_id, 0) <= 0 and coalesce(w_web_user_id, 0) <= 0"
)

_NAME_ALONE = (
    "not coalesce(same_mailbox, false) and not (coalesce(w_email, 0) > 0 and g_email <> 'similar' or coalesce(w_phone, 0) > 0"
    " or coalesce(w_address, 0) > 1 or coalesce(w_birth_date, 0) > 0 or coalesce(w_loyalty_id, 0) > 0"
    " or coalesce(w_web_user_id, 0) > 0 or coalesce(w_company, 0) > 0)"
)
# A full name so rare that a stranger would hardly carry it, and nothing that could speak against it. Where a till's
# record knows a name and a phone and a newsletter's a name and an email, 98 in 100 such pairs are one person.
_RARE_NAME = (
    "g_first_name = 'same' and g_last_name = 'same' and g_email is null and g_phone is null and g_birth_date is null"
    " and coalesce(w_address, 0) >= 0 and prior_weight + w_first_name + w_last_name > 3"
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
    PairRule("name_alone", f"{_NAME_ALONE} and not coalesce({_RARE_NAME}, false)", ceiling=-0.5),
    PairRule("rare_name_alone", f"{_NAME_ALONE} and {_RARE_NAME}", ceiling=0.25),
    # Tomasz and Tobiasz are both known by several people: no slip of the keyboard makes one of the other.
    PairRule("two_given_names", f"g_first_name = 'similar' and two_given_names and not {_SAME_TRUSTED}", ceiling=-3.0),
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
    PairRule("different_loyalty_ids", f"g_loyalty_id = 'different' and {_BIRTH_DIFFERS} and w_birth_date < -5", ceiling=-12.0, is_conflict=True),
    PairRule("different_accounts", f"g_web_user_id = 'different' and {_BIRTH_DIFFERS} and w_birth_date < -5", ceiling=-12.0, is_conflict=True),
)  # fmt: skip

LIMITS = Limits()


def rules_hash() -> str:
    """Changes when blocking, pair rules or limits change: the same records must then be resolved again."""
    parts = [[asdict(rule) for rule in BLOCKING_RULES], [asdict(rule) for rule in PAIR_RULES], asdict(LIMITS)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
