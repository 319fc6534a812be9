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

from reports.page import render_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)")

# what is seen, told to the frame around the page (a window is never narrower than 500); a text counts as cut when it reaches out of its chart
PROBE = """
<script>addEventListener('load', () => {
  const seen = [...document.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width > 0);
  const cut = seen.flatMap(svg => { const box = svg.getBoundingClientRect(); return [...svg.querySelectorAll('text')].filter(text => {
    const at = text.getBoundingClientRect();
    return at.width && (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 1 || at.bottom > box.bottom + 1);
  }).map(text => text.textContent); });
  const style = getComputedStyle(document.body);
  parent.postMessage(JSON.stringify({
    width: innerWidth, overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth, charts: seen.length, cut,
    dark: matchMedia('(prefers-color-scheme: dark)').matches, ink: style.color,
    chart_ink: [...new Set(seen.flatMap(svg => [...svg.querySelectorAll('text')].map(text => getComputedStyle(text).fill)))],
    fetched: performance.getEntriesByType('resource').length,
  }), '*');
});</script></body>
"""
FRAME = """
<!doctype html><meta name="color-scheme" content="light dark">
<script>addEventListener('message', told => document.documentElement.setAttribute('data-probe', told.data));</script>
<iframe src="page.html" style="width: {width}px; height: 2000px; border: 0"></iframe>
"""
CHARTS = 9


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
    assert seen["cut"] == []
    ink = "rgb(255, 255, 255)" if dark else "rgb(0, 0, 0)"
    assert seen["ink"] == ink
    assert seen["chart_ink"] == [ink], "texts of charts have the page's colour"


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
