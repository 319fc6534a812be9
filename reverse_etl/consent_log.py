"""Adding statements of consent to the log, one at a time or from a file: checked first, added once, never changed.

What follows from the statements is decided by the models (macros/marts_consent.sql) and asked again by the gate as it sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from reverse_etl.errors import StatementRefused
from warehouse.connections import transaction
from warehouse.functions.registration import register_functions

PURPOSES = ("marketing email", "marketing sms", "ads ads", "service email", "all all")
BASES = ("consent", "contract", "legitimate interest")
COLUMNS = (
    "identifier_type",
    "identifier_value",
    "purpose",
    "channel",
    "status",
    "stated_at",
    "source",
    "proof",
    "legal_basis",
)
_SHOWN = 5

# One row per statement as text, with its line; what is empty is null. Addresses and numbers are standardised as those of
# the sources are, or nobody would be found by them. A number must name its country: which one a national number belongs
# to is a guess, and consent is not guessed. An address that cannot be written to stays as it is.
_READ = """
    select line, lower(identifier_type) as identifier_type,
        case lower(identifier_type)
            when 'email' then coalesce(cdp_email(identifier_value).address, lower(identifier_value))
            when 'phone' then coalesce(cdp_phone(identifier_value, null, null).number, identifier_value)
            else identifier_value
        end as identifier_value,
        lower(purpose) as purpose, lower(channel) as channel, lower(status) as status, stated_at as stated_text,
        case when stated_at is null then $now else
            coalesce(try_cast(stated_at as timestamptz) at time zone 'UTC', try_cast(stated_at as timestamp)) end as stated_at,
        source, proof, coalesce(lower(legal_basis), 'consent') as legal_basis
    from given"""
_JUDGE = f"""
    select line, case
        when coalesce(identifier_type, '') not in ('email', 'phone', 'customer_id')
            then 'identifier_type must be email, phone or customer_id'
        when identifier_value is null then 'identifier_value is empty'
        when identifier_type = 'email' and not regexp_full_match(identifier_value, '[^@\\s]+@[^@\\s]+\\.[^@\\s]+')
            then 'identifier_value is no email address'
        when identifier_type = 'phone' and not regexp_full_match(identifier_value, '\\+[1-9][0-9]{{7,14}}')
            then 'identifier_value must be an international number such as +442079460018'
        when identifier_type = 'customer_id' and identifier_value not in (select customer_id from identity.customers)
            then identifier_value || ' is no customer id that was ever given out; an address has an @, and a number '
                || 'begins with + and its country'
        when coalesce(purpose || ' ' || channel, '') not in {PURPOSES}
            then 'purpose and channel must be one of: {", ".join(PURPOSES)}'
        when coalesce(status, '') not in ('granted', 'denied') then 'status must be granted or denied'
        when purpose = 'all' and status = 'granted' then 'consent is given for one purpose; only a denial can be for all'
        when stated_at is null then 'stated_at is no date: ' || stated_text
        when stated_at > $now then 'stated_at lies in the future: ' || stated_text
        when source is null then 'source is empty: say where it was stated'
        when proof is null then 'proof is empty: say how it can be shown'
        when legal_basis not in {BASES} then 'legal_basis must be one of: {", ".join(BASES)}'
    end as problem
    from statements"""
_ADD = """
    insert into platform.consent_log by name
    select md5(concat_ws('|', identifier_type, identifier_value, purpose, channel, status, stated_at, source)) as statement_id,
        stated_at, identifier_type, identifier_value, purpose, channel, status, source, proof, legal_basis,
        $now as recorded_at
    from statements
    on conflict do nothing"""


def record(state: duckdb.DuckDBPyConnection, statement: Mapping[str, str | None], now: datetime) -> int:
    """Add one statement (COLUMNS as text; `stated_at` None = now); returns 0 when it was known. Raises StatementRefused.

    It counts at once when something is sent, and in the tables from the next run on. `now` is naive UTC.
    """
    given = pa.table({"line": [1]} | {name: pa.array([statement.get(name)], pa.string()) for name in COLUMNS})
    return _append(state, given, now, where="the statement")


def import_file(state: duckdb.DuckDBPyConnection, path: Path, now: datetime) -> int:
    """Add all statements of a CSV file (header: COLUMNS; stated_at and legal_basis may be missing), or none of them.

    Returns how many were new: reading a file twice adds nothing. Raises StatementRefused naming file, line and what to do.
    """
    try:
        delivered = duckdb.read_csv(str(path), header=True, all_varchar=True).to_arrow_table()
    except duckdb.Error as error:
        raise StatementRefused(f"{path} cannot be read as CSV: {str(error).splitlines()[0]}") from error
    missing = sorted(set(COLUMNS) - {"stated_at", "legal_basis"} - set(delivered.column_names))
    if missing:
        raise StatementRefused(
            f"{path} has no column {', '.join(missing)}. Its first line must name {', '.join(COLUMNS)}."
        )
    empty = pa.nulls(delivered.num_rows, pa.string())
    columns: dict[str, Any] = {"line": pa.array(range(2, delivered.num_rows + 2))}
    for name in COLUMNS:
        columns[name] = delivered.column(name) if name in delivered.column_names else empty
    return _append(state, pa.table(columns), now, where=str(path))


def _append(state: duckdb.DuckDBPyConnection, given: pa.Table, now: datetime, *, where: str) -> int:
    trimmed = ", ".join(f"nullif(trim({name}), '') as {name}" for name in COLUMNS)
    read = _READ.replace("from given", f"from (select line, {trimmed} from given)")
    register_functions(state)
    state.register("given", given)
    try:
        with transaction(state):
            state.execute(f"create or replace temp table statements as {read}", {"now": now})
            _refuse(state, now, where)
            added = int(state.execute(_ADD, {"now": now}).fetchall()[0][0])
            state.execute("drop table statements")
    finally:
        state.unregister("given")
    return added


def _refuse(state: duckdb.DuckDBPyConnection, now: datetime, where: str) -> None:
    problems = state.execute(
        f"select line, problem from ({_JUDGE}) where problem is not null order by line", {"now": now}
    ).fetchall()
    if problems:
        told = "; ".join(f"line {line}: {problem}" for line, problem in problems[:_SHOWN])
        more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
        raise StatementRefused(f"Nothing of {where} was recorded. {told}{more}.")
