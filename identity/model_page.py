"""A model version as a static page: what agreement is worth, and how the training went.

One file without scripts that opens offline; what it says comes from `training.py`.
"""

from __future__ import annotations

from datetime import datetime

import vl_convert

from identity.explanation_page import CHART_STYLE, PAGES
from identity.training import StoredModel


def render_page(stored: StoredModel, *, made_at: datetime) -> str:
    """The whole page as HTML text. `made_at` is naive UTC."""
    chart = stored.diagnostics.get("charts", {}).get("weights")
    return PAGES.get_template("model.html").render(
        stored=stored,
        prior=float(stored.settings["probability_two_random_records_match"]),
        rounds=stored.diagnostics.get("rounds", []),
        labels=stored.diagnostics.get("labels", {}),
        chart=vl_convert.vegalite_to_svg(chart, config=CHART_STYLE) if chart else "",
        made_at=made_at,
    )
