"""The page as Chromium lays it out: at the width of a phone and of a desktop, in light and dark, on paper, and offline."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reports.lineage.data_map import render_map
from reports.lineage.graph import Column, Field, Graph, Table
from reports.page import render_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)")

# what is seen, told to the frame around the page (a window is never narrower than 500); a text counts as cut when it reaches out of its chart.
# Contrast is that of WCAG 2.2: the luminance of a text's colour against everything painted below it, opacity included
PROBE = """
<script>addEventListener('load', () => {
  const canvas = document.body.appendChild(document.createElement('i'));
  canvas.style.background = 'Canvas';
  const rgba = colour => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const paper = rgba(getComputedStyle(canvas).backgroundColor);
  const over = (top, alpha, below) => below.map((value, i) => i < 3 ? top[i] * alpha + value * (1 - alpha) : 1);
  const faded = element => { let all = 1; for (; element; element = element.parentElement) all *= getComputedStyle(element).opacity; return all; };
  const paint = (element, kind) => getComputedStyle(element)[kind] === 'none' ? [0, 0, 0, 0] : rgba(getComputedStyle(element)[kind]);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const below = (element, at) => document.elementsFromPoint(at.left + at.width / 2, at.top + at.height / 2).reverse()
    .filter(other => other !== element && !other.contains(element) || getComputedStyle(other).backgroundColor !== 'rgba(0, 0, 0, 0)')
    .filter(other => other.tagName !== 'text')
    .reduce((ground, other) => { const top = other instanceof SVGElement ? paint(other, 'fill') : paint(other, 'backgroundColor');
      return over(top, top[3] * faded(other) * (other instanceof SVGElement && other.tagName !== 'svg' && other.tagName !== 'g'
        ? getComputedStyle(other).fillOpacity : other instanceof SVGElement ? 0 : 1), ground); }, paper);
  const contrast = element => {
    const at = element.getBoundingClientRect(), ground = below(element, at);
    const ink = paint(element, element.tagName === 'text' ? 'fill' : 'color');
    const [one, two] = [light(over(ink, ink[3] * faded(element), ground)), light(ground)].sort((a, b) => b - a);
    return (one + 0.05) / (two + 0.05);
  };
  const texts = [...document.querySelectorAll('body *')].filter(element => element.getBoundingClientRect().width
    && [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()));
  const faint = texts.map(element => [element.textContent.slice(0, 40), contrast(element)]).filter(([, value]) => value < 4.5);
  const seen = [...document.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width > 0);
  const cut = seen.flatMap(svg => { const box = svg.getBoundingClientRect(); return [...svg.querySelectorAll('text')].filter(text => {
    const at = text.getBoundingClientRect();
    return at.width && (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 1 || at.bottom > box.bottom + 1);
  }).map(text => text.textContent); });
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  const on_each_other = seen.flatMap(svg => { const all = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    return all.flatMap(([text, at], i) => all.slice(i + 1).filter(([, other]) => meet(at, other)).map(([other]) => text + ' / ' + other)); });
  const style = getComputedStyle(document.body);
  parent.postMessage(JSON.stringify({
    width: innerWidth, overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth, charts: seen.length, cut, on_each_other, faint, texts: texts.length,
    dark: matchMedia('(prefers-color-scheme: dark)').matches, ink: style.color,
    chart_ink: [...new Set(seen.flatMap(svg => [...svg.querySelectorAll('text')].map(text => getComputedStyle(text).fill)))],
    fetched: performance.getEntriesByType('resource').length,
  }), '*');
});</script></body>
"""
FRAME = """
<!doctype html><meta name="color-scheme" content="light dark">
<script>addEventListener('message', told => document.documentElement.setAttribute('data-probe', told.data));</script>
<iframe src="page.html" style="width: {width}px; height: 14000px; border: 0"></iframe>
"""
CHARTS = 9
EMAIL = Field("Address.", "user.contact.email")


def chromium(folder: Path, *arguments: str) -> str:
    finished = subprocess.run(
        [
            *(
                str(CHROMIUM),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-sync",
            ),
            *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder / 'profile'}", *arguments),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def page_text(view) -> str:
    return render_page(view, [], made_at=datetime(2026, 4, 1, 6, 0))


def look(text: str, folder: Path, width: int, *, dark: bool) -> dict[str, Any]:
    (folder / "page.html").write_text(text.replace("</body>", PROBE), encoding="utf-8")
    path = folder / "frame.html"
    path.write_text(FRAME.format(width=width), encoding="utf-8")
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    shown = chromium(folder, scheme, "--window-size=1500,2200", "--dump-dom", path.as_uri())
    told = re.search(r'data-probe="([^"]*)"', shown)
    assert told, shown[:500]
    found: dict[str, Any] = json.loads(html.unescape(told[1]))
    return found


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_fits_and_its_charts_are_whole_and_readable(page_text, tmp_path, width, dark):
    seen = look(page_text, tmp_path, width, dark=dark)
    assert (seen["width"], seen["overflow"], seen["dark"], seen["fetched"]) == (width, 0, dark, 0)
    assert seen["charts"] == CHARTS, "each chart once, in the width that fits"
    assert (seen["cut"], seen["on_each_other"]) == ([], [])
    assert seen["texts"] > 100 and seen["faint"] == []
    ink = "rgb(255, 255, 255)" if dark else "rgb(0, 0, 0)"
    assert seen["ink"] == ink
    assert seen["chart_ink"] == [ink], "texts of charts have the page's colour"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_data_map_fits_and_can_be_read(tmp_path, width, dark):
    seen = look(
        render_map(small_graph(), {}, made_at=datetime(2026, 4, 1, 6, 0), as_of=None),
        tmp_path,
        width,
        dark=dark,
    )
    assert (seen["overflow"], seen["dark"], seen["fetched"], seen["charts"]) == (0, dark, 0, 1)
    assert (seen["cut"], seen["on_each_other"], seen["faint"]) == ([], [], [])


def small_graph() -> Graph:
    """Nine sources that deliver an address, and nine tools that get it: as many as the sandbox has, with long names."""
    tables = {
        "customers": Table(
            "customers", "marts", "One row per `customer`.", "analytics", fields={"email": EMAIL}
        )
    }
    made_of: dict[Column, dict[Column, bool]] = {Column("customers", "email"): {}}
    for place in range(9):
        raw, sync = f"raw.source_number_{place}_contacts_with_a_long_name", f"tool_{place}_contacts"
        tables[raw] = Table(raw, "raw", source=f"source_{place}", fields={"email_address": EMAIL})
        fields = [f"FIELD_{number}" for number in range(place + 1)]
        tables[sync] = Table(sync, "destination", source=f"tool_{place}", fields=dict.fromkeys(fields, EMAIL))
        made_of[Column("customers", "email")][Column(raw, "email_address")] = True
        made_of |= {Column(sync, field): {Column("customers", "email"): True} for field in fields}
    return Graph(tables, made_of)


def test_a_page_without_anything_fits_too(empty_view, tmp_path):
    text = render_page(empty_view, [], made_at=datetime(2026, 4, 1, 6, 0))
    seen = look(text, tmp_path, 390, dark=True)
    assert (seen["overflow"], seen["charts"]) == (0, 0)


def test_the_page_prints(page_text, tmp_path):
    (tmp_path / "page.html").write_text(page_text, encoding="utf-8")
    chromium(
        tmp_path,
        f"--print-to-pdf={tmp_path / 'page.pdf'}",
        "--no-pdf-header-footer",
        (tmp_path / "page.html").as_uri(),
    )
    printed = (tmp_path / "page.pdf").read_bytes()
    assert printed.startswith(b"%PDF") and 2 <= len(re.findall(rb"/Type /Page\b", printed)) <= 12
