"""What every table that people and tools read promises: a meaning, an owner, privacy classes, and columns from somewhere."""

from __future__ import annotations

import re

import pytest

from reports.lineage.graph import Column, Field, Graph, Table
from reports.lineage.statements import ROWS

# of everything that stands in a table of its own, but what only models read (intermediate) and what others name (raw)
DESCRIBED = ("staging", "seeds", "identity", "state")
READ_BY_PEOPLE = ("marts", "metrics", "analytics", "quality", "segments", "membership", "syncs")
# columns named like these hold something about a person, whatever they are made of
PERSONAL = re.compile(
    r"(^|_)(email|phone|first_name|last_name|full_name|display_name|street|postcode|birth_date|birthday|comment|"
    r"ip_address|user_agent|customer_id|anonymous_id|user_id)$"
)
FACTS = re.compile(r"^(is|has)_|_(count|share|problem|score)$")


def unclassified(graph: Graph, not_personal: set[Column]) -> list[str]:
    """Columns without privacy class whose name is a person's detail, or in which one can still be read."""
    found = []
    for column in graph.columns():
        layer, field = graph.tables[column.table].layer, graph.declared(column)
        if layer not in (*READ_BY_PEOPLE, *DESCRIBED) or field.pii or column in not_personal:
            continue
        held = {
            graph.declared(origin).pii for origin in graph.reach([column], graph.made_of, readable=True)
        } - {""}
        if held or (PERSONAL.search(column.name) and not FACTS.search(column.name)):
            found.append(f"{column} ({', '.join(sorted(held)) or 'by its name'})")
    return found


def ends_nowhere(graph: Graph) -> list[str]:
    """Columns that come from no delivered column, seed, declared origin or text of the model, however deep one looks."""

    def is_end(column: Column) -> bool:
        table = graph.tables[column.table]
        return (
            table.layer in ("raw", "seeds")
            or bool(graph.declared(column).origin)
            or (column.name == ROWS and table.layer != "destination")
        )

    found = []
    for column in graph.columns():
        above = {column} | graph.reach([column], graph.made_of)
        loose = [each for each in above if not graph.made_of.get(each) and not is_end(each)]
        found += [f"{column}: {', '.join(map(str, sorted(loose)))}"] if loose else []
    return found


def not_personal(manifest) -> set[Column]:
    return {
        Column(node["name"], column["name"])
        for node in manifest["nodes"].values()
        for column in node.get("columns", {}).values()
        if column["config"]["meta"].get("not_personal")
    }


def test_every_table_and_column_that_people_read_is_described_and_owned(graph):
    tables = [table for table in graph.tables.values() if table.layer in (*READ_BY_PEOPLE, *DESCRIBED)]
    assert len(tables) > 100
    assert [table.name for table in tables if not table.owner or not table.description] == []
    assert [
        f"{table.name}.{name}"
        for table in tables
        for name, field in table.fields.items()
        if not field.description
    ] == []


def test_what_is_described_exists(project):
    graph, manifest = project
    described = {
        Column(node["name"], column.lower())
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for column in node["columns"]
    }
    assert sorted(map(str, described - set(graph.columns()))) == []


def test_every_layer_is_known_to_this_test(graph):
    others = {"raw", "intermediate", "destination"}
    assert {table.layer for table in graph.tables.values()} <= {*READ_BY_PEOPLE, *DESCRIBED, *others}


def test_personal_data_is_classified_wherever_it_can_be_read(project):
    graph, manifest = project
    assert unclassified(graph, not_personal(manifest)) == []


def test_every_column_comes_from_somewhere(graph):
    assert ends_nowhere(graph) == []


@pytest.fixture
def planted() -> Graph:
    tables = {
        "raw.people": Table("raw.people", "raw", fields={"mail": Field()}),
        "stg": Table("stg", "staging", fields={"email": Field(pii="user.contact.email")}),
        "mart": Table("mart", "marts", fields={name: Field() for name in ("contact", "mail_hash", "phone", "n", "lost")}),
    }  # fmt: skip
    made_of = {
        Column("stg", "email"): {Column("raw.people", "mail"): True},
        Column("mart", "contact"): {Column("stg", "email"): True},
        Column("mart", "mail_hash"): {Column("stg", "email"): False},
        Column("mart", "phone"): {Column("raw.people", ROWS): False},
        Column("mart", "n"): {Column("stg", ROWS): False},
    }
    return Graph(tables, made_of)


def test_a_planted_column_without_class_is_found(planted):
    assert unclassified(planted, set()) == ["mart.contact (user.contact.email)", "mart.phone (by its name)"]
    assert unclassified(planted, {Column("mart", "contact"), Column("mart", "phone")}) == []


def test_a_planted_column_from_nowhere_is_found(planted):
    assert ends_nowhere(planted) == ["mart.lost: mart.lost"]
