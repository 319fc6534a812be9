"""Headless Chromium for pages that people open: what it lays out at a width, in light or dark, as figures to assert.

Which pages there are and what must hold for them belongs in each room's own tests.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)")
IN_ALL_FORMS = [
    pytest.param(width, dark, id=f"{device}-{'dark' if dark else 'light'}")
    for device, width in (("phone", 390), ("desktop", 1280))
    for dark in (False, True)
]

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
    const words = document.createRange();
    words.selectNodeContents([...element.childNodes].find(node => node.nodeType === 3 && node.textContent.trim()));
    const at = words.getClientRects()[0] ?? element.getBoundingClientRect(), ground = below(element, at);
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
  const words = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) if (node.textContent.trim() && !node.parentElement.closest('svg, script, style')) {
    const range = document.createRange(); range.selectNodeContents(node);
    for (const at of range.getClientRects()) words.push([node.textContent.trim().slice(0, 40), at]); }
  on_each_other.push(...words.flatMap(([text, at], i) => words.slice(i + 1).filter(([, other]) => meet(at, other)).map(([other]) => text + ' / ' + other)));
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


def chromium(folder: Path, *arguments: str) -> str:
    """What Chromium prints, with a profile in `folder` and no way to any network."""
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


def look(text: str, folder: Path, width: int, *, dark: bool) -> dict[str, Any]:
    """What a page shows at a width in pixels: the names are those of the script above."""
    (folder / "page.html").write_text(text.replace("</body>", PROBE), encoding="utf-8")
    path = folder / "frame.html"
    path.write_text(FRAME.format(width=width), encoding="utf-8")
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    shown = chromium(folder, scheme, "--window-size=1500,2200", "--dump-dom", path.as_uri())
    told = re.search(r'data-probe="([^"]*)"', shown)
    assert told, shown[:500]
    found: dict[str, Any] = json.loads(html.unescape(told[1]))
    return found
