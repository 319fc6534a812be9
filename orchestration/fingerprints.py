"""Says whether a phase of the run has anything to do: a fingerprint of all it reads, stored when it was finished.

Only bookkeeping: the phases themselves are in `defs/`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import duckdb

from warehouse.settings import PROJECT_DIR

# Code that decides what the tables hold; a changed model, macro, rule or threshold is a reason to rebuild.
CODE = ("dbt_project.yml", "dbt_project", "identity", "ingestion", "warehouse/functions", "requirements.lock")


def inputs_fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    """Everything the models before identity read: files loaded, statements made, code, and the day.

    The day, not the second: what the models say about a customer changes with the date.
    """
    loads = connection.execute(
        "select source, table_name, file_hash from raw.loads where status = 'loaded' order by all"
    ).fetchall()
    consent = connection.execute("select count(*), bit_xor(hash(c)) from state.consent_log as c").fetchone()
    day = connection.execute("select as_of::date from state.run_context").fetchone()
    return _digest([str(loads), str(consent), str(day), code_fingerprint()])


def customers_fingerprint(connection: duckdb.DuckDBPyConnection, inputs: str) -> str:
    """Everything the models after identity read: the inputs, and who is whom."""
    clusters = connection.execute(
        "select count(*), bit_xor(hash(record_id, customer_id, strict_id, loose_id)) from identity.identity_clusters"
    ).fetchone()
    return _digest([inputs, str(clusters)])


def released_fingerprint(connection: duckdb.DuckDBPyConnection, customers: str) -> str:
    """Everything the models after the release of segments read: the customers, and who was released into what."""
    released = connection.execute(
        """
        select (select (count(*), bit_xor(hash(m))) from state.segment_members as m),
               (select (count(*), bit_xor(hash(s))) from state.segment_stays as s),
               (select (count(*), bit_xor(hash(d))) from state.segment_decisions as d),
               (select (count(*), bit_xor(hash(z))) from state.segment_daily_sizes as z)
        """
    ).fetchone()
    return _digest([customers, str(released)])


def published_fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    """Everything that readers see: what was built, which files came or were refused, what was sent."""
    _create(connection)
    seen = connection.execute(
        """
        select (select list(p order by p.phase) from state.phases as p where p.phase <> 'published'),
               (select list((l.load_id, l.status) order by l.load_id) from raw.loads as l),
               (select count(*) from activation.sync_log),
               (select bit_xor(hash(r)) from state.dbt_results as r)
        """
    ).fetchone()
    return _digest([str(seen)])


def is_finished(connection: duckdb.DuckDBPyConnection, phase: str, fingerprint: str) -> bool:
    """Whether this phase was last finished on exactly these inputs."""
    _create(connection)
    row = connection.execute("select fingerprint from state.phases where phase = ?", [phase]).fetchone()
    return row is not None and row[0] == fingerprint


def begin(connection: duckdb.DuckDBPyConnection, phase: str) -> None:
    """Forget that the phase was finished: a run killed in the middle must do it again."""
    _create(connection)
    connection.execute("delete from state.phases where phase = ?", [phase])


def finish(connection: duckdb.DuckDBPyConnection, phase: str, fingerprint: str) -> None:
    """Remember that the phase was finished on these inputs."""
    begin(connection, phase)
    connection.execute("insert into state.phases values (?, ?, now()::timestamp)", [phase, fingerprint])


def code_fingerprint() -> str:
    """A digest of every file that decides what the tables hold (name and bytes)."""
    return _digest(
        f"{path.relative_to(PROJECT_DIR)}:{_digest([path.read_bytes()])}" for path in _code_files()
    )


def _code_files() -> list[Path]:
    files = []
    for name in CODE:
        root = PROJECT_DIR / name
        files += [root] if root.is_file() else [path for path in root.rglob("*") if _is_code(path)]
    return sorted(files)


def _is_code(path: Path) -> bool:
    return path.suffix in {".sql", ".yml", ".csv", ".py"}


def _digest(parts: Iterable[str | bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema if not exists state")
    connection.execute(
        "create table if not exists state.phases (phase text, fingerprint text, finished_at timestamp)"
    )
