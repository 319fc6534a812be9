"""Which syncs there are: read from the exposures of a dbt manifest, checked against what the destination can take.

Secrets and addresses of accounts are not declared here but in the environment (`accounts.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reverse_etl.contract import Destination, DestinationSpec, Mode
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.errors import DeclarationError


class Guards(BaseModel):
    """Limits on what one run may change (rows, shares 0–1). A sync beyond them is held, never cut down.

    `minimum_size` None = the destination's own. `confirm_above`: a first sync, a large growth or a full resync of
    more rows waits for confirmation; `confirmed` gives it in advance.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum_size: int | None = Field(default=None, ge=0)
    max_removal_share: float = Field(default=0.10, ge=0, le=1)
    max_removal_rows: int = Field(default=100, ge=0)
    confirm_above: int = Field(default=5_000, ge=0)
    confirmed: bool = False


class FieldRule(BaseModel):
    """How one field is written when a column name alone does not say it.

    `if_null`: `send_null` clears the field there, `skip` leaves what is there; a `default` is sent instead of nothing.
    `type` is for tools that keep types; without it the column's own type counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    if_null: Literal["send_null", "skip"] = "send_null"
    default: str | int | float | bool | None = None
    type: Literal["text", "number", "boolean"] | None = None


class SyncDeclaration(BaseModel):
    """One sync: which model goes to which target of which destination, for which purpose and channel.

    `fields` maps the destination's field to the model's column, or to a FieldRule (kept in `field_rules`); without it,
    files carry every column. `concurrency` lowers how many calls are made at once.
    `schema_name` and `table` are the model's relation in the warehouse.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    schema_name: str
    table: str
    destination: str
    object: str
    target: str
    purpose: str
    channel: str
    mode: Mode = "mirror"
    key: str = "customer_id"
    segment: str | list[str] | None = None
    format: Literal["csv", "jsonl", "parquet"] = "csv"
    fields: dict[str, str] = Field(default_factory=dict)
    field_rules: dict[str, FieldRule] = Field(default_factory=dict)
    concurrency: int | None = Field(default=None, ge=1)
    guards: Guards = Guards()
    owner: str | None = None
    description: str = ""

    @model_validator(mode="before")
    @classmethod
    def _split_fields(cls, given: Any) -> Any:  # noqa: ANN401 (pydantic hands over whatever was declared)
        """Columns into `fields`, everything else that was said about a field into `field_rules`."""
        fields = given.get("fields") if isinstance(given, Mapping) else None
        if not isinstance(fields, Mapping):
            return given
        rules = {remote: FieldRule.model_validate(rule) for remote, rule in fields.items() if _is_rule(rule)}
        columns = {
            remote: rules[remote].column if remote in rules else rule for remote, rule in fields.items()
        }
        return {**given, "fields": columns, "field_rules": {**(given.get("field_rules") or {}), **rules}}

    @property
    def plugin(self) -> Destination:
        """The module that speaks to this destination about this kind of object."""
        return DESTINATIONS[(self.destination, self.object)]

    @property
    def relation(self) -> str:
        return f'"{self.schema_name}"."{self.table}"'


def _is_rule(value: object) -> bool:
    return isinstance(value, Mapping | FieldRule)


def read_syncs(manifest: Mapping[str, Any]) -> list[SyncDeclaration]:
    """The declared syncs of a dbt manifest (its JSON as a dict), in sending order: contacts before memberships.

    An exposure is a sync when it has `config.meta.sync` (or `meta.sync`). Raises DeclarationError naming the
    exposure, the setting and what to write instead.
    """
    syncs = [
        _read(exposure, settings, manifest)
        for exposure in manifest.get("exposures", {}).values()
        if (settings := _settings(exposure)) is not None
    ]
    return in_sending_order(syncs)


def in_sending_order(syncs: Sequence[SyncDeclaration]) -> list[SyncDeclaration]:
    """By destination, then objects that others rest on first (contacts before memberships), then name."""
    return sorted(syncs, key=lambda sync: (sync.destination, sync.plugin.spec.order, sync.name))


def _settings(exposure: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for holder in (exposure.get("config") or {}, exposure):
        settings = (holder.get("meta") or {}).get("sync")
        if settings is not None:
            if not isinstance(settings, Mapping):
                raise DeclarationError(
                    f"Exposure {exposure['name']}: `meta.sync` must be a mapping of settings."
                )
            return dict(settings)
    return None


def _read(
    exposure: Mapping[str, Any], settings: Mapping[str, Any], manifest: Mapping[str, Any]
) -> SyncDeclaration:
    model = _model(exposure, manifest)
    owner = (exposure.get("owner") or {}).get("name") or (exposure.get("owner") or {}).get("email")
    given = {
        "object": _only_object(settings.get("destination")),
        "owner": owner,
        "description": exposure.get("description") or "",
        **_with_ending(settings),
        "name": exposure["name"],
        "schema_name": model["schema"],
        "table": model.get("alias") or model["name"],
    }
    try:
        sync = SyncDeclaration.model_validate(given)
    except ValidationError as error:
        raise DeclarationError(_explain(exposure["name"], error)) from error
    _check(sync)
    return sync


def _with_ending(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings with a file's format as the ending of its name, which says it in the tool and in the state."""
    ending, target = f".{settings.get('format', 'csv')}", settings.get("target")
    if ending == ".csv" or not isinstance(target, str) or target.endswith(ending):
        return settings
    return {**settings, "target": f"{target}{ending}"}


def _only_object(destination: object) -> str | None:
    objects = [name for tool, name in DESTINATIONS if tool == destination]
    return objects[0] if len(objects) == 1 else None


def _model(exposure: Mapping[str, Any], manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    nodes = [
        manifest["nodes"][node]
        for node in (exposure.get("depends_on") or {}).get("nodes", [])
        if node in manifest.get("nodes", {})
    ]
    models = [node for node in nodes if node["name"].startswith("sync_")] or nodes
    if len(models) != 1:
        raise DeclarationError(
            f"Exposure {exposure['name']} depends on {len(models)} models that could be sent. "
            f"Let its `depends_on` name exactly one sync_<destination>_<plural> model."
        )
    found: Mapping[str, Any] = models[0]
    return found


def _check(sync: SyncDeclaration) -> None:
    if (sync.destination, sync.object) not in DESTINATIONS:
        known = ", ".join(f"{tool}/{name}" for tool, name in sorted(DESTINATIONS))
        raise DeclarationError(
            f"Sync {sync.name}: there is no destination {sync.destination}/{sync.object}. Known are {known}."
        )
    spec = sync.plugin.spec
    if sync.mode not in spec.modes:
        raise DeclarationError(
            f"Sync {sync.name}: {spec.destination}/{spec.object} can not be kept in mode {sync.mode}. "
            f"Its modes are {', '.join(spec.modes)}."
        )
    if spec.channels and sync.channel not in spec.channels:
        raise DeclarationError(
            f"Sync {sync.name}: {spec.destination}/{spec.object} reaches people over {' or '.join(spec.channels)}, not "
            f"over {sync.channel}: consent for {sync.channel} says nothing about it. Correct `channel`."
        )
    if spec.is_snapshot and sync.fields and sync.key not in sync.fields.values():
        raise DeclarationError(
            f"Sync {sync.name}: map a field to {sync.key} too. A person who opts out must be found in the file even "
            f"while the sync is held."
        )
    if spec.is_snapshot and Path(sync.target).name != sync.target:
        raise DeclarationError(
            f"Sync {sync.name}: target {sync.target!r} must be a plain file name; the folder is the outbox."
        )
    unknown = sorted(set(sync.fields) - set(spec.rules)) if spec.other is None else []
    if unknown:
        raise DeclarationError(
            f"Sync {sync.name}: {spec.destination}/{spec.object} has no field {', '.join(unknown)}. "
            f"Its fields are {', '.join(sorted(spec.rules))}."
        )
    _check_rules(sync, spec)


def _check_rules(sync: SyncDeclaration, spec: DestinationSpec) -> None:
    keys = {key.name for key in spec.match_keys}
    for remote, rule in sync.field_rules.items():
        names = {name for name, _ in spec.rules.get(remote, ((remote, None),))}
        if names & keys and (rule.default is not None or rule.if_null == "skip"):
            raise DeclarationError(
                f"Sync {sync.name}: {remote} says who a person is, so it has no default and cannot be skipped. "
                f"People without it are not sent."
            )
        if rule.type not in (None, "text") and (not spec.keeps_types or remote in spec.rules):
            raise DeclarationError(
                f"Sync {sync.name}: {spec.destination}/{spec.object} takes {remote} as text. Leave out its `type`."
            )


def _explain(name: str, error: ValidationError) -> str:
    known = sorted(set(SyncDeclaration.model_fields) | set(Guards.model_fields) | set(FieldRule.model_fields))
    lines = []
    for item in error.errors():
        setting = ".".join(map(str, item["loc"]))
        near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1)
        hint = f", did you mean `{near[0]}`?" if item["type"] == "extra_forbidden" and near else ""
        lines.append(f"`{setting}`: {item['msg']}{hint}")
    return f"Sync {name} is not declared correctly (meta.sync of its exposure): {'; '.join(lines)}."
