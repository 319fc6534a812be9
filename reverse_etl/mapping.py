"""How a sync's columns become remote fields, match keys and consent keys, as SQL expressions.

The rules of each field belong to the destination's spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import duckdb

from reverse_etl.contract import MatchKey, Normaliser
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.sql_text import literal, quoted

Kind = Literal["text", "number", "boolean", "list"]
CONSENT_KINDS = ("email", "phone")
_NULL = "null::varchar"
_WHOLE_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_NUMBERS = (*_WHOLE_NUMBERS, "HUGEINT", "DECIMAL", "DOUBLE", "FLOAT")


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

    def kind(self, column: str) -> Kind:
        """What a column is in JSON."""
        found = self.types[column]
        if found.endswith("[]"):
            return "list"
        if found == "BOOLEAN":
            return "boolean"
        return "number" if found.startswith(_NUMBERS) else "text"

    def as_typed(self, column: str, kind: Kind) -> str:
        """A column as a number, boolean or list that JSON writes the same way every time."""
        if kind == "number" and self.types[column] not in _WHOLE_NUMBERS:
            # through double, so that 1 and 1.0 of a decimal are one number; rounded as `as_text` rounds
            return f"round(try_cast({quoted(column)} as double), 6)"
        return f"try_cast({quoted(column)} as boolean)" if kind == "boolean" else quoted(column)


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
            for name, normalise in spec.rules.get(remote, ()):
                found[name] = self._filled(remote, normalise(self.columns.as_text(column)), normalise)
            if remote not in spec.rules and spec.other:
                found[remote] = self._other(remote, column, spec.other)
        return list(found.items())

    @cached_property
    def skipped(self) -> frozenset[str]:
        """Remote fields that are left out of a request when they are empty, instead of being cleared."""
        spec, rules = self.sync.plugin.spec, self.sync.field_rules
        return frozenset(
            name
            for remote, rule in rules.items()
            if rule.if_null == "skip"
            for name, _ in spec.rules.get(remote, ((remote, None),))
        )

    def _other(self, remote: str, column: str, normalise: Normaliser) -> str:
        """A field without a rule of the tool's own: text, or what its type is where the tool keeps types."""
        rule = self.sync.field_rules.get(remote)
        kind = (rule.type if rule else None) or self.columns.kind(column)
        if not self.sync.plugin.spec.keeps_types or kind == "text":
            return self._filled(remote, normalise(self.columns.as_text(column)), normalise)
        value = self.columns.as_typed(column, kind)
        default = rule.default if rule else None
        return value if default is None else f"coalesce({value}, {str(default).lower()})"

    def _filled(self, remote: str, value: str, normalise: Normaliser) -> str:
        rule = self.sync.field_rules.get(remote)
        if rule is None or rule.default is None:
            return value
        default = str(rule.default).lower() if isinstance(rule.default, bool) else str(rule.default)
        return f"coalesce({value}, {normalise(literal(default))})"

    @cached_property
    def identifiers(self) -> list[tuple[str, str]]:
        """Match key → its expression over the inner query of plan_candidates; unmapped match keys are null."""
        return [(key.name, self._identifier(key)) for key in self.sync.plugin.spec.match_keys]

    def _identifier(self, key: MatchKey) -> str:
        if key.kind == "key":
            return key.normalise("record_key")
        return quoted(key.name) if key.name in dict(self.payload) else _NULL

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything that a row is made from, and of how it is made; another engine hashes otherwise."""
        how = literal(f"{duckdb.__version__}|{self.columns.version}")
        used = ", ".join(quoted(column) for column in sorted(set(self.columns.fields.values())))
        return f"hash({how}, {quoted(self.columns.key)}::varchar{', ' if used else ''}{used})"

    def consent_keys(self) -> str:
        """A list of the `type:value` texts under which a person of this row may have stated consent, perhaps repeated."""
        texts = ", ".join(self.consent_texts())
        return f"list_filter([{texts}], lambda text: text is not null)"

    def consent_texts(self) -> list[str]:
        """The same texts one by one, null where the row has no such value."""
        return [
            f"'customer_id:' || {quoted(self.columns.key)}",
            *(f"'{kind}:' || {value}" for kind in CONSENT_KINDS for value in self.consent_values(kind)),
        ]

    def consent_values(self, kind: str) -> list[str]:
        """Expressions of the values of one kind (email, phone) under which a statement may name the row's person."""
        return [f"lower(trim({quoted(column)}::varchar))" for column in self._consent_columns(kind)]

    def _consent_columns(self, kind: str) -> list[str]:
        mapped = {column for remote, column in self.columns.fields.items() if self._kind(remote) == kind}
        return sorted({kind, *mapped} & self.columns.types.keys())

    @cached_property
    def used(self) -> list[str]:
        """The columns of the model that a plan reads, the key first."""
        stated = (column for kind in CONSENT_KINDS for column in self._consent_columns(kind))
        return list(dict.fromkeys([self.columns.key, *self.columns.fields.values(), *stated]))

    def _kind(self, remote: str) -> str | None:
        spec = self.sync.plugin.spec
        names = {name for name, _ in spec.rules.get(remote, ())}
        return next((key.kind for key in spec.match_keys if key.name in names), None)
