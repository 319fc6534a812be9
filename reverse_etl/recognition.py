"""Recognising rows that are as they were when they were acknowledged: one pass over the model beside the ledger.

What is left over on either side is `plan_loose` and goes the long way (`desired.py`); nothing is kept of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from reverse_etl.declarations import SyncDeclaration
from reverse_etl.mapping import CONSENT_KINDS, FieldMapping
from reverse_etl.sql_text import FOLLOWS, literal, quoted

_KNOWN = "(select cdp_known from plan_loose where cdp_known is not null)"


@dataclass(frozen=True)
class Recognition:
    """Recognises rows of one sync. `state` is the catalog of the state file; not `is_on` = every row is loose.

    A row is recognised by a 64-bit hash of its key, of all it is made from and of how that is done. Everything that is
    not certain from one look at it goes the long way: a key that stands there twice, whoever has not agreed, any denial
    that might concern the row, whatever is in the air. A file is written whole, so none of its rows is recognised.
    """

    connection: duckdb.DuckDBPyConnection
    sync: SyncDeclaration
    mapping: FieldMapping
    target_key: str
    state: str
    is_on: bool = True

    def recognise(self) -> int:
        """Makes, from plan_denials, the table plan_loose and the views plan_acked and plan_same; returns the size of plan_same.

        plan_loose: the columns of the model that are used, cdp_is_row, and cdp_known, the fingerprint of an acknowledged
        row to which no certain row was found (cdp_is_row is false then). plan_acked: the acknowledged rows that are not
        recognised. plan_same: those that are.
        """
        if not self.is_on or self.sync.plugin.spec.is_snapshot:
            everything = (
                f"select {self._used}, true as cdp_is_row, null::ubigint as cdp_known from {self._model}"
            )
            self._create("table plan_loose", everything)
            self._create("view plan_acked", f"from {self._acked} where {self._scope}")
            self._create("view plan_same", f"from {self._acked} where false")
            return 0
        self._create("table plan_doubtful", self._doubtful())
        eligible = self._eligible()
        for are_keys_doubtful in (False, True):
            self._create("table plan_loose", self._loose(eligible, are_keys_doubtful=are_keys_doubtful))
            same, is_certain = self._counted(eligible)
            if is_certain:
                break
        self._create("view plan_acked", self._not_recognised(eligible))
        self._create("view plan_same", f"from {self._acked} where {eligible} and fingerprint not in {_KNOWN}")
        return same

    def _create(self, what: str, query: str) -> None:
        self.connection.execute(f"create or replace temp {what} as {query}")

    def _count(self, query: str) -> int:
        ((number,),) = self.connection.execute(f"select count(*) from {query}").fetchall()
        return int(number)

    @property
    def _acked(self) -> str:
        return f"{self.state}.activation.acked"

    @property
    def _model(self) -> str:
        return self.sync.relation

    @property
    def _key(self) -> str:
        return quoted(self.mapping.columns.key)

    @property
    def _used(self) -> str:
        return ", ".join(quoted(column) for column in self.mapping.used)

    @property
    def _scope(self) -> str:
        return f"sync = {literal(self.sync.name)} and target_key = {literal(self.target_key)}"

    def _doubtful(self) -> str:
        """Remote records that something is in the air for."""
        return f"""
            select distinct remote_id from {self.state}.activation.op_journal
            where {self._scope} and state in ('sent', 'unknown', 'pending')"""

    def _eligible(self) -> str:
        """Which acknowledged rows could be recognised, as a condition."""
        condition = (
            f"{self._scope} and mapping_version = {literal(self.mapping.columns.version)} "
            f"and row_hash <> '' and fingerprint is not null"
        )
        if not self._count("plan_doubtful"):
            return condition
        return f"{condition} and remote_id not in (select remote_id from plan_doubtful)"

    def _loose(self, eligible: str, *, are_keys_doubtful: bool) -> str:
        certain = [*self._consented(), *self._nobody_denied()]
        if are_keys_doubtful:
            certain.append(
                f"{self._key} not in (select {self._key} from {self._model} "
                f"where {self._key} is not null group by all having count(*) > 1)"
            )
        return f"""
            with model as (
                select {self._used}, true as cdp_is_row,
                    case when {" and ".join(certain)} then {self.mapping.fingerprint} end as cdp_seen
                from {self._model}
            ),
            acknowledged as (select fingerprint as cdp_known from {self._acked} where {eligible})
            select {self._used}, coalesce(cdp_is_row, false) as cdp_is_row, cdp_known
            from model full join acknowledged on cdp_known = cdp_seen
            where cdp_seen is null or cdp_known is null"""

    def _consented(self) -> list[str]:
        stated = f"""select customer_id from marts.consents
            where purpose = {literal(self.sync.purpose)} and channel = {literal(self.sync.channel)}
              and customer_id is not null and status is distinct from 'granted'"""
        granted = stated.replace("is distinct from", "=")
        key = f"{self._key}::varchar"
        return [f"{key} in ({granted})", f"{key} not in ({stated})"]

    def _nobody_denied(self) -> list[str]:
        """Conditions against denials outside of marts.consents, by the kinds of identifiers that there are any of."""
        denied = f"""select case when starts_with(consent_key, {literal(FOLLOWS)})
                then substr(consent_key, {len(FOLLOWS) + 1}) else consent_key end as consent_key
            from plan_denials where source <> 'consents' and consent_key is not null"""
        kinds = self.connection.execute(
            f"select distinct split_part(consent_key, ':', 1) from ({denied})"
        ).fetchall()
        columns: dict[str, Sequence[str]] = {
            "customer_id": [f"{self._key}::varchar"],
            **{kind: self.mapping.consent_values(kind) for kind in CONSENT_KINDS},
        }
        return [
            f"coalesce({value} not in (select substr(consent_key, {len(kind) + 2}) from ({denied}) "
            f"where starts_with(consent_key, {literal(kind + ':')})), true)"
            for (kind,) in sorted(kinds)
            for value in columns.get(kind, ())
        ]

    def _counted(self, eligible: str) -> tuple[int, bool]:
        """How many rows are the same, and whether it is certain that the key of none of them stands there twice."""
        ((rows, keys, known),) = self.connection.execute(
            f"select count(*) filter (where cdp_is_row), count({self._key}), count(cdp_known) from plan_loose"
        ).fetchall()
        same = self._count(self._model) - rows
        acknowledged = self._count(f"{self._acked} where {eligible}") - known
        if same == 0:
            return 0, True
        with_loose_keys = self._count(
            f"{self._model} where {self._key} in (select {self._key} from plan_loose where cdp_is_row)"
        )
        return same, same == acknowledged and with_loose_keys == keys

    def _not_recognised(self, eligible: str) -> str:
        """In two parts, each of which reads only of the rows that it is looking for more than a column or two."""
        return f"""
            from {self._acked} where {self._scope} and fingerprint in {_KNOWN} and {eligible}
            union all
            from {self._acked} where rowid in (
                select rowid from {self._acked} where {self._scope} and not ({eligible}))"""
