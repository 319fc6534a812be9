"""How charts look: colours that can be read on white and on black, and SVG that takes its text colour from the page.

What is drawn is decided in `charts.py`.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

import vl_convert

from reports.colours import PALETTE

Spec = dict[str, Any]
# total widths in pixels: a desktop or a sheet of paper, and a phone of 360
WIDE, NARROW = 760, 340

CHART_STYLE: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "gridColor": "#8883",
        "domainColor": "#8888",
        "tickColor": "#8888",
        "titleFontWeight": "normal",
        "labelFontSize": 11,
        "labelSeparation": 8,
        "titleFontSize": 11,
    },
    "legend": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "orient": "top",
        "title": None,
        "labelFontSize": 11,
        "labelLimit": 140,
        "columnPadding": 16,  # a browser's own font may be wider than the one the chart was laid out with
        "symbolType": "square",
    },
    "text": {"color": "currentColor", "fontSize": 11},
    "range": {"category": PALETTE},
}


@dataclass(frozen=True)
class Drawn:
    """One chart as SVG text in both widths; style sheets show the one that fits."""

    wide: str
    narrow: str


_numbers = itertools.count()


def to_svg(spec: Spec) -> str:
    """The chart as SVG. Its ids are made different from those of every other chart: a page has many."""
    svg: str = vl_convert.vegalite_to_svg(spec, config=CHART_STYLE)
    own = f"c{next(_numbers)}_"
    return re.sub(r'(id="|url\(#|href="#)', lambda found: found[1] + own, svg)
