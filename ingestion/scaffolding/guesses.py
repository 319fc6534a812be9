"""From evidence to a guess: the type of a column with the reason for it, and what makes rows unique.

Each rule reads the column's name and its values; a doubt is said in the reason and decided for text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import duckdb

from ingestion.declarations import Column
from ingestion.scaffolding.evidence import Evidence, covered
from ingestion.scaffolding.vocabulary import (
    ADDRESSES,
    COUNTRIES,
    CURRENCIES,
    FLAGS,
    IDS,
    MONEY,
    NAMES,
    NOES,
    NOT_PEOPLE,
    PHONES,
    POSTCODES,
)
from ingestion.scaffolding.words import is_named

# from this share of the filled cells on, a strict type is worth rejecting the others
NEARLY_ALL = 0.99
# a dollar sign may be any country's
SIGNS = {"€": "EUR", "£": "GBP"} | {
    code: code for code in ("EUR", "GBP", "USD", "CHF", "PLN", "SEK", "DKK", "NOK")
}


@dataclass(frozen=True)
class Country:
    """How numbers and dates are written where the file comes from."""

    decimal: str = "."
    month_first: bool = False


@dataclass(frozen=True)
class Guess:
    """A declared column and why: `reason` says how many values support it."""

    column: Column
    reason: str
    evidence: Evidence


def guess_column(
    connection: duckdb.DuckDBPyConnection, raw: str, name: str, evidence: Evidence, country: Country
) -> Guess:
    """The type of one column by its name and evidence, as its country writes numbers and dates."""
    view = _View(connection, raw, evidence, country)
    if not evidence.seen:
        return Guess(Column(name=name), "empty in this file", evidence)
    for rule in _RULES:
        found = rule(view)
        if found is not None:
            settings, reason = found
            return Guess(Column.model_validate({"name": name, **settings}), reason, evidence)
    return Guess(Column(name=name), _filled(evidence), evidence)


def find_currency(guesses: Sequence[Guess]) -> str | None:
    """The one currency that names or values of the money columns tell; None when they tell none or several."""
    texts = [
        text for g in guesses if g.column.type == "money" for text in (g.column.name, *g.evidence.common)
    ]
    found = {code for text in texts for sign, code in SIGNS.items() if sign in text}
    return found.pop() if len(found) == 1 else None


def uses_decimal_comma(evidence: Evidence, *, has_cells: bool) -> bool:
    """True when amounts in this column end in a comma and one or two digits, and never in a point and digits.

    `has_cells`: in a workbook, a number that is none but in its looks has a point in every country.
    """
    return (
        evidence.fits["comma_fraction"] > 0
        and evidence.fits["money_comma"] >= 0.5 * evidence.seen
        and (has_cells or evidence.fits["point_fraction"] < evidence.fits["comma_fraction"])
    )


@dataclass(frozen=True)
class _View:
    connection: duckdb.DuckDBPyConnection
    raw: str
    evidence: Evidence
    country: Country

    def of(self, words: Collection[str]) -> bool:
        return is_named(self.raw, words)

    def fits(self, kind: str) -> int:
        return self.evidence.fits[kind + ("_comma" if self.country.decimal == "," else "")]

    def says(self, count: int, what: str) -> str:
        return f"{count:,} of {self.evidence.seen:,} {what}"


Found = tuple[dict[str, object], str] | None


def _json(view: _View) -> Found:
    count = view.evidence.fits["json"]
    return ({"type": "json"}, view.says(count, "are JSON")) if view.evidence.share("json") > 0.9 else None


def _email(view: _View) -> Found:
    count = view.evidence.fits["email"]
    if view.evidence.share("email") < (0.3 if view.of(("email", "mail")) else 0.7):
        return None
    return {"type": "email"}, view.says(count, "are addresses")


def _flag(view: _View) -> Found:
    fits, seen = view.evidence.fits, view.evidence.seen
    if fits["flag"] < NEARLY_ALL * seen or view.evidence.distinct > 6:
        return None
    if set(view.evidence.common) <= {"0", "1"} and not view.of(FLAGS):
        return None
    told = view.says(fits["flag"], f"are yes or no ({', '.join(view.evidence.common[:4])})")
    said = {value.lower() for value in view.evidence.common}
    if fits["parsed_flag"] == fits["flag"]:
        return {"type": "boolean"}, told
    words = [*sorted(said - NOES)[:1], *sorted(said & NOES)[:1]]
    return ({"type": "boolean", "values": words}, told) if len(said) <= 2 and said - NOES else None


def _instant(view: _View) -> Found:
    count = view.evidence.fits["instant"]
    if count < NEARLY_ALL * view.evidence.seen:
        return None
    return {"type": "timestamp"}, view.says(count, "are times with a zone")


def _moment(view: _View) -> Found:
    kind = "timestamp" if view.evidence.timestamps else "date"
    counts = view.evidence.timestamps or view.evidence.dates
    if not counts or view.of(PHONES):
        return None
    formats, doubt = _choose_formats(view, counts)
    if not formats:
        return None
    count = covered(view.connection, view.evidence, formats)
    reason = view.says(count, f"fit {' or '.join(formats)}")
    if count >= NEARLY_ALL * view.evidence.seen:
        return {"type": kind, "formats": tuple(formats)}, reason + doubt
    if count >= 0.5 * view.evidence.seen:
        return {
            "type": "text"
        }, f"{reason}, {view.evidence.seen - count:,} do not: kept as text, so that no row is rejected"
    return None


def _choose_formats(view: _View, counts: dict[str, int]) -> tuple[list[str], str]:
    """The fewest formats that read what can be read, never both orders of day and month; and a doubt, if any."""
    month_first = view.country.month_first
    order = sorted(counts, key=lambda form: (-counts[form], _is_month_first(form) != month_first))
    chosen: list[str] = []
    read = 0
    for form in order:
        if chosen and _is_month_first(form) != _is_month_first(chosen[0]):
            continue
        more = covered(view.connection, view.evidence, [*chosen, form])
        if more > read:
            chosen, read = [*chosen, form], more
    twin = _twin(chosen[0]) if chosen else None
    if twin and counts.get(twin) == counts[chosen[0]]:
        return chosen, f"; {'day' if month_first else 'month'} first would fit as well: look at them"
    return chosen, ""


def _is_month_first(form: str) -> bool:
    return form.startswith("%m")


def _twin(form: str) -> str | None:
    """The same format with day and month the other way round."""
    if form.startswith(("%d/%m", "%d-%m", "%d.%m")):
        return f"%m{form[2]}%d{form[5:]}"
    if form.startswith(("%m/%d", "%m-%d")):
        return f"%d{form[2]}%m{form[5:]}"
    return None


def _postcode(view: _View) -> Found:
    return ({"type": "postcode"}, f"by its name; {_filled(view.evidence)}") if view.of(POSTCODES) else None


def _phone(view: _View) -> Found:
    share = view.evidence.share("phone")
    starts = sum(value.startswith(("+", "00", "0", "'+", "(")) for value in view.evidence.common)
    looks = share > 0.8 and starts > 0.8 * len(view.evidence.common) and not view.of(IDS)
    if looks and len("".join(view.evidence.common)) / len(view.evidence.common) < 9:
        looks = False
    if not (looks or (view.of(PHONES) and share > 0.4)):
        return None
    return {"type": "phone"}, view.says(view.evidence.fits["phone"], "look like telephone numbers")


def _number(view: _View) -> Found:
    evidence, seen = view.evidence, view.evidence.seen
    if view.of(IDS) and not evidence.fits["has_unit"]:
        return None
    if evidence.fits["zero_led"] and evidence.distinct > 1:
        return None  # leading zeros mean something: a number would lose them
    fraction = evidence.fits["comma_fraction" if view.country.decimal == "," else "point_fraction"]
    if view.fits("money") < NEARLY_ALL * seen:
        return None
    if evidence.fits["has_unit"] or (view.of(MONEY) and (fraction or view.of(("eur", "gbp", "usd")))):
        return {"type": "money"}, view.says(view.fits("money"), "are amounts")
    if view.fits("integer") >= NEARLY_ALL * seen:
        return {"type": "integer"}, view.says(view.fits("integer"), "are whole numbers")
    if view.fits("decimal") >= NEARLY_ALL * seen:
        return {"type": "decimal"}, view.says(view.fits("decimal"), "are numbers")
    return None


def _by_name(view: _View) -> Found:
    told = f"by its name; {_filled(view.evidence)}"
    if view.of(COUNTRIES) and view.evidence.share("letters") > 0.8:
        return {"type": "country"}, told
    if view.of(CURRENCIES) and view.evidence.share("three_letters") > 0.9:
        return {"type": "currency"}, told
    if view.of(ADDRESSES) and not view.of(("ip",)):
        return {"type": "address"}, told
    if view.of(NAMES) and not view.of(NOT_PEOPLE) and view.evidence.share("letters") > 0.8:
        return {"type": "name"}, f"{told}, like {_shape(view.evidence)}"
    return None


def _shape(evidence: Evidence) -> str:
    """`Family, Given` or `Given Family`: the order, without printing anybody's name."""
    commas = sum("," in value for value in evidence.common)
    return "`Family, Given`" if commas > len(evidence.common) / 2 else "`Given Family`"


def _category(view: _View) -> Found:
    evidence = view.evidence
    if evidence.filled < 20 or not 1 < evidence.distinct <= min(12, evidence.filled // 5):
        return None
    values = tuple(sorted(evidence.common))
    told = f"{evidence.distinct} different values in {evidence.filled:,} rows"
    return {"type": "category", "values": values}, told


def _filled(evidence: Evidence) -> str:
    return f"{evidence.filled:,} of {evidence.rows:,} filled, {evidence.distinct:,} different"


_RULES: tuple[Callable[[_View], Found], ...] = (
    _json, _email, _flag, _instant, _postcode, _moment, _phone, _number, _by_name, _category,
)  # fmt: skip
