"""What holds beside the model: the rules that overrule weights, and every number of matching.yml where the engine reads it.

Nothing here runs anything; blocking, scoring and clustering read these values.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from identity.matching import read_matching

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

_NO_CONTACT_AGREES = (
    "coalesce(g_phone, 'different') = 'different' and coalesce(w_email, 0) <= 0 and coalesce(w_loyalty_id, 0) <= 0"
    " and coalesce(w_web_user_id, 0) <= 0"
)
_ONLY_NAME_AND_ADDRESS = f"emails_differ and {_NO_CONTACT_AGREES} and coalesce(w_birth_date, 0) <= 0"
_ONE_COMPANY = "g_first_name = 'same' and g_last_name = 'same' and g_company = 'same'"
_HOMES = "('same street and place', 'similar street, same postcode', 'same postcode', 'same street')"
_ONLY_ADDRESS = f"g_address in {_HOMES} and {_NO_CONTACT_AGREES} and coalesce(w_birth_date, 0) <= 0 and coalesce(w_company, 0) <= 0"

_NAME_ALONE = (
    "not coalesce(same_mailbox, false) and not (coalesce(w_email, 0) > 0 and g_email <> 'similar' or coalesce(w_phone, 0) > 0"
    " or coalesce(w_address, 0) > 1 or coalesce(w_birth_date, 0) > 0 or coalesce(w_loyalty_id, 0) > 0"
    " or coalesce(w_web_user_id, 0) > 0 or coalesce(w_company, 0) > 0)"
)
# A full name so rare that a stranger would hardly carry it, and nothing that could speak against it: a till's record knows
# a name and a phone, a newsletter's a name and an email. On the sample shop of 100,000 customers three in four of such
# pairs are one person, of the rarest names nine in ten: the average with a group's other pairs decides.
_RARE_NAME = (
    "g_first_name = 'same' and g_last_name = 'same' and g_email is null and g_phone is null and g_birth_date is null"
    " and coalesce(w_address, 0) >= 0 and prior_weight + w_first_name + w_last_name > 3"
)

# What the rules of matching.yml mean.
CONDITIONS: dict[str, str] = {
    "same_loyalty_id": f"g_loyalty_id = 'same' and not coalesce({_FIRST_DIFFERS}, false)",
    "same_web_user_id": f"g_web_user_id = 'same' and not coalesce({_FIRST_DIFFERS}, false)",
    "same_email_and_name": f"g_email = 'same' and ({_NAMES_AGREE} or {_SWAPPED_NAMES})",
    "same_email_name_unknown": "g_email = 'same' and g_first_name is null and email_name_count <= 1",
    "same_phone_and_name": f"g_phone = 'same' and ({_NAMES_AGREE} or {_SWAPPED_NAMES})",
    "same_phone_name_unknown": "g_phone = 'same' and g_first_name is null and phone_name_count <= 1",
    # a mailbox of one's own beside the family's telephone is another person's in one case of three (sample shop)
    "same_phone_and_another_email": "g_phone = 'same' and g_first_name is null and g_email = 'different'"
    f" and coalesce(w_birth_date, 0) <= 0 and not {_SAME_TRUSTED}",
    "same_mailbox_and_name": "same_mailbox and g_first_name in ('same', 'nickname') and g_last_name = 'same'",
    "name_alone": f"{_NAME_ALONE} and not coalesce({_RARE_NAME}, false)",
    "rare_name_alone": f"{_NAME_ALONE} and {_RARE_NAME}",
    # Tomasz and Tobiasz are both known by several people: no slip of the keyboard makes one of the other.
    "two_given_names": f"g_first_name = 'similar' and two_given_names and not {_SAME_TRUSTED}",
    # The two below hold where the field can be trusted: in a business whose first names or birth dates are often
    # wholly wrong, training gives a difference little weight, and then it is no conflict (febrl3: recall 0.994 → 0.999).
    "twins": f"{_FIRST_DIFFERS} and g_birth_date = 'same'"
    f" and g_last_name in ('same', 'very similar', 'similar') and not {_SAME_TRUSTED} and w_first_name < -4",
    "generations": f"g_birth_date = 'different' and not {_SAME_TRUSTED} and w_birth_date < -5",
    "different_people_of_a_household": f"{_FIRST_DIFFERS} and coalesce(g_birth_date, 'different') in ('within ten years', 'different') and not {_SAME_TRUSTED}",
    # Parent and child with one name, or one person with two of each? Two thirds are one person on the sample shop: not
    # enough to join, enough to let other evidence decide; who gives the same company as well is one person.
    "namesakes_at_one_address": f"{_ONLY_NAME_AND_ADDRESS} and g_phone = 'different' and not coalesce({_ONE_COMPANY}, false)",
    "name_and_address_alone": f"{_ONLY_NAME_AND_ADDRESS} and not coalesce({_ONE_COMPANY}, false)",
    # Nobody can say which person of a household a record without a name means, nor, where there are twins, one with an
    # initial or in another script. Two mailboxes made of one name do tell.
    "address_without_a_name": f"g_first_name is null and {_ONLY_ADDRESS} and not (emails_differ and g_email is null)",
    "initial_at_one_address": f"g_first_name = 'initial' and {_ONLY_ADDRESS}",
    "initial_and_another_email": f"g_first_name = 'initial' and {_ONLY_ADDRESS} and g_email = 'different'",
    "initial_of_another": "g_first_name = 'initial' and initial_of_another and coalesce(g_email, '') <> 'same'",
    "birth_date_in_two_scripts": f"in_two_scripts and g_birth_date = 'same' and {_NO_CONTACT_AGREES}",
    "different_loyalty_ids": f"g_loyalty_id = 'different' and {_BIRTH_DIFFERS} and w_birth_date < -5",
    "different_accounts": f"g_web_user_id = 'different' and {_BIRTH_DIFFERS} and w_birth_date < -5",
}


_MATCHING = read_matching(known=CONDITIONS)
BLOCKING_RULES = _MATCHING.blocking_rules()
PAIR_RULES = _MATCHING.pair_rules(CONDITIONS)
LIMITS = _MATCHING.limits
FLOORS = _MATCHING.floors


def rules_hash() -> str:
    """Changes when blocking, pair rules or limits change: the same records must then be resolved again."""
    parts = [[asdict(rule) for rule in BLOCKING_RULES], [asdict(rule) for rule in PAIR_RULES], asdict(LIMITS)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
