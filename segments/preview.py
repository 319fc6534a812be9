"""What one segment would be if it were released as it is written now: size, examples, overlaps, value; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from segments.contracts import PREFIX
from segments.definitions import Definition
from segments.errors import DefinitionError
from segments.membership import candidates_sql
from segments.stakes import Stake, contactable_channels, currency_of, stake
from segments.trial import build, not_built


@dataclass(frozen=True)
class Preview:
    """One segment tried out. `examples` are customer_id, name, reason; `overlaps` other segments with people shared.

    `holdouts` of the people get nothing; `doubtful` are left out because the contract wants a strict identity.
    """

    people: int
    holdouts: int
    doubtful: int
    duplicates: int
    examples: list[tuple[Any, ...]]
    overlaps: list[tuple[str, int]]
    stake: Stake
    currency: str


def preview(connection: duckdb.DuckDBPyConnection, definition: Definition, examples: int) -> Preview:
    """Carry out a definition on the warehouse as it is. Raises DefinitionError when it does not run.

    `connection` reads the warehouse (`open_trial`).
    """
    if definition.contract is None:
        raise DefinitionError(
            f"The segment {definition.segment} has no readable contract; `cdp check` says why."
        )
    build(connection, definition, not_built(connection, definition), "preview")
    table = f'"preview__model__{PREFIX}{definition.segment}"'
    query = candidates_sql(table, definition.segment, definition.contract)
    connection.execute(f"create or replace temp table preview_members as {query}")
    people, holdouts, distinct = connection.execute(
        "select count(*), count(*) filter (is_holdout), count(distinct customer_id) from preview_members"
    ).fetchall()[0]
    (found,) = connection.execute(f"select count(*) from {table}").fetchall()[0]
    return Preview(
        people=people,
        holdouts=holdouts,
        doubtful=found - people,
        duplicates=people - distinct,
        examples=connection.execute(
            "select m.customer_id, c.display_name, m.reason from preview_members as m left join marts.customers as c "
            "using (customer_id) order by m.customer_id limit ?",
            [examples],
        ).fetchall(),
        overlaps=_overlaps(connection, definition.segment),
        stake=stake(connection, "preview_members", contactable_channels(connection)),
        currency=currency_of(connection),
    )


def _overlaps(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, int]]:
    return connection.execute(
        "select segment_name, count(*) from state.segment_members semi join preview_members using (customer_id) "
        "where segment_name <> ? group by 1 order by 2 desc, 1",
        [name],
    ).fetchall()
