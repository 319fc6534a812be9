"""The properties file of a source's staging folder: grain, owner, tests, columns, and a unit test with two rows.

What the columns are is planned in `roles.py`; only YAML is made here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import yaml

from ingestion.scaffolding.plans import Plan
from ingestion.scaffolding.words import in_sql, sentence, singular

_RECORD_ID = "The person record this row belongs to (int_identity__records); null when the row names nobody."
_ROWS_TOLD = "A row as it should be, and one with values that cannot be read."
_OLDER_TOLD = "A row as it should be, one with values that cannot be read, and rows that no longer count."
_GONE = "gone"
_EARLIER = {"_load_id": 1, "_delivered_at": "2026-01-01 00:00:00"}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _,.;()/'%+-]*[A-Za-z0-9_.;)%]|[A-Za-z]")


def properties_yaml(plans: Sequence[Plan]) -> str:
    """`_<source>__models.yml`: every model of the source, then their unit tests."""
    models = "\n".join(_model(plan) for plan in plans)
    tests = "\n".join(_unit_test(plan) for plan in plans)
    return f"models:\n{models}\nunit_tests:\n{tests}"


def _model(plan: Plan) -> str:
    keys = plan.keys
    # unique_key is the house's not_null and unique in one
    lines = [
        f"  - name: {plan.model}",
        f"    description: {scalar(grain(plan))}",
        f"    config: {{meta: {{owner: {scalar(plan.source.owner)}}}}}",
    ]
    if keys and not plan.table.lines:
        lines += [
            "    data_tests:",
            "      - unique_key:",
            f"          arguments: {{columns: [{', '.join(keys)}]}}",
        ]
    lines.append("    columns:")
    for column in plan.staged:
        pii = column.pii or ("user.unique_id" if plan.names_people and [column.name] == keys else None)
        lines += _column(column.name, column.description, pii)
        if column.name == (keys[-1] if keys else None) and plan.names_people:
            lines += _column("record_id", _RECORD_ID, "user.unique_id")
    if plan.names_people and not keys:
        lines += _column("record_id", _RECORD_ID, "user.unique_id")
    return "\n".join(lines) + "\n"


def grain(plan: Plan) -> str:
    """The table's description, made to begin with its grain."""
    text = sentence(plan.table.description)
    one = singular(plan.table.name).replace("_", " ") + (" line" if plan.table.lines else "")
    return text if text.startswith("One row") else f"One row per {one}. {text}"


def _column(name: str, description: str, pii: str | None) -> list[str]:
    lines = [f"      - name: {name}", f"        description: {scalar(description)}"]
    if pii:
        lines.append(f"        config: {{meta: {{pii: {pii}}}}}")
    return lines


def _unit_test(plan: Plan) -> str:
    """Two rows in, two rows out; where rows have keys, an older version of the first row makes no third."""
    given = [{in_sql(raw).strip('"'): pair[i] for raw, pair in plan.given.items()} for i in (0, 1)]
    expected = [{c.name: c.shown[i] for c in plan.staged if c.shown is not None} for i in (0, 1)]
    if not expected[0]:
        first = next(iter(plan.names))
        given[0][first], expected[0] = "as delivered", {plan.named(first): "as delivered"}
        given[1][first], expected[1] = None, {plan.named(first): None}
    rows = [{**row, **_place(number)} for number, row in enumerate(given, start=1)]
    if plan.table.keys:
        older = {key: given[0][key] for key in plan.table.raw_keys}
        rows.append({**older, **_place(1), **_EARLIER})
    return "\n".join(
        [
            f"  - name: {plan.source.name}_{plan.table.name}_are_read_as_declared",
            f"    description: {_OLDER_TOLD if plan.table.keys else _ROWS_TOLD}",
            f"    model: {plan.model}",
            "    overrides:",
            "      vars: {shop_time_zone: Europe/London, shop_country: GB, shop_currency: GBP}",
            "    given:",
            f"      - input: source('raw', '{plan.raw_table}')",
            "        rows:",
            *(f"          - {_mapping(row)}" for row in [*rows, *_deleted_row(plan, given[0])]),
            *_deletion(plan),
            "    expect:",
            "      rows:",
            *(f"        - {_mapping(row)}" for row in expected),
            "",
        ]
    )


def _place(row: int) -> dict[str, object]:
    return {"_row": row, "_load_id": 2, "_delivered_at": "2026-02-01 00:00:00"}


def _deleted_row(plan: Plan, like: Mapping[str, object]) -> list[dict[str, object]]:
    """A row of the earlier delivery whose key the later one lacks, where tables are delivered whole."""
    if plan.table.load != "replace":
        return []
    keys = dict.fromkeys(plan.table.raw_keys, _GONE)
    return [{**{key: like[key] for key in keys}, **{next(iter(keys)): _GONE}, **_place(4), **_EARLIER}]


def _deletion(plan: Plan) -> list[str]:
    if plan.table.load != "replace":
        return []
    others = [pair[0] for raw, pair in plan.given.items() if raw in plan.table.raw_keys[1:]]
    row = {
        "source": plan.source.name,
        "table_name": plan.table.name,
        "key_text": "|".join([_GONE, *map(str, others)]),
        "deleted_in_load_id": 2,
        "delivered_at": "2026-02-01 00:00:00",
    }
    return ["      - input: source('raw', 'deleted_rows')", "        rows:", f"          - {_mapping(row)}"]


def _mapping(row: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{name}: {scalar(value)}" for name, value in row.items()) + "}"


def scalar(value: object) -> str:
    """A value as YAML, plain where nobody could read it as anything else."""
    if not isinstance(value, str):
        return json.dumps(value)
    safe = _PLAIN.fullmatch(value) and ": " not in value and " #" not in value and "," not in value
    if safe and yaml.safe_load(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)
