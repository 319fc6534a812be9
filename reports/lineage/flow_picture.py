"""The picture of the data map: sources on the left, tools on the right, and a band for everything that flows between them.

Only places and lengths are worked out here; the template draws them, and what flows is read in `data_map.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.colours import MANY

_GAP = 16  # between two names, in pixels; so is everything below
_LEAST = 18  # a name needs this much room, however little flows
_PER_FIELD = 1.6


@dataclass(frozen=True, slots=True)
class Flow:
    """What of one source's delivered data ends in one tool: its raw columns, the remote fields, the privacy classes."""

    source: str
    destination: str
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    personal_data: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """One flow: the middle of its two ends, its width, its colour, and what is said of it."""

    left: float
    right: float
    width: float
    colour: str
    told: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Names with the middle of their place, and the bands between them."""

    height: float
    left: tuple[tuple[str, float], ...]
    right: tuple[tuple[str, float], ...]
    bands: tuple[Band, ...]


def draw(flows: Sequence[Flow]) -> Picture:
    """Bands of one name lie beside each other, those of one source in one colour."""
    sources = _places(flows, "source")
    tools = _places(flows, "destination")
    colours = {name: MANY[place % len(MANY)] for place, name in enumerate(sources)}
    left, right = _starts(sources, flows, "source"), _starts(tools, flows, "destination")
    bands = []
    for flow in flows:
        width = _width(flow)
        bands.append(
            Band(
                round(left[flow.source] + width / 2, 1),
                round(right[flow.destination] + width / 2, 1),
                width,
                colours[flow.source],
                f"{flow.source} to {flow.destination}: {len(flow.fields)} fields",
            )
        )
        left[flow.source] += width
        right[flow.destination] += width
    height = max([at + room / 2 for at, room in (*sources.values(), *tools.values())], default=0.0) + _GAP / 2
    return Picture(height, _middles(sources), _middles(tools), tuple(bands))


def _width(flow: Flow) -> float:
    return round(_PER_FIELD * len(flow.fields), 1)


def _places(flows: Sequence[Flow], end: str) -> dict[str, tuple[float, float]]:
    """Name → the middle of its place and how much room it takes, from top to bottom."""
    found: dict[str, tuple[float, float]] = {}
    at = _GAP / 2
    for name in sorted({getattr(flow, end) for flow in flows}):
        room = max(_LEAST, _bands_width(flows, end, name))
        found[name] = (at + room / 2, room)
        at += room + _GAP
    return found


def _starts(places: Mapping[str, tuple[float, float]], flows: Sequence[Flow], end: str) -> dict[str, float]:
    """Name → where its first band begins."""
    return {name: at - _bands_width(flows, end, name) / 2 for name, (at, _) in places.items()}


def _bands_width(flows: Sequence[Flow], end: str, name: str) -> float:
    return sum(_width(flow) for flow in flows if getattr(flow, end) == name)


def _middles(places: Mapping[str, tuple[float, float]]) -> tuple[tuple[str, float], ...]:
    return tuple((name, round(at, 1)) for name, (at, _) in places.items())
