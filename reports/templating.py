"""The templates of pages, and how texts of the project become HTML.

What stands on a page is decided by the module that renders it.
"""

from __future__ import annotations

import re

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup, escape

PAGES = Environment(
    loader=PackageLoader("reports"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
    lstrip_blocks=True,
)


def marked(text: str) -> Markup:
    """What stands between `backticks`, as descriptions in YAML have it, as code; everything else as it is written."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def breakable(name: str) -> Markup:
    """A long name that may be broken after its dots and underscores, and nowhere else."""
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(name))))


PAGES.filters.update(marked=marked, breakable=breakable)
