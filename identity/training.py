"""Learning anew on request, and what was learnt before: the model versions that the state keeps.

How a model is learnt is in `train.py`; a night only ever uses the newest version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from identity import cache, changes, graph, history, records, train
from identity.errors import ModelUnknown
from identity.labels import Labels
from identity.workspace import count_rows, workspace


@dataclass(frozen=True)
class StoredModel:
    """One version: when and on how much it was learnt, its complete Splink settings, and how the training went."""

    version: int
    method: str
    trained_at: datetime
    run_id: str
    record_count: int
    settings: dict[str, Any]
    diagnostics: dict[str, Any]


def retrain(
    connection: duckdb.DuckDBPyConnection, *, run_id: str, as_of: datetime, state: str = "state_store"
) -> train.FrozenModel:
    """Learn a new model version from the warehouse's records and store it; nobody's customer id changes.

    The next resolution uses it, and resolves everything anew. `connection` is as for `resolver.resolve`. Raises
    RecordsMissing, RecordsInvalid.
    """
    with workspace(connection) as warehouse:
        records.read(connection, warehouse)
        empty = cache.find(connection, warehouse, run_id=None, expected=None)
        changes.find(connection, warehouse, empty)
        return train.train(
            connection,
            state=state,
            run_id=run_id,
            as_of=as_of,
            record_count=count_rows(connection, "present_rows"),
            labels=read_labels(connection, history.read_decisions(connection, state)),
        )


def read_labels(connection: duckdb.DuckDBPyConnection, decisions: history.Decisions) -> Labels:
    """The decisions about present records, as pairs of profiles."""
    return Labels(
        graph.profile_pairs(connection, decisions.must_link),
        graph.profile_pairs(connection, decisions.cannot_link),
    )


def read_models(connection: duckdb.DuckDBPyConnection) -> list[StoredModel]:
    """Every version in the state file, newest first; `connection` is the state's."""
    rows = connection.execute(
        "select model_version, method, trained_at, run_id, record_count, settings, diagnostics from identity.models"
        " order by model_version desc"
    ).fetchall()
    return [
        StoredModel(version, method, at, run_id, count, json.loads(settings), json.loads(diagnostics))
        for version, method, at, run_id, count, settings, diagnostics in rows
    ]


def read_model(connection: duckdb.DuckDBPyConnection, version: int | None = None) -> StoredModel:
    """One version, or the newest. Raises ModelUnknown."""
    found = read_models(connection)
    if not found:
        raise ModelUnknown("No model was learnt yet; `cdp run` learns the first one from its records.")
    wanted = found[0].version if version is None else version
    for stored in found:
        if stored.version == wanted:
            return stored
    raise ModelUnknown(
        f"There is no model version {version}. There are {', '.join(str(s.version) for s in found)}."
    )
