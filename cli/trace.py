"""`cdp trace`: where a column comes from and where it goes, and the data map of everything.

The ways are found in `reports/lineage/`; here they are printed or written to a file.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click
import duckdb
from rich.markup import escape
from rich.tree import Tree

from cli.home import prepare_dagster_home
from cli.terminal import console
from reports.lineage.data_map import read_rows, render_map
from reports.lineage.graph import Column, Graph
from reports.lineage.traces import Step, find_columns, flatten, follow
from reports.published import read_as_of
from warehouse.errors import WarehouseError
from warehouse.publishing import open_published
from warehouse.settings import Settings

Format = Literal["tree", "json", "csv"]
_ROW = (
    "column",
    "direction",
    "depth",
    "step",
    "next_to",
    "layer",
    "system",
    "is_readable",
    "personal_data",
    "owner",
)
_MAP = ("layer", "table", "system", "rows", "owner", "personal_data", "reads", "feeds", "description")
# a tree is cut at its width: wide enough that nothing of it is lost, and the terminal wraps it
_WIDE = 1_000
_COUNTS = """
    select case when schema_name in ('raw', 'identity', 'state') then schema_name || '.' || table_name else table_name end,
        estimated_size
    from duckdb_tables()
    union all
    select 'raw.' || source || '_' || table_name, sum(rows_loaded)::bigint from raw.loads where status = 'loaded' group by all
    union all
    select sync, arg_max(desired, started_at)::bigint from activation.sync_runs group by sync
"""


@click.command()
@click.argument("name", required=False)
@click.option("--up", "only_up", is_flag=True, help="Only where it comes from.")
@click.option("--down", "only_down", is_flag=True, help="Only where it goes.")
@click.option("--all", "everything", is_flag=True, help="Also what is only computed from it, or it from.")
@click.option(
    "--format", "form", type=click.Choice(["tree", "json", "csv"]), default="tree", show_default=True
)
@click.option(
    "--map",
    "map_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the data map of everything: an HTML page, or rows where the name ends in .csv.",
)
def trace(
    name: str | None, only_up: bool, only_down: bool, everything: bool, form: Format, map_file: Path | None
) -> None:
    """Show where column NAME comes from, raw column by raw column, and which remote fields it ends in.

    Read from the models themselves: nothing need have run. Only ways on which values stay readable are followed;
    --all adds what is computed (sums, scores, comparisons).

    \b
      cdp trace customers.email                  both ways
      cdp trace raw.shopify_customers.email      where a delivered column goes
      cdp trace mailchimp.FNAME                  where a tool's field comes from
      cdp trace revenue                          what a metric is computed from
      cdp trace orders                           every column of a table
      cdp trace --map data-map.html              all sources, tables and tools
    """
    if name is None and map_file is None:
        raise click.UsageError(
            "Name a column (cdp trace customers.email), or a file for the map (--map data-map.html)."
        )
    graph = _graph()
    if map_file is not None:
        _write_map(graph, map_file)
    if name is None:
        return
    ways = (
        ("up",) if only_up and not only_down else ("down",) if only_down and not only_up else ("up", "down")
    )
    found = find_columns(graph, name)
    if form == "tree":
        for column in found:
            _print(graph, column, ways, everything)
        return
    rows = [row for column in found for row in _rows(graph, column, ways, everything)]
    click.echo(json.dumps(rows, indent=2) if form == "json" else _csv(_ROW, rows), nl=form == "json")


def _graph() -> Graph:
    prepare_dagster_home(Settings.load())
    from orchestration.column_lineage import (
        column_graph,  # not before the folders of this installation are known
    )

    return column_graph()


def _edges(graph: Graph, way: str) -> Mapping[Column, Mapping[Column, bool]]:
    return graph.made_of if way == "up" else graph.used_in


def _print(graph: Graph, column: Column, ways: tuple[str, ...], everything: bool) -> None:
    declared, table = graph.declared(column), graph.tables[column.table]
    console.print(f"\n[bold]{_called(graph, column)}[/bold]{_told(graph, column)}", soft_wrap=True)
    if declared.description:
        console.print(f"[dim]{escape(declared.description)}[/dim]", soft_wrap=True)
    for way in ways:
        step = follow(graph, column, _edges(graph, way), everything=everything)
        if not step.next:
            console.print(_nothing(graph, column, way), soft_wrap=True)
            continue
        tree = Tree("comes from" if way == "up" else "goes to", guide_style="dim")
        for following in step.next:
            _grow(graph, tree, following)
        console.print(tree, width=_WIDE, soft_wrap=True)
    if table.owner:
        console.print(f"[dim]Owner of {table.name}: {table.owner}[/dim]", soft_wrap=True)


def _nothing(graph: Graph, column: Column, way: str) -> str:
    if way == "up":
        table = graph.tables[column.table]
        origin = graph.declared(column).origin or {
            "raw": f"delivered by {table.source}",
            "seeds": "a seed, a file in dbt_project/seeds/",
        }.get(table.layer, "")
        return f"comes from  {origin or 'nowhere that is declared'}"
    computed = len(graph.reach([column, *graph.parts_of(column)], graph.used_in))
    more = f" ({computed} columns are computed from it: --all)" if computed else ""
    return f"goes to     no further column holds its values{more}"


def _grow(graph: Graph, tree: Tree, step: Step) -> None:
    computed = "" if step.is_readable else " [dim](computed)[/dim]"
    branch = tree.add(
        f"{_called(graph, step.column)}{_told(graph, step.column)}{computed}{_ended(graph, step)}"
    )
    for following in step.next:
        _grow(graph, branch, following)


def _ended(graph: Graph, step: Step) -> str:
    """Why a way that could go on is not told further, or what is at its end."""
    origin = graph.declared(step.column).origin if not step.next else ""
    if step.is_repeated:
        origin = "see above"
    elif step.is_key:
        origin = f"which records are one customer: cdp trace {step.column}"
    return f" [dim]({escape(origin)})[/dim]" if origin else ""


def _called(graph: Graph, column: Column) -> str:
    table = graph.tables[column.table]
    if table.layer == "destination":
        return f"[green]{escape(table.source)}: {escape(column.name)}[/green] [dim]sync {table.name}[/dim]"
    return f"[cyan]{escape(str(column))}[/cyan]" if table.layer == "raw" else escape(str(column))


def _told(graph: Graph, column: Column) -> str:
    classes = ", ".join(graph.classes(column))
    return f"  [yellow]{classes}[/yellow]" if classes else ""


def _rows(graph: Graph, column: Column, ways: tuple[str, ...], everything: bool) -> list[dict[str, object]]:
    rows = []
    for way in ways:
        step = follow(graph, column, _edges(graph, way), everything=everything)
        for depth, each, before in flatten(step):
            table = graph.tables[each.column.table]
            values = (
                str(column),
                way,
                depth,
                str(each.column),
                str(before) if before else "",
                table.layer,
                table.source,
                each.is_readable,
                " ".join(graph.classes(each.column)),
                table.owner,
            )
            rows.append(dict(zip(_ROW, values, strict=True)))
    return rows


def _write_map(graph: Graph, file: Path) -> None:
    counts, as_of = _counts()
    if file.suffix.lower() == ".csv":
        rows = [
            {
                name: " ".join(value) if isinstance(value := getattr(row, name), tuple) else value
                for name in _MAP
            }
            for row in read_rows(graph, counts)
        ]
        text = _csv(_MAP, rows)
    else:
        text = render_map(graph, counts, made_at=datetime.now(UTC).replace(tzinfo=None), as_of=as_of)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    console.print(f"Written to {file}.", soft_wrap=True)


def _counts() -> tuple[dict[str, int], datetime | None]:
    """Rows by table, as far as they are published; nothing before the first run."""
    try:
        with open_published(Settings.load()) as connection:
            return dict(connection.execute(_COUNTS).fetchall()), read_as_of(connection)
    except (WarehouseError, duckdb.CatalogException):
        return {}, None


def _csv(headers: tuple[str, ...], rows: list[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, headers, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
