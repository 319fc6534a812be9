"""What people decided about pairs, as labels for training: how records of one person agree, counted field by field.

Which pairs were decided is read in `ledger.py`; what is learnt without any label, in `train.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from identity import model, scoring
from identity.clusters import Pair

# A decided pair counts as much as one of so many pairs of the unlabelled training: people are asked about doubtful pairs,
# which agree less than most, so a handful of answers must not turn the model.
UNLABELLED_PAIRS = 300


@dataclass(frozen=True)
class Labels:
    """Decided pairs of profiles: one person, and two people."""

    same: Sequence[Pair] = ()
    different: Sequence[Pair] = ()


def learn_from(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any], labels: Labels) -> None:
    """Move the shares among matches towards how the pairs decided to be one person agree.

    Pairs decided to be two people were asked about because they look alike: they would teach that strangers do, so
    they only hold their records apart.
    """
    counts = _count_levels(connection, labels.same)
    for comparison, definition in zip(settings["comparisons"], model.COMPARISONS, strict=True):
        found = counts.get(definition.name, {})
        weight = sum(found.values()) / (sum(found.values()) + UNLABELLED_PAIRS)
        for rank, level in enumerate(scoring.levels_of(comparison)):
            share = found.get(len(definition.levels) - 1 - rank, 0) / max(1, sum(found.values()))
            level["m_probability"] = (1 - weight) * float(level["m_probability"]) + weight * share


def _count_levels(connection: duckdb.DuckDBPyConnection, pairs: Sequence[Pair]) -> dict[str, dict[int, int]]:
    """Comparison → level → how many of the pairs agree in that degree; missing values are not counted."""
    columns = {"id_l": [left for left, _ in pairs], "id_r": [right for _, right in pairs]}
    connection.register(
        "labelled", pa.table(columns, schema=pa.schema([("id_l", pa.int32()), ("id_r", pa.int32())]))
    )
    levels = ", ".join(scoring.level_sql(comparison) for comparison in model.COMPARISONS)
    structs = ", ".join(
        f"struct_pack(field := '{c.name}', level := g_{c.name}::integer)" for c in model.COMPARISONS
    )
    rows = connection.execute(
        f"""
        with sides as (
            select {scoring.sides(connection)} from labelled p join records l on l.id = p.id_l join records r on r.id = p.id_r
        ),
        listed as (select unnest([{structs}]) as part from (select {levels} from sides))
        select part.field, part.level, count(*) from listed where part.level >= 0 group by all
        """
    ).fetchall()
    connection.unregister("labelled")
    counts: dict[str, dict[int, int]] = {}
    for name, level, count in rows:
        counts.setdefault(name, {})[level] = count
    return counts
