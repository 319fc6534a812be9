"""What a delivered column becomes in staging: its name there, the SQL that reads it, and two examples for its test.

One decision per type; what names people is in `person_roles.py`, the layout of models in `models.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from ingestion.declarations import Column, Source, Table
from ingestion.scaffolding.expressions import UNREADABLE, macro, macro_with_list, safe_name, told
from ingestion.scaffolding.person_roles import (
    ADDRESS,
    add_contacts,
    stage_address,
    stage_country,
    stage_email,
    stage_name,
    stage_phone,
    stage_postcode,
)
from ingestion.scaffolding.plans import Plan
from ingestion.scaffolding.vocabulary import BIRTHDAYS, CITIES, COMPANIES, FLAG_VERBS, FREE_TEXT, STATES
from ingestion.scaffolding.words import first_word_of, in_sql, is_named, singular, without

# plain text that names or describes somebody, by the words of its name
PERSONAL_TEXT = {
    f"{ADDRESS}.city": CITIES,
    f"{ADDRESS}.state": STATES,
    "user.workplace": COMPANIES,
    "user.device.ip_address": frozenset(["ip"]),
    "user.content": FREE_TEXT,
}
# `Create Date` is when it was created
PAST = {
    "create": "created",
    "update": "updated",
    "modify": "modified",
    "close": "closed",
    "delete": "deleted",
}
# in winter, so that shop-local time in London is UTC
EXAMPLE_MOMENT = datetime(2026, 1, 15, 10, 30)


def plan_columns(source: Source, table: Table) -> Plan:
    """Every staged column of a table, in the order of delivery; contact details in standard form come last."""
    plan = Plan(source, table)
    for raw, column in table.raw_columns.items():
        plan.reading = raw
        if raw in table.raw_keys and column.type not in ("email", "date", "timestamp"):
            _key(plan, raw, column)
        else:
            _ROLES.get(column.type, _text)(plan, raw, column)
    plan.reading = None
    if "money" in plan.parts and "currency" not in plan.parts:
        default = _default_currency(source)
        plan.add("currency", default, "ISO 4217 code of all amounts in the row.")
    add_contacts(plan)
    return plan


def _key(plan: Plan, raw: str, column: Column) -> None:
    owner = singular(plan.table.name)
    name = safe_name(raw)
    if raw in ("id", "record_id"):
        name = f"{plan.source.name}_{owner}_id" if len(plan.table.keys) == 1 else f"{owner}_id"
    plan.give("1", "2")
    plan.add(name, in_sql(raw), told(column, f"Key of the {owner.replace('_', ' ')}"), shown=("1", "2"))


def _text(plan: Plan, raw: str, column: Column) -> None:
    pii = next((tag for tag, words in PERSONAL_TEXT.items() if is_named(raw, words)), None)
    name = "delivered_record_id" if raw == "record_id" else safe_name(raw)
    for part, words in (("city", CITIES), ("company", COMPANIES)):
        if is_named(raw, words) and plan.take(part, raw):
            name = part
    plan.add(name, in_sql(raw), told(column), pii)


def _integer(plan: Plan, raw: str, column: Column) -> None:
    if raw.endswith("_id") or raw == "id":
        _text(plan, raw, column)
        return
    sign = _decimal_sign(plan)
    plan.give("1.234" if sign else "1,234", UNREADABLE)
    sql = macro("parse_whole", raw, *sign) if sign else macro("parse_count", raw)
    plan.add(safe_name(raw), sql, told(column), shown=(1234, None))


def _decimal(plan: Plan, raw: str, column: Column) -> None:
    sign = _decimal_sign(plan)
    plan.give("0,25" if sign else "0.25", UNREADABLE)
    plan.add(safe_name(raw), macro("parse_decimal", raw, *sign), told(column), shown=(0.25, None))


def _money(plan: Plan, raw: str, column: Column) -> None:
    name = raw if "amount" in raw.split("_") else f"{raw}_amount"
    sign = _decimal_sign(plan)
    plan.take("money", raw)
    plan.give("1.234,50" if sign else "1,234.50", UNREADABLE)
    plan.add(name, macro("parse_amount", raw, *sign), told(column), shown=(1234.5, None))


def _decimal_sign(plan: Plan) -> list[str]:
    return ["','"] if plan.table.csv.decimal == "," else []


def _date(plan: Plan, raw: str, column: Column) -> None:
    formats = column.formats or ("%Y-%m-%d",)
    _give_moment(plan, raw, formats)
    day = str(EXAMPLE_MOMENT.date())
    shown = (day, day if raw in plan.table.raw_keys else None)
    if is_named(raw, BIRTHDAYS):
        text = told(column, "Date of birth; null when it cannot be read")
        pii = "user.demographic.date_of_birth"
        name = "birth_date" if plan.take("birth_date", raw) else safe_name(raw)
        plan.add(name, macro_with_list("parse_birth_date", raw, formats), text, pii, shown=shown)
        return
    plan.take("seen_at", raw)
    bare = without(raw, ("date", "on", "day"))
    sql = (
        macro_with_list("parse_date", raw, formats)
        if column.formats
        else macro("cast_or_null", raw, "'date'")
    )
    plan.add(f"{bare or singular(plan.table.name)}_date", sql, told(column), shown=shown)


def _timestamp(plan: Plan, raw: str, column: Column) -> None:
    formats = column.formats or ("%Y-%m-%dT%H:%M:%SZ",)
    read = _give_moment(plan, raw, formats)
    plan.take("seen_at", raw)
    bare = without(raw, ("at", "date", "time", "utc", "on", "timestamp", "datetime"))
    bare = PAST.get(bare, bare)
    zone = "UTC"
    if not column.formats or formats[0] == "%Y-%m-%d %H:%M:%S %z":
        sql = macro("parse_instant", raw)
    elif any("%z" in form for form in formats):
        sql = f"cast({macro_with_list('parse_timestamp', raw, formats)} as timestamp)"
    elif is_named(raw, ("utc",)) or any(form.endswith(("UTC", "Z")) for form in formats):
        sql = macro_with_list("parse_timestamp", raw, formats)
    else:
        sql, zone = macro_with_list("parse_local_timestamp", raw, formats), "UTC, from shop-local time"
    shown = (str(read), str(read) if raw in plan.table.raw_keys else None)
    plan.add(
        f"{bare or singular(plan.table.name)}_at", sql, f"{told(column).rstrip('.')} ({zone}).", shown=shown
    )


def _give_moment(plan: Plan, raw: str, formats: Sequence[str]) -> datetime:
    """The example in the first format; returns what of it that format keeps."""
    first = formats[0]
    text = EXAMPLE_MOMENT.strftime(first.replace("%z", "+0000"))
    plan.give(text, text if raw in plan.table.raw_keys else UNREADABLE)
    return datetime.strptime(text, first).replace(tzinfo=None)


def _boolean(plan: Plan, raw: str, column: Column) -> None:
    """`values` are the words for yes and no where they are not English: the first is yes."""
    name = raw if first_word_of(raw) in FLAG_VERBS else f"is_{raw}"
    sql = macro("parse_flag", raw)
    if column.values:
        words = {said: [word] for said, word in zip(("true", "false"), column.values, strict=False)}
        sql = f"cast({macro('standardise_category', raw, str(words))} as boolean)"
    plan.give(column.values[0] if column.values else "yes", UNREADABLE)
    plan.add(name, sql, told(column), shown=(True, None))


def _category(plan: Plan, raw: str, column: Column) -> None:
    if not column.values:
        _text(plan, raw, column)
        return
    plan.give(column.values[0].upper(), UNREADABLE)
    shown = (column.values[0], None)
    plan.add(
        safe_name(raw), macro_with_list("standardise_category", raw, column.values), told(column), shown=shown
    )
    text = "Why it is none of the values although the field was filled; null when fine."
    plan.add(f"{raw}_problem", macro_with_list("category_problem", raw, column.values), text)


def _currency(plan: Plan, raw: str, column: Column) -> None:
    plan.give("usd", None)
    plain = macro("standardise_currency", raw)
    if plan.take("currency", raw):
        default = _default_currency(plan.source)
        text = "ISO 4217 code of all amounts in the row."
        plan.add(
            "currency", f"coalesce({plain}, {default})", text, shown=("USD", plan.source.currency or "GBP")
        )
    else:
        plan.add(safe_name(raw), plain, told(column, "ISO 4217 code"), shown=("USD", None))


def _default_currency(source: Source) -> str:
    return f"'{source.currency}'" if source.currency else """'{{ var("shop_currency", "GBP") }}'"""


_ROLES: dict[str, Callable[[Plan, str, Column], None]] = {
    "integer": _integer,
    "decimal": _decimal,
    "money": _money,
    "date": _date,
    "timestamp": _timestamp,
    "boolean": _boolean,
    "category": _category,
    "email": stage_email,
    "phone": stage_phone,
    "name": stage_name,
    "address": stage_address,
    "postcode": stage_postcode,
    "country": stage_country,
    "currency": _currency,
}
