"""The explanation of one customer as a static page: records side by side, a waterfall per link, the history.

One file without scripts that opens offline and prints; what it says comes from `explanation.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import altair as alt
import vl_convert
from jinja2 import Environment, PackageLoader, select_autoescape

from identity.explanation import Edge, Explanation

# columns of the record table and what they are called; a column that is empty for every record is left out
FIELDS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "Email",
    "phone": "Phone",
    "street": "Street",
    "city": "City",
    "postcode": "Postcode",
    "birth_date": "Born",
    "loyalty_id": "Loyalty id",
    "web_user_id": "Web account",
}
LINKS_SHOWN = 12
# readable on white and on black; for and against are also told by their side of zero and by sign
_FOR, _AGAINST, _TOTAL = "#2f8f6b", "#d1603d", "#6b7fb5"

PAGES = Environment(
    loader=PackageLoader("identity"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(explanation: Explanation, *, made_at: datetime) -> str:
    """The whole page as HTML text. `made_at` is naive UTC and stands in the footer."""
    shown = explanation.path[:LINKS_SHOWN]
    return PAGES.get_template("explanation.html").render(
        e=explanation,
        fields=_used_fields(explanation),
        links=[
            (edge, waterfall_svg(edge), waterfall_svg(edge, narrow=True), edge == explanation.weakest_bridge)
            for edge in shown
        ],
        hidden=len(explanation.path) - len(shown),
        sources=len({record["source"] for record in explanation.records}),
        made_at=made_at,
    )


def waterfall(edge: Edge, *, narrow: bool = False) -> dict[str, Any]:
    """A Vega-Lite specification: what each field adds to a link's match weight, in bits, from nothing to the total."""
    width, limit = (125, 160) if narrow else (560, 320)
    rows, total = [], 0.0
    for place, (name, level, weight) in enumerate(edge.fields):
        label = (f"{name}: {level}" if level else name).replace("_", " ")
        rows.append(_bar(place, label, total, total + weight, "for" if weight >= 0 else "against", weight))
        total += weight
    rows.append(_bar(len(rows), "all together", 0.0, edge.weight, "total", edge.weight))
    # a browser's own font may be wider than the one the chart was laid out with
    lines = [line for row in rows for line in row["label"].split(": " if narrow else "\n")]
    extent = min(limit, 6 * max(map(len, lines)))
    base = alt.Chart({"values": rows}).encode(
        y=alt.Y(
            "label:N",
            sort=alt.SortField("place"),
            title=None,
            # where there is little room, what is compared stands above how it agrees
            axis=alt.Axis(
                labelLimit=0.85 * limit,
                minExtent=extent,
                labelExpr="split(datum.label, ': ')" if narrow else "datum.label",
            ),
        )
    )
    bars = base.mark_bar(height=14).encode(
        x=alt.X(
            "start:Q",
            title="match weight in bits" + ("" if narrow else " (each bit doubles the odds)"),
            axis=alt.Axis(tickCount=4 if narrow else 10, labelSeparation=6),
        ),
        x2="end:Q",
        color=alt.Color(
            "kind:N",
            legend=None,
            scale=alt.Scale(domain=["for", "against", "total"], range=[_FOR, _AGAINST, _TOTAL]),
        ),
    )
    numbers = base.mark_text(align="left", dx=4, fontSize=11, color="currentColor").encode(
        x=alt.X("right:Q"), text="text:N"
    )
    spec: dict[str, Any] = (
        (bars + numbers).properties(width=width, height=alt.Step(30 if narrow else 22)).to_dict()
    )
    return spec


def waterfall_svg(edge: Edge, *, narrow: bool = False) -> str:
    """The waterfall as SVG that takes its text colour from the page; `narrow` is for a phone."""
    svg: str = vl_convert.vegalite_to_svg(waterfall(edge, narrow=narrow), config=CHART_STYLE)
    return svg


CHART_STYLE: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "gridColor": "#8884",
        "domainColor": "#8888",
        "tickColor": "#8888",
        "titleFontWeight": "normal",
    },
    "legend": {"labelColor": "currentColor", "titleColor": "currentColor"},
    "header": {"labelColor": "currentColor", "titleColor": "currentColor"},
    "title": {"color": "currentColor"},
}


def _bar(place: int, label: str, start: float, end: float, kind: str, weight: float) -> dict[str, Any]:
    # the place keeps rows of one label apart
    return {
        "place": place,
        "label": label,
        "start": round(start, 3),
        "end": round(end, 3),
        "right": round(max(start, end), 3),
        "kind": kind,
        "text": f"{weight:+.1f}".replace("-", "−"),
    }


def _used_fields(explanation: Explanation) -> dict[str, str]:
    return {
        key: name for key, name in FIELDS.items() if any(record.get(key) for record in explanation.records)
    }
