"""A measurement as a static page: figures beside exact matching, how they move with the cut, and what was merged wrongly.

One file without scripts that opens offline; what it says comes from `evaluation.py`, `sweep.py` and `mistakes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import altair as alt
import vl_convert

from identity.explanation_page import CHART_STYLE, PAGES
from identity.mistakes import OverMerge
from identity.rules import LIMITS
from identity.sweep import SweepPoint

FIGURES = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "b_cubed_precision": "B³ precision",
    "b_cubed_recall": "B³ recall",
    "b_cubed_f1": "B³ F1",
    "exact_cluster_rate": "Exact clusters",
}
COUNTS = {
    "largest_cluster": "Records of the largest customer",
    "over_merges": "Customers with several persons",
    "records": "Records",
    "persons": "Persons",
    "customers": "Customers",
}
LINES = {"precision": "precision", "recall": "recall", "f1": "F1", "b_cubed_f1": "B³ F1"}
MERGES_SHOWN = 100
# told apart by dash as well as by colour; readable on white and on black
_COLOURS = ["#6b7fb5", "#d1603d", "#2f8f6b", "#b08a2e"]


def render_page(
    title: str,
    measured: Mapping[str, Mapping[str, float]],
    points: Sequence[SweepPoint],
    merges: Sequence[OverMerge],
    *,
    made_at: datetime,
) -> str:
    """The whole page as HTML text. `measured` is method → figures; `made_at` is naive UTC."""
    return PAGES.get_template("evaluation.html").render(
        title=title,
        figures=FIGURES,
        counts=COUNTS,
        measured=measured,
        chart=vl_convert.vegalite_to_svg(sweep_chart(points), config=CHART_STYLE) if points else "",
        cut=LIMITS.cut,
        merges=merges[:MERGES_SHOWN],
        hidden=max(0, len(merges) - MERGES_SHOWN),
        made_at=made_at,
    )


def sweep_chart(points: Sequence[SweepPoint]) -> dict[str, Any]:
    """A Vega-Lite specification: precision, recall, F1 and B-cubed F1 over the cut, with the shipped cut marked."""
    rows = [
        {"cut": point.cut, "figure": label, "value": round(point.measured[name], 5)}
        for point in points
        for name, label in LINES.items()
    ]
    lowest = min(point.measured[name] for point in points for name in LINES)
    scale = alt.Scale(domain=[max(0.0, lowest - 0.02), 1.0], nice=False)
    order, legend = list(LINES.values()), alt.Legend(symbolType="stroke", symbolSize=400)
    lines = (
        alt.Chart({"values": rows})
        .mark_line(point=True)
        .encode(
            x=alt.X("cut:Q", title="cut in bits: clusters join while their average weight is above it"),
            y=alt.Y("value:Q", title=None, scale=scale),
            color=alt.Color(
                "figure:N",
                title=None,
                sort=order,
                legend=legend,
                scale=alt.Scale(domain=order, range=_COLOURS),
            ),
            strokeDash=alt.StrokeDash(
                "figure:N", title=None, sort=order, legend=legend, scale=alt.Scale(domain=order)
            ),
        )
    )
    shipped = (
        alt.Chart({"values": [{"cut": LIMITS.cut}]})
        .mark_rule(color="#888", strokeDash=[3, 3])
        .encode(x="cut:Q")
    )
    spec: dict[str, Any] = (shipped + lines).properties(width=620, height=280).to_dict()
    return spec
