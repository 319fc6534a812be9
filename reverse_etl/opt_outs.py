"""Opt-outs that tools know of come back into the consent log before anything is planned, so that every other tool hears.

How a tool is asked stands in its own file (`read_opt_outs`); what a denial means is decided where consent is (`desired.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa

from reverse_etl.accounts import Account, Accounts, NotConfigured
from reverse_etl.contract import Destination, OptOut, TellsOptOuts
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.errors import DestinationStopped, TargetFailed
from reverse_etl.journal import clock
from reverse_etl.sender import converse
from reverse_etl.sessions import OpenState
from reverse_etl.transport import Patience, open_transport
from warehouse.connections import transaction
from warehouse.functions.emails import parse_email

# a tool may show an opt-out some time after it happened; what is read twice is recorded once
_OVERLAP = timedelta(days=2)
# calls a second, whatever sending may do: reading lists is limited by itself, at some tools to ten
_PER_SECOND = 5.0

_NEW = """
    create or replace temp table heard as
    select distinct told.identifier_type, told.identifier_value, told.channel, told.proof, standing.seen_at is null as is_new,
        case when told.stated_at is null then coalesce(standing.seen_at, $now) else least(told.stated_at, $now) end
            as stated_at,
        told.stated_at is null as is_undated
    from told left join activation.opt_outs_standing as standing
        on standing.destination = $destination and standing.account_id = $account_id
        and told.stated_at is null and standing.identifier_type = told.identifier_type
        and standing.identifier_value = told.identifier_value and standing.channel = told.channel"""
_RECORD = """
    insert into platform.consent_log by name
    select md5(concat_ws('|', identifier_type, identifier_value, 'marketing', channel, 'denied', stated_at, $destination))
            as statement_id,
        stated_at, identifier_type, identifier_value, 'marketing' as purpose, channel, 'denied' as status,
        $destination as source, any_value(proof order by proof) as proof, 'consent' as legal_basis, $now as recorded_at
    from heard where is_new group by all
    on conflict do nothing"""
_FORGET_STANDING = """
    delete from activation.opt_outs_standing where destination = $destination and account_id = $account_id"""
_KEEP_STANDING = """
    insert into activation.opt_outs_standing by name
    select $destination as destination, $account_id as account_id, identifier_type, identifier_value, channel,
        min(stated_at) as seen_at
    from heard where is_undated group by all"""
_KEEP_TIME = """
    insert or replace into activation.opt_outs_read values ($destination, $account_id, $now)"""


def hear_opt_outs(
    open_state: OpenState,
    syncs: Iterable[SyncDeclaration],
    accounts: Accounts,
    now: datetime,
    patience: Patience,
) -> dict[str, str]:
    """Ask every connected tool of these syncs who unsubscribed there, and record who is new. `now` is naive UTC.

    Returns destination → a sentence, for each that could not be asked: what it told earlier still counts, and nobody
    else is held up. No lock is held while a tool is waited for.
    """
    plugins = {sync.destination: sync.plugin for sync in syncs if isinstance(sync.plugin, TellsOptOuts)}
    unheard = {}
    for destination, plugin in plugins.items():
        if isinstance(accounts.find(destination), NotConfigured):
            continue
        account = accounts.find(plugin.opt_out_account)
        if isinstance(account, NotConfigured):
            unheard[destination] = account.sentence
            continue
        try:
            told = _ask(open_state, plugin, account, patience)
        except (DestinationStopped, TargetFailed) as error:
            unheard[destination] = _unheard(plugin, error)
            continue
        with open_state() as state:
            record(state, destination, account.account_id, told, now)
    return unheard


def record(
    state: duckdb.DuckDBPyConnection,
    destination: str,
    account_id: str,
    told: Sequence[OptOut],
    now: datetime,
) -> int:
    """Record what one account told (everybody it has without a date, or since it was read last); returns how many are new.

    One transaction. Reading the same twice adds nothing; who has no date counts from when they were first seen, anew
    when they had come back in between.
    """
    scope = {"destination": destination, "account_id": account_id}
    state.register("told", _table(told))
    try:
        with transaction(state):
            state.execute(_NEW, {**scope, "now": now})
            added = int(state.execute(_RECORD, {"destination": destination, "now": now}).fetchall()[0][0])
            state.execute(_FORGET_STANDING, scope)
            state.execute(_KEEP_STANDING, scope)
            # a run that pretends to be later must not make the next one ask too late
            state.execute(_KEEP_TIME, {**scope, "now": min(now, clock())})
            state.execute("drop table heard")
    finally:
        state.unregister("told")
    return added


def _ask(open_state: OpenState, plugin: Destination, account: Account, patience: Patience) -> list[OptOut]:
    assert isinstance(plugin, TellsOptOuts)
    with open_state() as state:
        row = state.execute(
            "select read_at from activation.opt_outs_read where destination = ? and account_id = ?",
            [plugin.spec.destination, account.account_id],
        ).fetchone()
    since = row[0] - _OVERLAP if row else None
    spec = replace(plugin.spec, requests_per_second=min(plugin.spec.requests_per_second, _PER_SECOND))
    with open_transport(account, spec, plugin.classify, patience) as transport:
        return converse(plugin.read_opt_outs(since), plugin, transport)


def _unheard(plugin: Destination, error: Exception) -> str:
    name = plugin.spec.destination
    why = (
        f"its key may not read that (see CDP_{name.upper()}_*)"
        if isinstance(error, DestinationStopped)
        else str(error)
    )
    return f"{name} could not be asked who unsubscribed there, so only what it told earlier counts: {why}"


def _as_compared(told: OptOut) -> str:
    """As addresses of the sources are standardised, or nobody would be found by it; one that is none stays as it is."""
    value = told.identifier_value.strip()
    return (parse_email(value).address or value) if told.identifier_type == "email" else value


def _table(told: Sequence[OptOut]) -> pa.Table:
    return pa.table(
        {
            "identifier_type": pa.array([one.identifier_type for one in told], pa.string()),
            "identifier_value": pa.array([_as_compared(one) for one in told], pa.string()),
            "channel": pa.array([one.channel for one in told], pa.string()),
            "stated_at": pa.array([one.stated_at for one in told], pa.timestamp("us")),
            "proof": pa.array([one.proof for one in told], pa.string()),
        }
    )
