"""What the numbers of a region look like, compiled from the metadata of the phone library: one expression per region.

Only facts of the library in a faster form: a number is classified in 3 µs where the library needs 130.
How text becomes a number is decided in `phones`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

# the order in which the library asks, since the patterns of a plan may overlap
KINDS = (
    ("premium_rate", "premium rate"),
    ("toll_free", "toll free"),
    ("shared_cost", "shared cost"),
    ("voip", "voip"),
    ("personal_number", "personal"),
    ("pager", "pager"),
    ("uan", "company"),
    ("voicemail", "voicemail"),
)
UNASSIGNED = "unassigned"


@dataclass(frozen=True)
class Plan:
    """The numbering plan of one region (ISO-2, or 001 for services that belong to no country)."""

    calling_code: str
    shape: re.Pattern[str]  # any number the plan has room for
    kinds: re.Pattern[str]  # assigned ranges; the group that matched names the kind
    trunk: re.Pattern[str] | None  # what is dialled before a number inside the country
    rewrites_trunk: bool  # the trunk prefix is not just cut off (Argentina's 15, Mexico's old 1)
    abroad: re.Pattern[str]  # what is dialled before a number of another country
    leading: re.Pattern[str] | None  # tells regions of one calling code apart

    def kind(self, national: str) -> str | None:
        """The kind of an assigned number; None where the range is not assigned."""
        found = self.kinds.fullmatch(national)
        return found.lastgroup.replace("_", " ") if found and found.lastgroup else None


@lru_cache(1_000)  # regions come from data, whatever that holds
def plan(region: str) -> Plan | None:
    """The plan of a region; None where the library knows no such region."""
    from phonenumbers import PhoneMetadata

    return _compiled(PhoneMetadata.metadata_for_region(region, None))


@cache
def plans_of(calling_code: int) -> tuple[tuple[str, Plan], ...]:
    """Every region that uses a calling code, the main one first; empty for codes without regions (+800)."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    regions = COUNTRY_CODE_TO_REGION_CODE.get(calling_code, ())
    return tuple((region, found) for region in regions if (found := plan(region)))


@cache
def service_plan(calling_code: int) -> Plan | None:
    """The plan of a calling code that belongs to no region, such as +800."""
    from phonenumbers import PhoneMetadata

    return _compiled(PhoneMetadata.metadata_for_nongeo_region(calling_code, None))


def has_shape(calling_code: int, national: str) -> bool:
    """Whether the plan of the calling code's main region has room for such a number, assigned or not."""
    plans = plans_of(calling_code)
    main = plans[0][1] if plans else service_plan(calling_code)
    return main is not None and main.shape.fullmatch(national) is not None


def region_and_kind(calling_code: int, national: str) -> tuple[str | None, str | None]:
    """Where a number is from and what it is; (None, None) where no region has assigned it, as the library says."""
    plans = plans_of(calling_code)
    if not plans:
        found = service_plan(calling_code)
        return None, found.kind(national) if found else None
    for region, candidate in plans:
        if len(plans) > 1 and candidate.leading is not None:
            if candidate.leading.match(national):
                return region, candidate.kind(national)
        elif (kind := candidate.kind(national)) is not None:
            return region, kind
    return (plans[0][0] if len(plans) == 1 else None), None


def _compiled(metadata: Any) -> Plan | None:  # noqa: ANN401 (the library's metadata carry no types)
    if metadata is None:
        return None
    prefix = metadata.national_prefix_for_parsing
    return Plan(
        calling_code=str(metadata.country_code),
        shape=re.compile(_pattern(metadata.general_desc) or r"(?!)"),
        kinds=re.compile("|".join(_alternatives(metadata)) or r"(?!)"),
        trunk=re.compile(prefix) if prefix else None,
        rewrites_trunk=bool(prefix) and re.compile(prefix).groups > 0,
        abroad=re.compile(metadata.international_prefix or r"(?!)"),
        leading=re.compile(metadata.leading_digits) if metadata.leading_digits else None,
    )


def _alternatives(metadata: Any) -> list[str]:  # noqa: ANN401
    found = [
        f"(?P<{label.replace(' ', '_')}>{pattern})"
        for name, label in KINDS
        if (pattern := _pattern(getattr(metadata, name)))
    ]
    fixed, mobile = _pattern(metadata.fixed_line), _pattern(metadata.mobile)
    if fixed and metadata.same_mobile_and_fixed_line_pattern:
        return [*found, f"(?P<fixed_or_mobile>{fixed})"]
    if fixed and mobile:
        found.append(rf"(?P<fixed_or_mobile>(?=(?:{fixed})\Z){mobile})")
    found += [f"(?P<fixed>{fixed})"] if fixed else []
    return found + ([f"(?P<mobile>{mobile})"] if mobile else [])


def _pattern(description: Any) -> str | None:  # noqa: ANN401
    """One kind's pattern, with the lengths it may have looked at first."""
    if description is None or not description.national_number_pattern:
        return None
    lengths = [length for length in description.possible_length or () if length > 0]
    ahead = rf"(?=(?:{'|'.join(f'[0-9]{{{length}}}' for length in lengths)})\Z)" if lengths else ""
    return f"{ahead}(?:{description.national_number_pattern})"
