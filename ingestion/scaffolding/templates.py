"""Templates to start from: the declarations that ship with a name of their own, and every declared source as well.

Where a template's text goes is decided by the caller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ingestion.declarations import SOURCES_DIR, Source, read_source
from ingestion.errors import ScaffoldRefused
from ingestion.naming import nearest

TEMPLATES_DIR = Path(__file__).parent.parent / "templates"
# editors complete and check by it; a source file's own folder holds the schema
SCHEMA_LINE = "# yaml-language-server: $schema=source.schema.json"
_ANY_SCHEMA_LINE = re.compile(r"\A# yaml-language-server:.*\n")
_NAME = re.compile(r"^name: .*$", re.MULTILINE)


@dataclass(frozen=True)
class Template:
    """A file to start from; a declared one is a source of this installation already."""

    name: str
    path: Path
    is_declared: bool


def find_templates(sources_dir: Path = SOURCES_DIR) -> list[Template]:
    """Every template by name; a declared source stands for a template of its name."""
    found = {path.stem: Template(path.stem, path, False) for path in TEMPLATES_DIR.glob("*.yml")}
    found |= {path.stem: Template(path.stem, path, True) for path in sources_dir.glob("*.yml")}
    return [found[name] for name in sorted(found)]


def find_template(name: str, sources_dir: Path = SOURCES_DIR) -> Template:
    """The template of that name. Raises ScaffoldRefused naming the nearest."""
    templates = {template.name: template for template in find_templates(sources_dir)}
    if name in templates:
        return templates[name]
    close = nearest(name, templates)
    hint = f" The nearest is {close!r}." if close else ""
    raise ScaffoldRefused(
        f"There is no template {name!r} in {TEMPLATES_DIR.name}/.{hint} See them with `cdp sources list --templates`, "
        f"or start from a file: `cdp sources add {name} --from FILE`."
    )


def declaration_from(template: Template, name: str) -> tuple[str, Source]:
    """The template's text as the declaration of source `name`, comments and all, and what it says."""
    text = _ANY_SCHEMA_LINE.sub("", template.path.read_text(encoding="utf-8"))
    text = f"{SCHEMA_LINE}\n{_NAME.sub(f'name: {name}', text, count=1)}"
    source = read_source(template.path)
    return text, source.model_copy(update={"name": name})
