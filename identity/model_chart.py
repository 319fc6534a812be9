"""A trained model as a chart: what each degree of agreement of each field is worth, as a Vega-Lite specification.

Stored with the model, so that an old version can still be looked at; drawing it is the business of `model_page.py`.
"""

from __future__ import annotations

import math
from typing import Any

from identity import model, scoring

# readable on white and on black; for and against are also told by their side of zero
FOR, AGAINST = "#2f8f6b", "#d1603d"


def weights_chart(settings: dict[str, Any]) -> dict[str, Any]:
    """One bar per field and level, in bits: log2 of its share among matches over its share among strangers."""
    rows = [
        {
            "field": definition.name.replace("_", " "),
            "level": defined.label,
            "place": f"{place:02d}",
            "bits": round(math.log2(float(level["m_probability"]) / float(level["u_probability"])), 2),
        }
        for comparison, definition in zip(settings["comparisons"], model.COMPARISONS, strict=True)
        for place, (level, defined) in enumerate(
            zip(scoring.levels_of(comparison), definition.levels, strict=True)
        )
    ]
    bars = {
        "mark": {"type": "bar", "height": 11},
        "encoding": {
            "y": {
                "field": "level",
                "type": "nominal",
                "sort": {"field": "place"},
                "title": None,
                "axis": {"labelLimit": 260, "minExtent": 190},
            },
            "x": {"field": "bits", "type": "quantitative", "title": "bits for (right) or against (left)"},
            "color": {"condition": {"test": "datum.bits < 0", "value": AGAINST}, "value": FOR},
        },
        "width": 520,
        "height": {"step": 17},
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": rows},
        "facet": {
            "row": {
                "field": "field",
                "type": "nominal",
                "sort": [definition.name.replace("_", " ") for definition in model.COMPARISONS],
                "title": None,
                "header": {
                    "labelAngle": 0,
                    "labelAlign": "left",
                    "labelAnchor": "start",
                    "labelOrient": "top",
                    "labelFontWeight": "bold",
                },
            }
        },
        "spec": bars,
        "resolve": {"scale": {"y": "independent"}},
    }
