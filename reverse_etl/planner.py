"""Planning one sync, all in SQL: desired rows behind their gates against what the destination acknowledged.

The comparison is by remote identifier, so a changed address is remove plus add, and a merged customer takes over
the remote record of the absorbed one. Nothing is sent or written from here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from reverse_etl.accounts import Account, Accounts, NotConfigured
from reverse_etl.comparison import Comparison
from reverse_etl.contract import DestinationSpec
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.desired import DesiredRows
from reverse_etl.errors import DeclarationError
from reverse_etl.gates import Counts, Hold, find_hold
from reverse_etl.mapping import Columns, FieldMapping
from reverse_etl.plan import Plan
from reverse_etl.recognition import Recognition
from reverse_etl.spool import Spool
from reverse_etl.sql_text import CONSENT_MARK

STATE_CATALOG = "state_store"
_NOT_BUILT = "its tables have not been built yet"
_OTHER_VERSION = (
    "the tables it reads were built by another version of this software; `cdp run` builds them anew"
)


def plan_sync(
    connection: duckdb.DuckDBPyConnection,
    sync: SyncDeclaration,
    accounts: Accounts,
    *,
    blocked: Mapping[str, str] | None = None,
    confirmed: bool = False,
    retrying: bool = False,
    run_id: str = "plan",
    uses_fingerprints: bool = True,
) -> Plan:
    """What a sync would do now. `connection` is the warehouse with the state file attached as `state_store`.

    Reads the sync model, `marts.consents`, `marts.suppressions`, and the schemas `activation` and `platform` of the
    state; makes temporary tables only. `blocked` maps a sync's name to why its data must not be sent (failing test,
    stale source); a paused sync is held too. Without `uses_fingerprints` every row is worked out anew, with the same
    result: rows that have not changed are then in the temporary tables too. `retrying` plans refused rows again although they have not changed. Raises DeclarationError when the mapping names a column that the model does not have.
    """
    account = accounts.find(sync.destination)
    if isinstance(account, NotConfigured):
        return Plan(sync, "", Counts(), not_configured=account.sentence)
    reason = (blocked or {}).get(sync.name) or _pause(connection, sync)
    key = target_key(sync, account)
    try:
        mapping = FieldMapping(sync, read_columns(connection, sync))
        comparison = Comparison(sync, mapping, key, run_id, STATE_CATALOG, retrying)
        desired = DesiredRows(sync, mapping, key, STATE_CATALOG)
        recognition = Recognition(connection, sync, mapping, key, STATE_CATALOG, uses_fingerprints)
        # before anything is read: what is said while the plan is being made is looked at again when sending
        (mark,) = connection.execute(CONSENT_MARK.format(catalog=f"{STATE_CATALOG}.")).fetchall()
        connection.execute(f"create or replace temp table plan_denials as {desired.denials()}")
        same = recognition.recognise()
        for name, query in [*desired.steps(), ("plan_diff", comparison.diff())]:
            connection.execute(f"create or replace temp table {name} as {query}")
    except duckdb.CatalogException:
        return _held(sync, key, reason or _NOT_BUILT)
    except duckdb.BinderException as error:
        said = str(error).splitlines()[0].removeprefix("Binder Error: ")
        return _held(sync, key, reason or f"{_OTHER_VERSION} ({said})")
    return _Assembly(connection, sync, comparison, mapping, key, mark, same).plan(reason, confirmed=confirmed)


def _held(sync: SyncDeclaration, key: str, reason: str) -> Plan:
    hold = find_hold(sync, Counts(), blocked=reason, confirmed=False)
    return Plan(sync, key, Counts(), hold=hold)


def _pause(connection: duckdb.DuckDBPyConnection, sync: SyncDeclaration) -> str | None:
    found = connection.execute(
        f"select person, paused_at, reason from {STATE_CATALOG}.activation.paused where sync = ?", [sync.name]
    ).fetchone()
    if found is None:
        return None
    person, paused_at, why = found
    return f"{person} paused it on {paused_at:%Y-%m-%d} ({why}; `cdp sync resume {sync.name}` ends that)"


def target_key(sync: SyncDeclaration, account: Account) -> str:
    """Which list, audience or file of which account: the scope of a sync's state."""
    return f"{sync.destination}:{account.account_id}:{sync.object}:{sync.target}"


def read_columns(connection: duckdb.DuckDBPyConnection, sync: SyncDeclaration) -> Columns:
    """The mapped columns of a sync and their version; raises DeclarationError or duckdb.CatalogException."""
    described = connection.execute(f"describe select * from {sync.relation}").fetchall()
    types = {name: str(kind) for name, kind, *_ in described}
    spec = sync.plugin.spec
    fields = sync.fields or _fields_by_name(spec, types)
    for remote, column in [("key", sync.key), *fields.items()]:
        if column not in types:
            raise DeclarationError(
                f"Sync {sync.name} maps {remote} to column {column}, which {sync.relation} does not have. "
                f"It has {', '.join(types)}."
            )
    _check_identified(sync, fields)
    used = [
        f"{remote}={column}:{types[column]}" + (f"!{rule}" if (rule := sync.field_rules.get(remote)) else "")
        for remote, column in fields.items()
    ]
    version = hashlib.sha256("|".join([*used, spec.norm_version]).encode()).hexdigest()[:16]
    return Columns(sync.key, dict(fields), types, version)


def _fields_by_name(spec: DestinationSpec, types: Mapping[str, str]) -> dict[str, str]:
    """The mapping of a sync that declares none: every column (files), or the columns named like remote fields."""
    if spec.is_snapshot:
        return {name: name for name in types}
    return {rule: name for name in types for rule in spec.rules if rule.casefold() == name.casefold()}


def _check_identified(sync: SyncDeclaration, fields: Mapping[str, str]) -> None:
    spec = sync.plugin.spec
    mapped = {name for remote in fields for name, _ in spec.rules.get(remote, ())}
    if not any(key.kind == "key" or key.name in mapped for key in spec.match_keys):
        names = " or ".join(key.name for key in spec.match_keys)
        raise DeclarationError(
            f"Sync {sync.name} maps no column to {names}, so {spec.destination} could recognise nobody. "
            f"Add it to `fields`."
        )


@dataclass(frozen=True)
class _Assembly:
    """Reads the prepared temporary tables into a Plan."""

    connection: duckdb.DuckDBPyConnection
    sync: SyncDeclaration
    comparison: Comparison
    mapping: FieldMapping
    target_key: str
    consent_mark: tuple[Any, ...]
    same: int

    def plan(self, blocked: str | None, *, confirmed: bool) -> Plan:
        counts = self._counts()
        spec = self.sync.plugin.spec
        hold = find_hold(self.sync, counts, blocked=blocked, confirmed=confirmed)
        operations = self._operations(hold)
        planned = counts.added + counts.updated + counts.removed
        return Plan(
            self.sync,
            self.target_key,
            counts,
            fields=tuple(name for name, _ in self.mapping.payload),
            mapping_version=self.mapping.columns.version,
            operations=operations,
            refusals=self._arrow(self.comparison.refusals()),
            settled_locally=None if hold else self._arrow(self.comparison.settled_locally()),
            snapshot=self._arrow(self.comparison.snapshot()) if spec.is_snapshot and not hold else None,
            hold=hold,
            waiting=planned - int(operations.num_rows),
            known_target=self._known_target(),
            skipped=self.mapping.skipped,
            consent_mark=self.consent_mark,
            refused_counts=dict(self._rows(self.comparison.refusal_counts())),
        )

    def _operations(self, hold: Hold | None) -> Spool:
        if hold is None:
            return Spool(self.connection, self.comparison.operations("true"))
        kept = "step = 'remove'" if hold.removals else "step = 'remove' and lane = 'withdrawal'"
        return Spool(self.connection, self.comparison.operations(kept))

    def _counts(self) -> Counts:
        cursor = self.connection.execute(self.comparison.counts(self.same))
        names = [column[0] for column in cursor.description or []]
        (values,) = cursor.fetchall()
        return Counts(**dict(zip(names, values, strict=True)))

    def _known_target(self) -> str | None:
        rows = self._rows(self.comparison.known_target())
        return str(rows[0][0]) if rows else None

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def _arrow(self, sql: str) -> pa.Table:
        return self.connection.sql(sql).to_arrow_table()
