"""Targets that a sync no longer points to but still holds people in: which they are, what the sync was like then, and
whether the present keys reach them. Whom to take out of them is `left_behind.py`.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import duckdb

from reverse_etl.accounts import Account, Accounts
from reverse_etl.contract import Request, Response
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.errors import TargetFailed
from reverse_etl.plan import Plan
from reverse_etl.planner import target_key
from reverse_etl.sentences import people

# the purpose of a sync that is no longer declared and was last sent before declarations were kept
UNKNOWN = ""
HELD = """
    select sync, target_key, remote_id from {state}.activation.acked
    union
    select sync, target_key, remote_id from {state}.activation.op_journal
    where state in ('sent', 'unknown', 'pending')"""


@dataclass(frozen=True, slots=True)
class Place:
    """An old target: the sync as it was declared for it, its key, its account, and the tool's own id of it."""

    sync: SyncDeclaration
    target_key: str
    account_id: str
    remote: str | None


def undeclared(
    connection: duckdb.DuckDBPyConnection, declared: Sequence[SyncDeclaration], state: str
) -> list[str]:
    """Names of syncs that hold people somewhere and are not declared any more."""
    rows = connection.execute(
        f"select distinct sync from ({HELD.format(state=state)}) order by sync"
    ).fetchall()
    known = {sync.name for sync in declared}
    return [name for (name,) in rows if name not in known]


def places_now(declared: Sequence[SyncDeclaration], accounts: Accounts) -> set[tuple[str, str]]:
    """Where declared syncs point to: name and target key of each whose account is configured."""
    return {
        (sync.name, target_key(sync, account))
        for sync in declared
        if isinstance(account := accounts.find(sync.destination), Account)
    }


def old_places(
    connection: duckdb.DuckDBPyConnection,
    names: set[str],
    declared: Sequence[SyncDeclaration],
    current: set[tuple[str, str]],
    state: str,
) -> list[Place]:
    """Every target but the `current` ones that syncs of these names hold anybody in, or may."""
    rows = connection.execute(
        f"""select distinct held.sync, held.target_key, kept.declaration, targets.remote_target
        from ({HELD.format(state=state)}) as held
        left join {state}.activation.declared as kept using (sync, target_key)
        left join {state}.activation.targets as targets using (target_key)
        order by all"""
    ).fetchall()
    now = {sync.name: sync for sync in declared}
    places = []
    for name, key, kept, remote in rows:
        parts = key.split(":", 3)
        if name not in names or (name, key) in current or len(parts) < 4:
            continue
        destination, account_id, kind, target = parts
        if (destination, kind) in DESTINATIONS:
            told = _declaration(name, kept, now.get(name), destination, kind, target)
            places.append(Place(told, key, account_id, remote))
    return places


def _declaration(
    name: str, kept: str | None, now: SyncDeclaration | None, destination: str, kind: str, target: str
) -> SyncDeclaration:
    place = {"destination": destination, "object": kind, "target": target}
    if kept is not None:
        return SyncDeclaration.model_validate({**json.loads(kept), **place})
    if now is not None and (now.destination, now.object) == (destination, kind):
        return now.model_copy(update=place)
    purpose, channel = (now.purpose, now.channel) if now else (UNKNOWN, UNKNOWN)
    given = {"name": name, "schema_name": "", "table": "", "purpose": purpose, "channel": channel, **place}
    return SyncDeclaration.model_validate(given)


def find_again(
    conversation: Generator[Request, Response, str], plan: Plan, account_id: str
) -> Generator[Request, Response, str]:
    """The conversation that opens a target, cut down to its reads: proves that the present keys reach an old account.

    Only an answer about that account by name, and with the tool's id that we know, is a proof. Raises TargetFailed.
    """
    is_named = False
    try:
        request = next(conversation)
        while request.method == "GET":
            is_named |= account_id in request.path
            request = conversation.send((yield request))
    except StopIteration as end:
        if is_named and end.value == plan.known_target:
            return str(end.value)
    except TargetFailed:
        pass
    raise TargetFailed(unreachable(plan, account_id))


def unreachable(plan: Plan, account_id: str) -> str:
    """What a person has to do about people in an account that cannot be called any more."""
    sync = plan.sync
    return (
        f"{people(plan.size)} who may not be in {sync.target} any more cannot be taken out of it: the present keys do not reach "
        f"{sync.destination} account {account_id}. Take them out there by hand (`cdp sync reset {sync.name}` then "
        f"forgets them), or run once with that account's keys."
    )
