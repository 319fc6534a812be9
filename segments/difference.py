"""What a new version of a segment's definition changes: who enters and who leaves on the same data, why, what is at stake.

Both versions are carried out in full beside each other; nothing is written. Showing it is `page` and the command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from segments.contracts import PREFIX, SegmentContract
from segments.definitions import Definition, Model, parse, relation_of, tables_in
from segments.errors import DefinitionError
from segments.explanation import counterparts, explain_absence
from segments.membership import IDENTITY, candidates_sql, has_table
from segments.wording import in_words

CUSTOMERS = "marts.customers"
MOVED = "moved"


@dataclass(frozen=True)
class Stake:
    """A group of people: how many, what they have spent, how many may be contacted per channel, and by whom they are held."""

    people: int
    spend: float
    contactable: Mapping[str, int]


@dataclass(frozen=True)
class Cause:
    """Why people moved: a condition, which way, how many people, and one of them as an example."""

    change: str
    condition: str
    people: int
    example: str


@dataclass(frozen=True)
class Difference:
    """Two versions of a segment on the same data. Who moved is temporary table `moved` of the connection.

    `texts` are the changed lines of the SQL, as unified diffs.
    """

    segment: str
    title: str
    before: str
    after: str
    before_count: int
    after_count: int
    staying: Stake
    entering: Stake
    leaving: Stake
    causes: list[Cause]
    texts: list[str]
    terms: list[str] = field(default_factory=list)
    currency: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.entering.people or self.leaving.people)


def compare(connection: duckdb.DuckDBPyConnection, before: Definition, after: Definition) -> Difference:
    """Carry out both versions and compare them, member by member.

    `connection` reads the warehouse (`open_trial`). Temporary table `moved` afterwards has one row per person who
    enters or leaves: change, customer_id, display_name, condition, why, reason, spend_amount, and `is_<channel>_contactable`.
    Raises DefinitionError when a version does not run.
    """
    names = _to_build(connection, before, after)
    old = _members(connection, before, names, "before")
    new = _members(connection, after, names, "after")
    connection.execute(
        "create or replace temp table entering as select customer_id from after_members anti join before_members using (customer_id)"
    )
    connection.execute(
        "create or replace temp table leaving as select customer_id from before_members anti join after_members using (customer_id)"
    )
    _explain(connection, "entering", lost_in=(before, old), kept_in=(after, new))
    _explain(connection, "leaving", lost_in=(after, new), kept_in=(before, old))
    channels = contactable_channels(connection)
    _collect(connection, channels)
    contract = after.contract or before.contract
    return Difference(
        segment=after.segment,
        title=contract.title if contract else after.segment,
        before=before.label,
        after=after.label,
        before_count=_count(connection, "before_members"),
        after_count=_count(connection, "after_members"),
        staying=stake(
            connection, "(from before_members semi join after_members using (customer_id))", channels
        ),
        entering=stake(connection, "entering", channels),
        leaving=stake(connection, "leaving", channels),
        causes=_causes(connection),
        texts=[text for name in sorted(names) if (text := _text_change(name, before, after))],
        terms=_changed_terms(before.contract, after.contract),
        currency=_currency(connection),
    )


def build(
    connection: duckdb.DuckDBPyConnection, definition: Definition, names: Iterable[str], prefix: str
) -> str:
    """Carry out the named models of a definition as temporary tables; returns the segment's SQL reading them.

    Raises DefinitionError, naming the model, when one does not run.
    """
    wanted, built = set(names), dict[str, str]()
    sql = ""
    for model in definition.models.values():
        text = _reading(model.sql, built)
        is_segment = model.name == PREFIX + definition.segment
        if not is_segment and model.name not in wanted:
            continue
        table = f"{prefix}__model__{model.name}"
        try:
            connection.execute(f'create or replace temp table "{table}" as {text}')
        except duckdb.Error as error:
            raise DefinitionError(
                f"{model.name} ({definition.label}) does not run: {str(error).splitlines()[0]} "
                "If it reads something that the last run did not have yet, `cdp run` builds it."
            ) from error
        built[model.relation] = table
        sql = text
    return sql


def not_built(connection: duckdb.DuckDBPyConnection, definition: Definition) -> set[str]:
    """Models of a definition whose table the warehouse does not have."""
    return {m.name for m in definition.models.values() if not has_table(connection, m.relation)}


def contactable_channels(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The channels that `customers` says people may be contacted over (`is_<channel>_contactable`)."""
    rows = connection.execute(f"describe {CUSTOMERS}").fetchall()
    return [
        name.removeprefix("is_").removesuffix("_contactable")
        for name, *_ in rows
        if name.startswith("is_") and name.endswith("_contactable")
    ]


def stake(connection: duckdb.DuckDBPyConnection, people: str, channels: list[str]) -> Stake:
    """What is at stake with the customers of a table."""
    counts = "".join(f", count(*) filter (c.is_{channel}_contactable)" for channel in channels)
    row = connection.execute(
        f"select count(*), coalesce(sum(c.total_spend_amount), 0)::double{counts} "
        f"from (select customer_id from {people}) as p left join {CUSTOMERS} as c using (customer_id)"
    ).fetchall()[0]
    return Stake(row[0], row[1], dict(zip(channels, row[2:], strict=True)))


def _to_build(connection: duckdb.DuckDBPyConnection, before: Definition, after: Definition) -> set[str]:
    """Models that differ between the versions, or are in no table yet, and all that read them."""
    names = {
        name for name in before.models.keys() | after.models.keys() if _sql(before, name) != _sql(after, name)
    }
    names |= not_built(connection, before) | not_built(connection, after)
    for definition in (before, after):
        relations = {model.relation: model.name for model in definition.models.values()}
        for model in definition.models.values():  # each stands after those it reads
            if any(relations.get(relation_of(table)) in names for table in tables_in(model.sql)):
                names.add(model.name)
    return names


def _sql(definition: Definition, name: str) -> str | None:
    model = definition.models.get(name)
    return model.sql.strip() if model else None


def _reading(sql: str, built: Mapping[str, str]) -> str:
    tree = parse(sql)
    for table in list(tree.find_all(exp.Table)):
        if table.db and relation_of(table) in built:
            alias = table.alias or table.name
            table.replace(exp.to_table(f'"{built[relation_of(table)]}"', alias=alias, dialect="duckdb"))
    return str(tree.sql(dialect="duckdb"))


def _members(
    connection: duckdb.DuckDBPyConnection, definition: Definition, names: set[str], version: str
) -> str:
    """Fill temporary table `<version>_members`; returns the SQL of the segment as it was carried out."""
    sql = build(connection, definition, names, version)
    if definition.contract is None:
        raise DefinitionError(
            f"{definition.label}: the segment {definition.segment} has no readable contract."
        )
    table = f'"{version}__model__{PREFIX}{definition.segment}"'
    query = candidates_sql(table, definition.segment, definition.contract)
    connection.execute(f"create or replace temp table {version}_members as {query}")
    return sql


def _explain(
    connection: duckdb.DuckDBPyConnection,
    people: str,
    *,
    lost_in: tuple[Definition, str],
    kept_in: tuple[Definition, str],
) -> None:
    """Fill temporary table `why_<people>`: the conditions of one version that they do not meet, beside those of the other."""
    pairs = counterparts(lost_in[1], kept_in[1])
    word = "now" if people == "entering" else "before"

    def suffix(step: str, condition: exp.Expr) -> str:
        text = in_words(condition)
        other = pairs.get((step, text))
        if other is None:
            return "; this condition is gone" if people == "entering" else "; this condition is new"
        return f"; {word}: {in_words(other)}" if in_words(other) != text else ""

    explain_absence(
        connection, lost_in[1], people, into=f"why_{people}", prefix=f"lost_{people}", suffix=suffix
    )
    if lost_in[0].contract and lost_in[0].contract.identity_confidence == "strict":
        text = "identity is beyond doubt (identity_confidence strict)"
        connection.execute(
            f"insert into why_{people} select p.customer_id, '{text}', '{text}; ' || i.doubtful_record_count || "
            f"' of their records may be somebody else''s' from {people} as p join {IDENTITY} as i using (customer_id) "
            f"where not i.is_strict and p.customer_id not in (select customer_id from why_{people})"
        )


def _collect(connection: duckdb.DuckDBPyConnection, channels: list[str]) -> None:
    contactable = "".join(f", c.is_{channel}_contactable" for channel in channels)
    parts = [
        f"""
        select '{change}' as change, p.customer_id, c.display_name,
            coalesce(w.condition, 'in a way that cannot be told') as condition,
            '{saying}' || coalesce(w.reason, 'cannot be told from the SQL') as why,
            m.reason, c.total_spend_amount as spend_amount {contactable}
        from {people} as p
        left join why_{people} as w using (customer_id)
        left join {members} as m using (customer_id)
        left join {CUSTOMERS} as c using (customer_id)
        """
        for change, people, members, saying in (
            ("enters", "entering", "after_members", "Was not true: "),
            ("leaves", "leaving", "before_members", "Is not true: "),
        )
    ]
    connection.execute(
        f"create or replace temp table {MOVED} as from ({' union all '.join(parts)}) order by change, spend_amount desc, customer_id"
    )


def _causes(connection: duckdb.DuckDBPyConnection) -> list[Cause]:
    rows = connection.execute(
        f"select change, condition, count(*), min_by(why, customer_id) from {MOVED} group by all order by change, 3 desc, 2"
    ).fetchall()
    return [Cause(*row) for row in rows]


def _text_change(name: str, before: Definition, after: Definition) -> str:
    old, new = before.models.get(name), after.models.get(name)
    if _sql(before, name) == _sql(after, name):
        return ""
    lines = difflib.unified_diff(
        _lines(old), _lines(new), f"{name} ({before.label})", f"{name} ({after.label})", lineterm="", n=2
    )
    return "\n".join(lines)


def _lines(model: Model | None) -> list[str]:
    return [line.rstrip() for line in model.sql.strip().splitlines() if line.strip()] if model else []


def _changed_terms(before: SegmentContract | None, after: SegmentContract | None) -> list[str]:
    if before is None or after is None:
        return []
    old, new = before.model_dump(), after.model_dump()
    return [f"{key}: {old[key]} → {new[key]}" for key in new if old[key] != new[key]]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _currency(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute(f"select any_value(currency) from {CUSTOMERS}").fetchone()
    return str(row[0]) if row and row[0] else ""
