"""Charts as Vega-Lite specifications: pure functions of rows, so that what a chart shows can be tested without drawing it.

What rows mean, where they come from and what is said about them stands in the sections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from reports.chart_style import WIDE, Spec
from reports.colours import MAIN, PALETTE, SECOND
from reports.published import Row

_ROW = 24


def columns(rows: Sequence[Row], width: int, *, title: str) -> Spec:
    """Columns over time. A row: label (of the stretch), value; in the order of time.

    A row's series, where it has one, stand side by side in the order of appearance.
    """
    has_series = "series" in rows[0]
    is_flat = width >= WIDE and len(rows) < 30
    base = alt.Chart(_data(rows)).mark_bar()
    color = _series_color([row["series"] for row in rows], width) if has_series else alt.value(MAIN)
    chart = base.encode(
        x=alt.X(
            "label:N",
            sort=None,
            title=None,
            axis=alt.Axis(
                labelAngle=0 if is_flat else -90,
                labelOverlap=True,
                minExtent=0 if is_flat else _extent(row["label"] for row in rows),
            ),
        ),
        y=alt.Y(
            "value:Q",
            title=title,
            axis=alt.Axis(
                format=",.0f",
                tickCount=5,
                tickMinStep=1,
                minExtent=_extent(f"{row['value'] or 0:,.0f}" for row in rows),
                titlePadding=8,
            ),
        ),
        color=color,
        **({"xOffset": alt.XOffset("series:N", sort=None)} if has_series else {}),
    )
    return _sized(chart, width, 240)


def ranked_bars(rows: Sequence[Row], width: int, *, title: str) -> Spec:
    """A bar per row, in the rows' order, with its text at the end. A row: label, value, text."""
    base = _labelled(rows, width)
    largest = max(row["value"] for row in rows)
    # room for the text beside the longest bar, in units of the axis
    plot = width - _label_extent(rows, width) - 10
    text = 7.2 * max(len(row["text"]) for row in rows) + 8
    room = largest * plot / max(plot - text, plot / 4) or 1
    bars = base.mark_bar(height=15, color=MAIN).encode(
        x=alt.X(
            "value:Q",
            title=title,
            scale=alt.Scale(domain=[0, room], nice=False),
            axis=alt.Axis(format=",.0f", tickCount=4, tickMinStep=1),
        )
    )
    texts = base.mark_text(align="left", dx=5, color="currentColor").encode(x="value:Q", text="text:N")
    return _sized(bars + texts, width, _ROW * len(rows) + 45)


def stacked_bars(rows: Sequence[Row], width: int, *, title: str) -> Spec:
    """A bar per label, made of the values of its series. A row: label, series, value."""
    labels = list(dict.fromkeys(row["label"] for row in rows))
    chart = (
        _labelled(rows, width)
        .mark_bar(height=17)
        .encode(
            x=alt.X(
                "value:Q", title=title, axis=alt.Axis(format="~s" if width < WIDE else ",.0f", tickCount=5)
            ),
            color=_series_color([row["series"] for row in rows], width),
            order=alt.Order("place:Q"),
        )
    )
    return _sized(chart, width, _ROW * len(labels) + 45 + _legend_height(rows, width))


def grouped_bars(rows: Sequence[Row], width: int, *, title: str) -> Spec:
    """Bars side by side in each label's group, one per series. A row: label, series, value."""
    labels = list(dict.fromkeys(row["label"] for row in rows))
    series = list(dict.fromkeys(row["series"] for row in rows))
    chart = (
        _labelled(rows, width)
        .mark_bar()
        .encode(
            x=alt.X(
                "value:Q", title=title, axis=alt.Axis(format="~s" if width < WIDE else ",.0f", tickCount=5)
            ),
            yOffset=alt.YOffset("series:N", sort=series),
            color=alt.Color(
                "series:N", sort=series, scale=alt.Scale(domain=series, range=[SECOND, MAIN, *PALETTE[2:]])
            ),
        )
    )
    return _sized(chart, width, (16 * len(series) + 10) * len(labels) + 70)


def heat_map(rows: Sequence[Row], width: int, *, title: str) -> Spec:
    """Cells by row label and column, darker for more, with their text. A row: label, column, value (0-1), text."""
    labels = list(dict.fromkeys(row["label"] for row in rows))
    strongest = max(row["value"] for row in rows) or 1
    base = alt.Chart(_data(rows)).encode(
        x=alt.X(
            "column:O",
            title=title,
            axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
        ),
        y=alt.Y(
            "label:N",
            sort=None,
            title=None,
            axis=alt.Axis(domain=False, ticks=False, labelLimit=150, minExtent=_extent(labels)),
        ),
    )
    cells = base.mark_rect(color=MAIN).encode(
        opacity=alt.Opacity(
            "value:Q", legend=None, scale=alt.Scale(domain=[0, strongest], range=[0.06, 0.75])
        )
    )
    texts = base.mark_text(fontSize=11 if width >= WIDE else 10, color="currentColor").encode(text="text:N")
    return _sized(cells + texts, width, 22 * len(labels) + 40)


def _labelled(rows: Sequence[Row], width: int) -> alt.Chart:
    limit, extent = _label_limit(width), _label_extent(rows, width)
    return alt.Chart(_data(rows)).encode(
        y=alt.Y(
            "label:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelLimit=limit, minExtent=extent, ticks=False, domain=False),
        )
    )


def _label_limit(width: int) -> int:
    return 260 if width >= WIDE else 145


def _label_extent(rows: Sequence[Row], width: int) -> float:
    return min(_label_limit(width), _extent(row["label"] for row in rows))


def _extent(labels: Iterable[str]) -> float:
    """Room for the labels of an axis: a browser's own font may be wider than the one the chart was laid out with."""
    return 6.8 * max(map(len, labels)) + 4


def _series_color(names: Sequence[str], width: int) -> alt.Color:
    series = list(dict.fromkeys(names))
    return alt.Color(
        "series:N",
        sort=series,
        scale=alt.Scale(domain=series, range=[PALETTE[i % len(PALETTE)] for i in range(len(series))]),
        legend=alt.Legend(columns=0 if width >= WIDE else 2),
    )


def _legend_height(rows: Sequence[Row], width: int) -> int:
    return 25 if width >= WIDE else 18 * ((len({row["series"] for row in rows}) + 1) // 2) + 10


def _data(rows: Sequence[Row]) -> alt.InlineData:
    places: dict[Any, int] = {}
    placed = [{**row, "place": places.setdefault(row.get("series"), len(places))} for row in rows]
    return alt.InlineData(values=placed)


def _sized(chart: alt.Chart | alt.LayerChart, width: int, height: int) -> Spec:
    spec: Spec = chart.properties(
        width=width, height=height, autosize=alt.AutoSizeParams(type="fit", contains="padding")
    ).to_dict()
    return spec
