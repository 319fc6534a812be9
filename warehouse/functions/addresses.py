"""Addresses in one line: `12 High Street, Flat 3, Leeds LS1 4AB` → street, city, region, postcode, by country.

The rules are how each postal service wants the last line written; where a line does not say which part is which, it
stays whole, with the reason. Nothing is looked up: whether the street exists is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from warehouse.functions.countries import parse_country
from warehouse.functions.regions import BRITISH, REGIONS


class Address(NamedTuple):
    """The parts of an address, or the whole line as `street` and the reason why it was not split."""

    street: str | None
    city: str | None
    region: str | None
    postcode: str | None
    country: str | None
    problem: str | None


class _Parts(NamedTuple):
    street: list[str]
    city: str
    region: str | None
    postcode: str


class _NotSplit(Exception):
    """Why a line stays whole."""


NOTHING = Address(None, None, None, None, None, None)
_BREAKS = re.compile(r"\s*[,;|\n\r]\s*")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
# a town has no digits but those of a French sorting office
_CITY = re.compile(r"(?:\D+?)(?:\s+cedex(?:\s+\d{1,2})?)?", re.IGNORECASE)
_POSTCODES = {
    "GB": r"(?P<first>GIR|[A-Z]{1,2}\d[A-Z\d]?)\s*(?P<second>\d[A-Z]{2})",
    "CA": r"(?P<first>[A-Z]\d[A-Z])[ -]?(?P<second>\d[A-Z]\d)",
    "US": r"(?P<first>\d{5})(?:-\d{4})?",
    "AU": r"(?P<first>\d{4})",
    "NL": r"(?:NL[ -]?)?(?P<first>[1-9]\d{3})\s?(?P<second>[A-Z]{2})",
    "DE": r"(?:DE?[ -])?(?P<first>\d{5})",
    "FR": r"(?:FR?[ -])?(?P<first>\d{5})",
    "ES": r"(?:ES?[ -])?(?P<first>\d{5})",
    "IT": r"(?:IT?[ -])?(?P<first>\d{5})",
}


def parse_address(text: str | None, country: str | None) -> Address:
    """The parts of a line; `country` (ISO code) is where it is when the line does not end with a country itself."""
    line = [part for part in _BREAKS.split(re.sub(r"[^\S\n\r]+", " ", text or "").strip()) if part]
    if not line:
        return NOTHING
    parts, stated = _take_country(line, country)
    where = stated or country or None
    try:
        if where is None:
            raise _NotSplit("country not known")
        if where not in _RULES:
            raise _NotSplit(f"no rules for {where}")
        found = _RULES[where](parts, where)
    except _NotSplit as reason:
        return Address(", ".join(line), None, None, None, where, str(reason))
    street = ", ".join(found.street) or None
    return Address(street, found.city, found.region, found.postcode, where, None)


def _take_country(parts: list[str], expected: str | None) -> tuple[list[str], str | None]:
    """The parts without a country at the end, and that country; two letters may be a state, so only the expected count.

    A line of one part keeps it: `Jersey` alone is a place.
    """
    last = parts[-1]
    if len(parts) > 1 and not _DIGIT.search(last):
        code = parse_country(last)
        if code and (len(last) > 2 or code == expected or last.upper() == "UK"):
            return parts[:-1], code
    words = last.split(" ")
    for count in (3, 2, 1):
        tail, before = " ".join(words[-count:]), " ".join(words[:-count])
        # after a postcode (`LS1 4AB United Kingdom`) a country can stand without a comma
        if len(tail) > 3 and _DIGIT.search(before) and not _DIGIT.search(tail):
            code = parse_country(tail)
            if code and _ends_with_postcode(before, code):
                return [*parts[:-1], before], code
    return parts, None


def _ends_with_postcode(text: str, country: str) -> bool:
    pattern = _POSTCODES.get(country)
    return bool(pattern and re.search(rf"(?:^|\s){pattern}$", text, re.IGNORECASE))


def _postcode_last(parts: list[str], country: str) -> _Parts:
    """`Leeds LS1 4AB`, `Leeds, West Yorkshire, LS1 4AB` (Royal Mail); a county is known by its name."""
    before, postcode = _cut_postcode(parts, country)
    region = before.pop() if len(before) > 1 and _plain(before[-1]) in BRITISH else None
    return _with_city(before, region, postcode)


def _region_and_postcode_last(parts: list[str], country: str) -> _Parts:
    """`Austin, TX 78701` (USPS), `Ottawa ON K1A 0B1` (Canada Post), `Carlton VIC 3053` (Australia Post)."""
    before, postcode = _cut_postcode(parts, country)
    words = before.pop().split(" ")
    for count in (3, 2, 1):
        code = REGIONS[country].get(_plain(" ".join(words[-count:])))
        if code and len(words) >= count:
            rest = " ".join(words[:-count])
            return _with_city([*before, rest] if rest else before, code, postcode)
    raise _NotSplit(f"no {'province' if country == 'CA' else 'state'} of {country}")


def _postcode_first(parts: list[str], country: str) -> _Parts:
    """`10115 Berlin` (Deutsche Post, La Poste, Correos, Poste Italiane, PostNL), a province after it in Spain and Italy.

    The same with the postcode behind the town is how people elsewhere write it.
    """
    pattern = _POSTCODES[country]
    found: list[tuple[int, re.Match[str]]] = []
    for place, part in enumerate(parts):
        match = re.fullmatch(rf"(?P<street>.*?\S )??{pattern} (?P<city>.+)", part, re.IGNORECASE)
        match = match or re.fullmatch(rf"(?P<city>\D+) (?P<street>)?{pattern}", part, re.IGNORECASE)
        if match and _CITY.fullmatch(match["city"]):
            found.append((place, match))
    if not found:
        raise _NotSplit(f"no postcode of {country} beside a town")
    if len(found) > 1:
        raise _NotSplit("several postcodes")
    ((place, match),) = found
    region = _region_behind(parts[place + 1 :], country)
    city, inner = _cut_province(match["city"], country)
    street = [*parts[:place], *([match["street"].strip()] if match["street"] else [])]
    return _Parts(street, city, inner or region, _written(match))


def _region_behind(parts: list[str], country: str) -> str | None:
    """What follows the town: one province in Spain and Italy, nothing elsewhere."""
    if len(parts) > 1 or (parts and (country not in ("ES", "IT") or _DIGIT.search(parts[0]))):
        raise _NotSplit("more behind the town")
    return parts[0].strip("() ") if parts else None


def _cut_province(city: str, country: str) -> tuple[str, str | None]:
    """`Milano (MI)` and `Milano MI` → town and province."""
    pattern = r"(.+?) (?:\(([^()]+)\)|([A-Z]{2}))" if country == "IT" else r"(.+?) \(([^()]+)\)()"
    match = re.fullmatch(pattern, city) if country in ("ES", "IT") else None
    return (match[1], match[2] or match[3]) if match else (city, None)


def _cut_postcode(parts: list[str], country: str) -> tuple[list[str], str]:
    """The parts before the postcode at the end, and it, as its country writes it."""
    match = re.search(rf"(?:^|(?<=\s)){_POSTCODES[country]}$", parts[-1], re.IGNORECASE)
    if not match:
        raise _NotSplit(f"no postcode of {country} at the end")
    rest = parts[-1][: match.start()].strip()
    before = [*parts[:-1], *([rest] if rest else [])]
    if not before:
        raise _NotSplit("city not told apart")
    return before, _written(match)


def _written(match: re.Match[str]) -> str:
    """The postcode that was found, as `format_postcode` writes it."""
    return f"{match['first']} {match.groupdict().get('second') or ''}".strip().upper()


def _with_city(before: list[str], region: str | None, postcode: str) -> _Parts:
    """The last part before the postcode is the town, if a comma parts it from the street and it has no number."""
    if not before or _DIGIT.search(before[-1]) or not _LETTER.search(before[-1]):
        raise _NotSplit("city not told apart")
    return _Parts(before[:-1], before[-1], region, postcode)


def _plain(text: str) -> str:
    return text.strip(" .()").replace(".", "").lower()


_RULES: dict[str, Callable[[list[str], str], _Parts]] = {
    "GB": _postcode_last,
    **dict.fromkeys(REGIONS, _region_and_postcode_last),
    **dict.fromkeys(("DE", "FR", "ES", "IT", "NL"), _postcode_first),
}
