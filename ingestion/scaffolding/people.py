"""Rows that name people: the record each belongs to, and the select that hands these records to identity.

What identity makes of them is not known here.
"""

from __future__ import annotations

from ingestion.scaffolding.plans import Plan
from ingestion.scaffolding.vocabulary import PEOPLE
from ingestion.scaffolding.words import in_sql, is_named

_NOTHING = "cast(null as varchar)"
_DELIVERED = (
    "first_name", "last_name", "full_name", "email", "phone", "email_raw", "phone_raw", "street", "city", "postcode",
    "country", "company", "birth_date", "postcode_raw", "email_problem", "phone_problem", "postcode_problem",
    "country_problem",
)  # fmt: skip


def is_list_of_people(plan: Plan) -> bool:
    """True when every row is one person under a key of its own."""
    return len(plan.table.keys) == 1 and (
        is_named(plan.table.name, PEOPLE) or is_named(plan.table.raw_keys[0], PEOPLE)
    )


def record_id_sql(plan: Plan) -> str:
    """The call that makes the record's id: from the list's key, or from the four details a person left."""
    if is_list_of_people(plan):
        return f"{{{{ record_id('{plan.raw_table}', '{in_sql(plan.table.raw_keys[0])}') }}}}"
    details = ", ".join(f"{_detail(plan, part)!r}" for part in ("email", "phone", "name", "postcode"))
    return f"{{{{ record_id('{plan.raw_table}', buyer_key({details})) }}}}"


def delivered_select(plan: Plan) -> str:
    """The select to add to int_identity__delivered_records; it lines up with the others there."""
    relation = f"ref('{plan.model}')"
    key = f"'{plan.keys[0]}'" if is_list_of_people(plan) else "record_key('record_id')"
    if not is_list_of_people(plan):
        order = plan.named(plan.parts["seen_at"]) if "seen_at" in plan.parts else "record_id"
        relation = f"newest_of({relation}, '{order}')"
    arguments = [f"'{plan.raw_table}'", key, *(f"{name}='{value}'" for name, value in _known(plan).items())]
    return (
        f"    union all\n    select {{{{ record_columns(\n{_wrapped(arguments)}\n    ) }}}}\n"
        f"    from {{{{ {relation} }}}}\n"
    )


def _known(plan: Plan) -> dict[str, str]:
    staged = {column.name for column in plan.staged}
    known = {name: name for name in _DELIVERED if name in staged}
    if "full_name" in plan.parts:
        known["full_name"] = "name_raw"
    if "seen_at" in plan.parts:
        known["seen_at"] = plan.named(_changed_column(plan))
    return known


def _changed_column(plan: Plan) -> str:
    """The raw column that says when a row was last true: the cursor where it is a time, else the first time there is."""
    cursor = plan.table.cursor
    if cursor is not None:
        raw = plan.table.raw_name(cursor)
        if plan.table.raw_columns[raw].type in ("date", "timestamp"):
            return raw
    return plan.parts["seen_at"]


def _detail(plan: Plan, part: str) -> str:
    if part == "name" and "full_name" not in plan.parts:
        halves = [in_sql(plan.parts[half]) for half in ("first_name", "last_name") if half in plan.parts]
        return f"nullif(trim(concat_ws(' ', {', '.join(halves)})), '')" if halves else _NOTHING
    raw = plan.parts.get("full_name" if part == "name" else part)
    return in_sql(raw) if raw else _NOTHING


def _wrapped(arguments: list[str]) -> str:
    lines, line = [], ""
    for argument in arguments:
        longer = f"{line}, {argument}" if line else argument
        if len(longer) > 108:
            lines.append(f"        {line},")
            line = argument
        else:
            line = longer
    return "\n".join([*lines, f"        {line}"])
