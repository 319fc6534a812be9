"""Small pieces of SQL text that the planner and the journal share: quoting, and reading consent statements.

Whole statements stand where they are used.
"""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def consent_key(kind: str, value: str) -> str:
    """The `type:value` text of an identifier (SQL expressions); addresses are compared in lower case, keys as they are."""
    return f"{kind} || ':' || case when {kind} = 'customer_id' then {value} else lower(trim({value})) end"


CONSENT_MARK = "select count(*), bit_xor(hash(statement_id)) from {catalog}platform.consent_log"
"""One row that is another one as soon as a statement was added to, or erased from, the consent log."""
FOLLOWS = "follows "
"""Before the consent keys of rows, and of statements, where a person's consent for one purpose rests on another's."""
_FOLLOWED = {("ads", "ads"): ("marketing", "email")}  # marts.consents says for whom (rule 'follows email')


def relevant_statements(state: str, purpose: str, channel: str) -> str:
    """The newest statement per consent key for a purpose and channel, and for what it may follow from, under its mark."""
    followed = _FOLLOWED.get((purpose, channel))
    own = newest_statements(state, literal(purpose), literal(channel))
    if followed is None:
        return own
    other = newest_statements(state, *map(literal, followed))
    return f"""(
        from {own} union all
        select {literal(FOLLOWS)} || consent_key, status, stated_at from {other}
    )"""


def newest_statements(state: str, purpose: str, channel: str) -> str:
    """The newest consent statement per identifier for a purpose and channel (SQL literals); on ties denied wins.

    A denial for all purposes and channels is one for this.
    """
    catalog = f"{state}." if state else ""
    return f"""(
        select
            {consent_key("identifier_type", "identifier_value")} as consent_key,
            arg_max(status, (stated_at, status = 'denied')) as status,
            max(stated_at) as stated_at
        from {catalog}platform.consent_log
        where purpose in ({purpose}, 'all') and channel in ({channel}, 'all')
        group by consent_key
    )"""
