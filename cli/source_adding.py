"""`cdp sources add`: a declaration, its staging models and their tests, from a template or guessed from a file.

What is written is made by the ingestion room; here it is shown, written as one thing, and the next steps are told.
"""

from __future__ import annotations

import filecmp
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.terminal import console, counted, heading, progress_bars
from ingestion.declarations import Source
from ingestion.errors import ScaffoldRefused
from warehouse.settings import PROJECT_DIR, Settings

if TYPE_CHECKING:
    from ingestion.scaffolding.profiling import Options
    from ingestion.scaffolding.skeletons import Skeleton

SOURCES = Path("ingestion/sources")
_LOOKED_AT = 40


@dataclass(frozen=True)
class _Addition:
    """What would be added: the declaration as text (None: it is there already), and files for landing."""

    source: Source
    text: str | None
    copies: dict[Path, Path] = field(default_factory=dict)


@click.command()
@click.argument("name")
@click.option(
    "--from", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file to guess it from (CSV, TSV, Excel, JSON, JSONL, Parquet); several for several tables.",
)  # fmt: skip
@click.option("--template", help="The template to start from, where it is not called NAME.")
@click.option("--title", help="What people call it.")
@click.option("--owner", help="Who is asked when it is late.")
@click.option("--region", help="ISO country of national telephone numbers, e.g. DE.")
@click.option("--currency", help="ISO code of amounts that do not say their own, e.g. EUR.")
@click.option("--dry-run", is_flag=True, help="Print every file that would be written; write nothing.")
@click.option("--force", is_flag=True, help="Write anew what is there already.")
def add(
    name: str,
    files: tuple[Path, ...],
    template: str | None,
    title: str | None,
    owner: str | None,
    region: str | None,
    currency: str | None,
    dry_run: bool,
    force: bool,
) -> None:
    """Add a source: its declaration, its staging models and their tests, ready to build.

    \b
    From a file, every guess with a comment that says what supports it:
      cdp sources add members --from "Members 2026.xlsx" --region DE
    From a template (`cdp sources list --templates`):
      cdp sources add stripe
      cdp sources add shopify_eu --template shopify
    From what lies in landing/members/ already:
      cdp sources add members
    After correcting ingestion/sources/members.yml, its staging again:
      cdp sources add members --force
    """
    from ingestion.scaffolding.profiling import Options

    _refuse_name(name)
    settings = Settings.load()
    options = Options(title, owner, region, currency)
    addition = _addition(settings, name, files, template, options, force=force)
    if addition is not None:
        _write(addition, dry_run=dry_run, force=force)


def _refuse_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ScaffoldRefused(
            f"{name!r} cannot name a source: tables are called after it. Take small letters, digits and _, e.g. "
            f"{re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_') or 'members'!r}."
        )


def _addition(
    settings: Settings,
    name: str,
    files: Sequence[Path],
    template: str | None,
    options: Options,
    *,
    force: bool,
) -> _Addition | None:
    """What to add; None where there is nothing to do but deliver. Raises ScaffoldRefused."""
    from ingestion.scaffolding.templates import declaration_from, find_template, find_templates

    if files:
        return _guessed(settings, name, files, options)
    names = {found.name for found in find_templates()}
    folder = settings.landing_dir / name
    if template is None and name not in names and (waiting := _waiting(folder)):
        return _guessed(settings, name, waiting, options, folder)
    found = find_template(template or name)
    text, source = declaration_from(found, name)
    if not found.is_declared or name != found.name:
        return _Addition(source, text)
    if force:
        return _Addition(source, None)
    patterns = "\n".join(f"  landing/{name}/{p}" for table in source.tables for p in table.patterns)
    console.print(
        f"{source.title} is declared already ({SOURCES / name}.yml), and its staging models are there. Deliver:\n"
        f"{patterns}\nthen `cdp sources check {name}` and `cdp run`. For a second one: "
        f"`cdp sources add {name}_2 --template {name}`. (--force would write its staging anew, over all work in it.)"
    )
    return None


def _waiting(folder: Path) -> list[Path]:
    """The first files of a landing folder, at any depth; the others are taken to be like them."""
    found = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith((".", "~")))
    return found[:_LOOKED_AT]


def _guessed(
    settings: Settings, name: str, files: Sequence[Path], options: Options, folder: Path | None = None
) -> _Addition:
    from ingestion.scaffolding.drafts import draft_yaml
    from ingestion.scaffolding.profiling import profile

    with progress_bars() as show:
        draft = profile(name, files, options, show, folder)
    landing = settings.landing_dir / name
    copies = {
        landing / file.name: file for file in files if not file.resolve().is_relative_to(landing.resolve())
    }
    loaded, rejected = draft.report.rows_loaded, draft.report.rows_rejected
    console.print(
        f"Read {', '.join(file.name for file in files)}: {counted(loaded, 'row')}, {rejected:,} rejected."
    )
    return _Addition(draft.source, draft_yaml(draft), copies)


def _write(addition: _Addition, *, dry_run: bool, force: bool) -> None:
    from ingestion.scaffolding.skeletons import SOURCE_LIST, make_skeleton
    from ingestion.scaffolding.writing import refuse_existing, write_all

    skeleton = make_skeleton(addition.source, (PROJECT_DIR / SOURCE_LIST).read_text(encoding="utf-8"))
    files = dict(skeleton.files)
    if addition.text is not None:
        files[SOURCES / f"{addition.source.name}.yml"] = addition.text
    copies = {target: file for target, file in addition.copies.items() if not _is_same(target, file)}
    if dry_run:
        _print_files(files, copies)
        return
    if not force:
        refuse_existing(PROJECT_DIR, [path for path in files if path != SOURCE_LIST])
        refuse_existing(Path("/"), copies)
    write_all(PROJECT_DIR, files, copies)
    for path in sorted(files):
        console.print(f"[green]✓[/green] {path}")
    for target in copies:
        console.print(f"[green]✓[/green] {target}")
    _print_next(addition.source, skeleton)


def _is_same(target: Path, file: Path) -> bool:
    return target.is_file() and filecmp.cmp(target, file, shallow=False)


def _print_files(files: dict[Path, str], copies: dict[Path, Path]) -> None:
    for path, text in sorted(files.items()):
        heading(str(path))
        console.print(text, markup=False, soft_wrap=True)
    for target, file in copies.items():
        console.print(f"{file} would be copied to {target}.")
    console.print("Nothing was written.")


def _print_next(source: Source, skeleton: Skeleton) -> None:
    from ingestion.scaffolding.skeletons import DELIVERED_RECORDS, STAGING

    name = source.name
    steps = [
        f"Read {SOURCES / name}.yml, correct what was guessed wrong, and see: cdp sources preview {name}"
    ]
    if source.is_pulled:
        steps.append(f"Fetch: cdp sources check {name}, then cdp sources pull {name}")
    steps.append(f"Load and build: cdp sources load {name} && dbt build --select path:{STAGING / name}")
    if skeleton.people:
        steps.append(
            f"Its people join the others: add this to customer_sources in {DELIVERED_RECORDS},\n"
            f"and {', '.join(_people_sources(skeleton))} to survivorship_sources in dbt_project.yml:"
        )
    heading("Next")
    for number, step in enumerate(steps, start=1):
        console.print(f"{number}. {step}", markup=False, soft_wrap=True)
    for select in skeleton.people.values():
        console.print(f"\n{select}", markup=False, soft_wrap=True)
    console.print(f"{len(steps) + 1}. Everything, with its tests: cdp run")


def _people_sources(skeleton: Skeleton) -> list[str]:
    return [model.removeprefix("stg_").replace("__", "_", 1) for model in skeleton.people]
