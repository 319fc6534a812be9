"""How a sync's columns become remote fields, match keys and consent keys, as SQL expressions.

The rules of each field belong to the destination's spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from reverse_etl.contract import MatchKey
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.sql_text import quoted

_NULL = "null::varchar"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns are sent as what: key column, remote field → column, column → type, version of all that."""

    key: str
    fields: Mapping[str, str]
    types: Mapping[str, str]
    version: str

    def as_text(self, column: str) -> str:
        """A column as text that does not wobble: floating point is rounded to six places before it is written."""
        if self.types[column] in ("DOUBLE", "FLOAT"):
            return f"round({quoted(column)}, 6)::varchar"
        return f"{quoted(column)}::varchar"


@dataclass(frozen=True)
class FieldMapping:
    """The expressions of one sync."""

    sync: SyncDeclaration
    columns: Columns

    @cached_property
    def payload(self) -> list[tuple[str, str]]:
        """Remote field → SQL expression of its normalised value, in order, each field once."""
        spec = self.sync.plugin.spec
        found: dict[str, str] = {}
        for remote, column in self.columns.fields.items():
            rules = spec.rules.get(remote) or (((remote, spec.other),) if spec.other else ())
            for name, normalise in rules:
                found[name] = normalise(self.columns.as_text(column))
        return list(found.items())

    @cached_property
    def identifiers(self) -> list[tuple[str, str]]:
        """Match key → the name of its column in plan_candidates' inner query; unmapped match keys are null."""
        return [(key.name, self._identifier(key)) for key in self.sync.plugin.spec.match_keys]

    def _identifier(self, key: MatchKey) -> str:
        if key.kind == "key":
            return key.normalise("record_key")
        return quoted(key.name) if key.name in dict(self.payload) else _NULL

    def consent_keys(self) -> str:
        """A list of the `type:value` texts under which a person of this row may have stated consent."""
        texts = [f"'customer_id:' || {quoted(self.columns.key)}"]
        for kind in ("email", "phone"):
            mapped = {
                kind,
                *(column for remote, column in self.columns.fields.items() if self._kind(remote) == kind),
            }
            texts += [
                f"'{kind}:' || lower(trim({quoted(column)}::varchar))"
                for column in sorted(mapped & self.columns.types.keys())
            ]
        return f"list_distinct(list_filter([{', '.join(texts)}], lambda text: text is not null))"

    def _kind(self, remote: str) -> str | None:
        spec = self.sync.plugin.spec
        names = {name for name, _ in spec.rules.get(remote, ())}
        return next((key.kind for key in spec.match_keys if key.name in names), None)
