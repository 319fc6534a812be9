"""Phone numbers: text as somebody typed it → E.164 with the kind of number and its region, or the reason why not.

Pure and deterministic; the rules are those of Google's libphonenumber (`phonenumbers`). What a source calls the field
and which region a row belongs to is the caller's business.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from warehouse.functions import numbering_plans
from warehouse.functions.numbering_plans import UNASSIGNED, Plan

LONGEST = 250  # characters; the library reads no more than that either

HOLDS_EMAIL = "is an email address"
HOLDS_LETTERS = "holds letters"
NO_DIGITS = "holds no number"
ROUNDED = "rounded by a spreadsheet"
TOO_SHORT = "too short"
TOO_LONG = "too long"
NO_REGION = "country not known"
BAD_CALLING_CODE = "unknown calling code"
NOT_IN_PLAN = "no number of its country"

_DROPPED = dict.fromkeys(map(ord, " -().'\u00a0"))
_PLAIN = re.compile(r"\+?[0-9]{4,17}")
_ROUNDED = re.compile(r"\s*[0-9][.,][0-9]+[Ee]\+?[0-9]+\s*")
_WHOLE_FLOAT = re.compile(r"\s*\+?[0-9]{6,}\.0\s*")
_EXTENSION = re.compile(
    r"(?i)(?:;ext=|e?xt(?:ensi(?:o|ó)n)?|[x#~]|int|anexo|доб|ｘ|＃)[.: ]*[0-9]{1,9}#?\s*$"
)
_SEVERAL = re.compile(r"\s*(?:[/,;|&]|\bor\b|\band\b)\s*", re.IGNORECASE)


class Phone(NamedTuple):
    """A number in E.164 with its kind and region (ISO-2), or nulls and the problem.

    `kind` is `unassigned` where length and first digits fit the country's plan but nobody has been given the range yet;
    such numbers are kept: plans grow faster than libraries. `region` is null where countries share a calling code and
    none of them has assigned the range.
    """

    number: str | None = None
    kind: str | None = None
    region: str | None = None
    problem: str | None = None


NONE = Phone()


def parse_phone(text: str | None, region: str | None = None, home_region: str | None = None) -> Phone:
    """The number in a text; `region` is the ISO-2 country a national number belongs to.

    What is no number there is tried as a home number of the shop (`home_region`), since a customer abroad may well
    leave the number of a local phone. Null and blank text give nulls without a problem.
    """
    if text is None:
        return NONE
    own_region, home = (region or home_region or "").upper(), (home_region or "").upper()
    own = _parse(text, own_region)
    if own.kind not in (None, UNASSIGNED) or home in ("", own_region):
        return own
    local = _parse(text, home)
    return local if local.number and (own.number is None or local.kind != UNASSIGNED) else own


def _parse(text: str, region: str) -> Phone:
    plain = text.translate(_DROPPED)
    found = _short_cut(plain, region) if _PLAIN.fullmatch(plain) else None
    return found or _by_library(text, region)


def _short_cut(digits: str, region: str) -> Phone | None:
    """What the library answers for an ordinary number, at a tenth of its time; None where it must be asked."""
    if digits.startswith("+"):
        return _international(digits[1:])
    own = numbering_plans.plan(region)
    if own is None:
        return None
    if prefix := own.abroad.match(digits):
        return _international(digits[prefix.end() :])
    # a calling code without its plus: the library knows how to tell
    return None if digits.startswith(own.calling_code) else _in_plan(digits, own)


def _international(digits: str) -> Phone | None:
    for length in (1, 2, 3):
        if digits[:1] not in ("", "0") and (plans := numbering_plans.plans_of(int(digits[:length]))):
            return _in_plan(digits[length:], plans[0][1])
    return None


def _in_plan(digits: str, plan: Plan) -> Phone | None:
    national = digits
    if plan.trunk is not None and (prefix := plan.trunk.match(digits)):
        if plan.rewrites_trunk:
            return None
        national = digits[prefix.end() :]
    if not plan.shape.fullmatch(national):
        return None
    return _numbered(int(plan.calling_code), national)


def _numbered(calling_code: int, national: str) -> Phone | None:
    """The number of an assigned range, or one that its country's plan at least has room for."""
    region, kind = numbering_plans.region_and_kind(calling_code, national)
    if kind is None and not numbering_plans.has_shape(calling_code, national):
        return None
    return Phone(f"+{calling_code}{national}", kind or UNASSIGNED, region)


def _by_library(text: str, region: str) -> Phone:
    if not text.strip():
        return NONE
    text = _one_of(text[: LONGEST + 1])
    if problem := _unreadable(text):
        return Phone(problem=problem)
    import phonenumbers

    try:
        parsed = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException as error:
        without_country = error.error_type == error.INVALID_COUNTRY_CODE and "+" not in text
        return Phone(problem=NO_REGION if without_country else _PARSE_PROBLEMS[error.error_type])
    if found := _numbered(parsed.country_code or 0, phonenumbers.national_significant_number(parsed)):
        return found
    return Phone(
        problem=_LENGTH_PROBLEMS.get(phonenumbers.is_possible_number_with_reason(parsed), NOT_IN_PLAN)
    )


def _one_of(text: str) -> str:
    """The first of several numbers in one field, and a whole number without the `.0` of a spreadsheet."""
    if _WHOLE_FLOAT.fullmatch(text):
        return text.strip()[:-2]
    parts = _SEVERAL.split(text)
    return parts[0] if len(parts) > 1 and all(_digits(part) >= 7 for part in parts) else text


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _unreadable(text: str) -> str | None:
    """Why a text is not given to the library, which spells letters as digits (`0800 FLOWERS`, but also `0770 ask`)."""
    if len(text) > LONGEST:
        return TOO_LONG
    if "@" in text:
        return HOLDS_EMAIL
    if _ROUNDED.fullmatch(text):
        return ROUNDED
    first = re.search(r"\d", text)
    if first is None:
        return NO_DIGITS
    # what follows a semicolon are parameters (RFC 3966), which may name a host
    number = _EXTENSION.sub("", text[first.start() :]).partition(";")[0]
    return HOLDS_LETTERS if any(character.isalpha() for character in number) else None


# phonenumbers.NumberParseException: error_type; phonenumbers.ValidationResult
_PARSE_PROBLEMS = {0: BAD_CALLING_CODE, 1: TOO_SHORT, 2: TOO_SHORT, 3: TOO_SHORT, 4: TOO_LONG}
_LENGTH_PROBLEMS = {1: BAD_CALLING_CODE, 2: TOO_SHORT, 3: TOO_LONG, 4: TOO_SHORT}
