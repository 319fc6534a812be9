"""What a new version of a segment's definition changes: who enters and who leaves on the same data, why, what is at stake.

Both versions are carried out in full beside each other; nothing is written. Showing it is `page` and the command line.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from segments.conditions import counterparts
from segments.contracts import SegmentContract
from segments.definitions import Definition, Model
from segments.explanation import explain_absence
from segments.membership import IDENTITY
from segments.stakes import CUSTOMERS, Stake, contactable_channels, currency_of, stake
from segments.trial import carry_out, models_to_build, sql_of
from segments.wording import in_words

MOVED = "moved"


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
    names = models_to_build(connection, before, after)
    old = carry_out(connection, before, names, "before")
    new = carry_out(connection, after, names, "after")
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
        currency=currency_of(connection),
    )


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
    if sql_of(before, name) == sql_of(after, name):
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
    return [f"{key}: {_term(old[key])} → {_term(new[key])}" for key in new if old[key] != new[key]]


def _term(value: object) -> str:
    """What a contract says for one key, as people write it."""
    if isinstance(value, dict):
        named = [name if hours is None else f"{name} within {hours:g} hours" for name, hours in value.items()]
        return ", ".join(named) or "none"
    if isinstance(value, tuple):
        return " to ".join(f"{number:,}" for number in value)
    return ", ".join(value) if isinstance(value, list) else str(value)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])
