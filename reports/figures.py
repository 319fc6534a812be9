"""Numbers as people read them: money with its sign, rates as per cent, changes in words.

How many digits help and which way is good, is decided here; values come from the tables.
"""

from __future__ import annotations

from dataclasses import dataclass

_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
NOTHING = "–"


def money(value: float | None, currency: str, *, cents: bool | None = None) -> str:
    """£1,234.50; from 1,000 on without cents, unless asked for."""
    if value is None:
        return NOTHING
    digits = 2 if (abs(value) < 1000 if cents is None else cents) else 0
    text = f"{abs(value):,.{digits}f}"
    minus = "−" if round(value, digits) < 0 else ""
    sign = _SIGNS.get(currency)
    if sign:
        return f"{minus}{sign}{text}"
    return (
        f"{minus}{text} {currency}" if len(currency) == 3 else f"{minus}{text}"
    )  # a code, not words for one


def count(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}".replace("-", "−")


def per_cent(value: float | None, digits: int = 0) -> str:
    """0.125 → 13 %, or with a digit 12.5 %."""
    return NOTHING if value is None else f"{value:.{digits}%}".replace("-", "−").replace("%", "\u00a0%")


def figure(value: float | None, unit: str, currency: str) -> str:
    """A metric's value with its unit: money, count, rate, ratio, points, hours, days …"""
    if value is None:
        return NOTHING
    if unit == "money":
        return money(value, currency)
    forms = {"count": count(value), "rate": per_cent(value, 1), "ratio": f"{value:,.2f}\u00a0×"}
    return forms.get(unit, f"{value:,.1f}\u00a0{unit}".replace("-", "−"))


def unit_in_words(unit: str, currency: str) -> str:
    """What a value is counted in: GBP, number, per cent, times, points, hours, days."""
    return {"money": currency, "count": "number", "rate": "per cent", "ratio": "times"}.get(unit, unit)


@dataclass(frozen=True)
class Change:
    """A change in words, with an arrow; `mood` is good, bad or same."""

    arrow: str
    words: str
    mood: str


def change(current: float | None, previous: float | None, unit: str, better: str, currency: str) -> Change:
    """How a metric moved against the period before, and whether that is good (`better` is up, down or neither)."""
    if current is None:
        return Change("", "nothing was measured in this period", "same")
    if previous is None:
        return Change("", "nothing to compare with in the period before", "same")
    before = figure(previous, unit, currency)
    if figure(current, unit, currency) == before:
        return Change("■", f"the same as before ({before})", "same")
    went = "up" if current > previous else "down"
    arrow = "▲" if went == "up" else "▼"
    told = f"{went} {_size(current, previous, unit)} from {before}".replace("  ", " ")
    if better not in ("up", "down"):
        return Change(arrow, told, "same")
    is_good = went == better
    return Change(arrow, f"{told}, {'better' if is_good else 'worse'}", "good" if is_good else "bad")


def _size(current: float, previous: float, unit: str) -> str:
    if unit == "rate":
        return f"{abs(current - previous) * 100:.1f} points"
    if unit == "points" or previous == 0:
        return ""
    share = abs(current - previous) / abs(previous)
    return per_cent(share, 1 if share < 0.1 else 0) if share < 10 else f"{share + 1:,.0f}-fold"
