"""Reading back what a destination holds and comparing it with the ledger of what it acknowledged. Nothing is changed.

A tool that can not be read (ad audiences) is said to be so; mending what is found is left to people and to the next run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from reverse_etl.accounts import Account, Accounts
from reverse_etl.contract import Member, Readable, Target
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.destinations.files import read_rows
from reverse_etl.plan import Plan
from reverse_etl.planner import plan_sync
from reverse_etl.runner import OpenWarehouse
from reverse_etl.sender import converse
from reverse_etl.sql_text import literal
from reverse_etl.transport import Patience, open_transport

FINDINGS = ("missing", "extra", "different")
_LEDGER = """
    select held.remote_id, held.record_key, candidates.payload
    from plan_held as held
    left join plan_desired as desired on desired.remote_id = held.remote_id and desired.row_hash = held.row_hash
    left join plan_candidates as candidates using (row_id)
    where held.is_acked and not held.is_uncertain and not held.is_pending"""
_IN_THE_AIR = "select remote_id from plan_held where is_uncertain or is_pending"


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading back showed. `findings` are rows of finding, record_key (null for `extra`), remote_id, detail.

    `message` says why nothing could be compared; then the counts are 0.
    """

    sync: str
    target: str
    acknowledged: int = 0
    found: int = 0
    findings: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    message: str | None = None

    def count(self, finding: str) -> int:
        return sum(row["finding"] == finding for row in self.findings)

    @property
    def is_clean(self) -> bool:
        """Whether everything that was acknowledged is there, as it was sent. What others added is no fault."""
        return self.message is None and not self.count("missing") and not self.count("different")


def verify_sync(
    open_warehouse_with_state: OpenWarehouse,
    sync: SyncDeclaration,
    accounts: Accounts,
    patience: Patience | None = None,
) -> Verification:
    """Compare the ledger of one sync with what its destination shows; no lock is held while it is read.

    Values are compared where the row that was sent is still the newest one: the ledger keeps a digest of what was
    sent, not the data. Raises DestinationStopped, TargetFailed and what the stores raise.
    """
    account = accounts.find(sync.destination)
    with open_warehouse_with_state() as connection:
        plan = plan_sync(connection, sync, accounts, uses_fingerprints=False)
        obstacle = _obstacle(plan)
        if obstacle or not isinstance(account, Account):
            return Verification(sync.name, sync.target, message=obstacle)
        ledger = connection.sql(_LEDGER).to_arrow_table()
        in_the_air = connection.sql(_IN_THE_AIR).to_arrow_table()
    members = _read(plan, account, patience or Patience())
    with open_warehouse_with_state() as connection:
        findings = _compare(connection, plan, ledger, in_the_air, members)
    return Verification(sync.name, sync.target, ledger.num_rows, len(members), findings)


def _obstacle(plan: Plan) -> str | None:
    sync = plan.sync
    if plan.not_configured:
        return plan.not_configured
    if not isinstance(sync.plugin, Readable) and not sync.plugin.spec.is_snapshot:
        return f"{sync.destination} does not show who is in {sync.target}; only its own counts can be looked at there."
    if plan.known_target is None:
        return f"{sync.target} has not been filled yet: run `cdp sync apply {sync.name}` first."
    return None


def _read(plan: Plan, account: Account, patience: Patience) -> list[Member]:
    plugin = plan.sync.plugin
    target = Target(plan.target_key, plan.sync.target, account.account_id, plan.known_target or "")
    with open_transport(account, plugin.spec, plugin.classify, patience) as transport:
        if isinstance(plugin, Readable):
            return converse(plugin.read_members(target), plugin, transport)
        content = transport.read(str(Path(target.remote)))
        return read_rows(content, plan.key_field, target.remote) if content else []


def _compare(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    ledger: pa.Table,
    in_the_air: pa.Table,
    members: Sequence[Member],
) -> list[dict[str, Any]]:
    shown = pa.table(
        {
            "remote_id": pa.array([member.remote_id for member in members], pa.string()),
            "presence": pa.array([str(member.presence) for member in members], pa.string()),
            "fields": pa.array([json.dumps(dict(member.fields)) for member in members], pa.string()),
        }
    )
    views = {"verify_ledger": ledger, "verify_air": in_the_air, "verify_shown": shown}
    for name, table in views.items():
        connection.register(name, table)
    try:
        rows: list[dict[str, Any]] = connection.sql(_findings(plan)).to_arrow_table().to_pylist()
        return rows
    finally:
        for name in views:
            connection.unregister(name)


def _findings(plan: Plan) -> str:
    changed = ", ".join(
        f"case when json_exists(fields, {_path(name)}) and coalesce(payload ->> {_path(name)}, '') "
        f"<> coalesce(fields ->> {_path(name)}, '') then {literal(name)} end"
        for name in plan.fields
    )
    return f"""
        with compared as (
            select ledger.record_key, coalesce(ledger.remote_id, shown.remote_id) as remote_id,
                ledger.remote_id is not null as is_acknowledged, presence,
                case when payload is not null then array_to_string([{changed}], ', ') end as changed_fields
            from verify_ledger as ledger
            full outer join verify_shown as shown on shown.remote_id = ledger.remote_id
        ),
        judged as (
            select *, case
                when is_acknowledged and (presence is null or presence = 'archived') then 'missing'
                when not is_acknowledged and presence = 'present' then 'extra'
                when is_acknowledged and (presence = 'opted out' or changed_fields <> '') then 'different'
            end as finding
            from compared
            where remote_id not in (select remote_id from verify_air)
        )
        select finding, record_key, remote_id,
            case
                when finding = 'missing' then 'acknowledged, but not there any more'
                when finding = 'extra' then 'there, but not by our doing'
                when presence = 'opted out' then 'unsubscribed there'
                else 'other values there: ' || changed_fields
            end as detail
        from judged where finding is not null order by finding, record_key, remote_id"""


def _path(name: str) -> str:
    escaped = name.replace('"', '\\"')
    return literal(f'$."{escaped}"')
