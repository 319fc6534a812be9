"""What a delivered column becomes in staging: its name there, the SQL that reads it, and whether it names somebody.

One decision per semantic type, with the two examples that its test shows; the layout of models is in `models.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from ingestion.declarations import Column, Source, Table
from ingestion.scaffolding.plans import Plan
from ingestion.scaffolding.words import first_word_of, in_sql, is_named, singular, without

ADDRESS = "user.contact.address"
EMAIL, PHONE = "user.contact.email", "user.contact.phone_number"
# plain text that names or describes somebody, by the words of its name
PERSONAL_TEXT = {
    f"{ADDRESS}.city": ("city", "town", "ort", "ville", "stadt"),
    f"{ADDRESS}.state": ("province", "state", "county"),
    "user.workplace": ("company", "employer", "firma", "organisation", "organization"),
    "user.device.ip_address": ("ip",),
    "user.content": (
        "note",
        "notes",
        "comment",
        "body",
        "message",
        "memo",
        "transcript",
        "remark",
        "remarks",
    ),
}
BIRTHDAY = ("birth", "birthday", "birthdate", "dob", "born", "geburtstag", "geburtsdatum", "geburts")
FIRST_NAME = ("first", "given", "forename", "firstname", "vorname", "prenom")
LAST_NAME = ("last", "family", "surname", "lastname", "nachname", "nom")
BOOLEAN_VERBS = ("is", "has", "can", "accepts", "allows", "wants", "was")
PHONE_MACROS = {"phone": "standardise_phone", "phone_type": "phone_type", "phone_problem": "phone_problem"}
EMAIL_TOLD = "Email address, lower case; null when it could not be delivered to."
CANONICAL_TOLD = (
    "The mailbox behind the address, for comparing; without tags and dots that its provider ignores."
)
PHONE_TOLD = "Phone number in E.164; null when it is no possible number."
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
UNREADABLE = "cannot be read"


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
    _add_contacts(plan)
    return plan


def _key(plan: Plan, raw: str, column: Column) -> None:
    owner = singular(plan.table.name)
    name = _column(raw)
    if raw in ("id", "record_id"):
        name = f"{plan.source.name}_{owner}_id" if len(plan.table.keys) == 1 else f"{owner}_id"
    plan.give("1", "2")
    plan.add(name, in_sql(raw), _told(column, f"Key of the {owner.replace('_', ' ')}"), shown=("1", "2"))


def _text(plan: Plan, raw: str, column: Column) -> None:
    pii = next((tag for tag, words in PERSONAL_TEXT.items() if is_named(raw, words)), None)
    name = "delivered_record_id" if raw == "record_id" else _column(raw)
    for part, words in (
        ("city", PERSONAL_TEXT[f"{ADDRESS}.city"]),
        ("company", PERSONAL_TEXT["user.workplace"]),
    ):
        if is_named(raw, words) and plan.take(part, raw):
            name = part
    plan.add(name, in_sql(raw), _told(column), pii)


def _integer(plan: Plan, raw: str, column: Column) -> None:
    if raw.endswith("_id") or raw == "id":
        _text(plan, raw, column)
        return
    sign = _decimal_sign(plan)
    plan.give("1.234" if sign else "1,234", UNREADABLE)
    sql = _macro("parse_whole", raw, *sign) if sign else _macro("parse_count", raw)
    plan.add(_column(raw), sql, _told(column), shown=(1234, None))


def _decimal(plan: Plan, raw: str, column: Column) -> None:
    sign = _decimal_sign(plan)
    plan.give("0,25" if sign else "0.25", UNREADABLE)
    plan.add(_column(raw), _macro("parse_decimal", raw, *sign), _told(column), shown=(0.25, None))


def _money(plan: Plan, raw: str, column: Column) -> None:
    name = raw if "amount" in raw.split("_") else f"{raw}_amount"
    sign = _decimal_sign(plan)
    plan.take("money", raw)
    plan.give("1.234,50" if sign else "1,234.50", UNREADABLE)
    plan.add(name, _macro("parse_amount", raw, *sign), _told(column), shown=(1234.5, None))


def _decimal_sign(plan: Plan) -> list[str]:
    return ["','"] if plan.table.csv.decimal == "," else []


def _date(plan: Plan, raw: str, column: Column) -> None:
    formats = column.formats or ("%Y-%m-%d",)
    _give_moment(plan, raw, formats)
    day = str(EXAMPLE_MOMENT.date())
    shown = (day, day if raw in plan.table.raw_keys else None)
    if is_named(raw, BIRTHDAY):
        told = _told(column, "Date of birth; null when it cannot be read")
        pii = "user.demographic.date_of_birth"
        name = "birth_date" if plan.take("birth_date", raw) else _column(raw)
        plan.add(name, _parse("parse_birth_date", raw, formats), told, pii, shown=shown)
        return
    plan.take("seen_at", raw)
    bare = without(raw, ("date", "on", "day"))
    sql = _parse("parse_date", raw, formats) if column.formats else _macro("cast_or_null", raw, "'date'")
    plan.add(f"{bare or singular(plan.table.name)}_date", sql, _told(column), shown=shown)


def _timestamp(plan: Plan, raw: str, column: Column) -> None:
    formats = column.formats or ("%Y-%m-%dT%H:%M:%SZ",)
    read = _give_moment(plan, raw, formats)
    plan.take("seen_at", raw)
    bare = without(raw, ("at", "date", "time", "utc", "on", "timestamp", "datetime"))
    bare = PAST.get(bare, bare)
    zone = "UTC"
    if not column.formats or formats[0] == "%Y-%m-%d %H:%M:%S %z":
        sql = _macro("parse_instant", raw)
    elif any("%z" in form for form in formats):
        sql = f"cast({_parse('parse_timestamp', raw, formats)} as timestamp)"
    elif is_named(raw, ("utc",)) or any(form.endswith(("UTC", "Z")) for form in formats):
        sql = _parse("parse_timestamp", raw, formats)
    else:
        sql, zone = _parse("parse_local_timestamp", raw, formats), "UTC, from shop-local time"
    shown = (str(read), str(read) if raw in plan.table.raw_keys else None)
    plan.add(
        f"{bare or singular(plan.table.name)}_at", sql, f"{_told(column).rstrip('.')} ({zone}).", shown=shown
    )


def _give_moment(plan: Plan, raw: str, formats: Sequence[str]) -> datetime:
    """The example in the first format; returns what of it that format keeps."""
    first = formats[0]
    text = EXAMPLE_MOMENT.strftime(first.replace("%z", "+0000"))
    plan.give(text, text if raw in plan.table.raw_keys else UNREADABLE)
    return datetime.strptime(text, first).replace(tzinfo=None)


def _boolean(plan: Plan, raw: str, column: Column) -> None:
    """`values` are the words for yes and no where they are not English: the first is yes."""
    name = raw if first_word_of(raw) in BOOLEAN_VERBS else f"is_{raw}"
    sql = _macro("parse_flag", raw)
    if column.values:
        words = {said: [word] for said, word in zip(("true", "false"), column.values, strict=False)}
        sql = f"cast({_macro('standardise_category', raw, str(words))} as boolean)"
    plan.give(column.values[0] if column.values else "yes", UNREADABLE)
    plan.add(name, sql, _told(column), shown=(True, None))


def _category(plan: Plan, raw: str, column: Column) -> None:
    if not column.values:
        _text(plan, raw, column)
        return
    allowed = f"[{', '.join(map(_quoted, column.values))}]"
    plan.give(column.values[0].upper(), UNREADABLE)
    shown = (column.values[0], None)
    plan.add(_column(raw), _macro("standardise_category", raw, allowed), _told(column), shown=shown)
    told = "Why it is none of the values although the field was filled; null when fine."
    plan.add(f"{raw}_problem", _macro("category_problem", raw, allowed), told)


def _quoted(text: str) -> str:
    return repr(text)


def _email(plan: Plan, raw: str, column: Column) -> None:
    first = plan.take("email", raw)
    shown = None
    if raw in plan.table.raw_keys:
        plan.give("anna.smith@mail.example.com", "jan@mail.example.com")
        shown = ("anna.smith@mail.example.com", "jan@mail.example.com")
    elif first:
        plan.give("Anna.Smith@mail.example.com", UNREADABLE)
    name = "email_raw" if first else f"{raw}_raw"
    plan.add(name, in_sql(raw), _told(column, "Email address as delivered"), EMAIL, shown=shown)


def _phone(plan: Plan, raw: str, column: Column) -> None:
    first = plan.take("phone", raw)
    if first:
        plan.give("+44 7700 900123", UNREADABLE)
        plan.phone_country = plan.table.raw_name(column.country) if column.country else None
    told = _told(column, "Phone number as delivered")
    plan.add("phone_raw" if first else f"{raw}_raw", _macro("clean_text", raw), told, PHONE)


def _name(plan: Plan, raw: str, column: Column) -> None:
    told = _told(column, "Name as delivered")
    for part, words, example in (("first_name", FIRST_NAME, "Anna"), ("last_name", LAST_NAME, "Smith")):
        if is_named(raw, words) and plan.take(part, raw):
            plan.give(example, None)
            plan.add(part, in_sql(raw), told, "user.name", shown=(example, None))
            return
    if has_name_parts(plan.table) or not plan.take("full_name", raw):
        plan.add(_column(raw), in_sql(raw), told, "user.name")
        return
    plan.give("Smith, Anna", None)
    plan.add("name_raw", in_sql(raw), told, "user.name")
    for part, macro, example in (("first_name", "given_name", "Anna"), ("last_name", "family_name", "Smith")):
        told = f"{'Given' if part == 'first_name' else 'Family'} name, from the name."
        plan.take(part, raw)
        plan.add(part, _macro(macro, "full_name"), told, "user.name", shown=(example, None))


def has_name_parts(table: Table) -> bool:
    """True when given and family name are delivered apart."""
    names = [raw for raw, column in table.raw_columns.items() if column.type == "name"]
    return all(any(is_named(name, words) for name in names) for words in (FIRST_NAME, LAST_NAME))


def _address(plan: Plan, raw: str, column: Column) -> None:
    name = "street" if plan.take("street", raw) else _column(raw)
    plan.add(name, in_sql(raw), _told(column, "Street and house number"), f"{ADDRESS}.street")


def _postcode(plan: Plan, raw: str, column: Column) -> None:
    name = "postcode" if plan.take("postcode", raw) else _column(raw)
    plan.give("'EH1 1AA", None)
    told = _told(column, "Postcode as delivered, without export quirks")
    plan.add(name, _macro("clean_text", raw), told, f"{ADDRESS}.postal_code", shown=("EH1 1AA", None))


def _country(plan: Plan, raw: str, column: Column) -> None:
    name = "country" if plan.take("country", raw) else _column(raw)
    plan.give("France", UNREADABLE)
    told = _told(column, "ISO 3166 two-letter country code")
    plan.add(name, _macro("standardise_country", raw), told, f"{ADDRESS}.country", shown=("FR", None))
    told = "Why there is no country although the field was filled; null when fine."
    plan.add(f"{name}_problem", _macro("country_problem", raw), told)


def _currency(plan: Plan, raw: str, column: Column) -> None:
    plan.give("usd", None)
    plain = _macro("standardise_currency", raw)
    if plan.take("currency", raw):
        default = _default_currency(plan.source)
        told = "ISO 4217 code of all amounts in the row."
        plan.add(
            "currency", f"coalesce({plain}, {default})", told, shown=("USD", plan.source.currency or "GBP")
        )
    else:
        plan.add(_column(raw), plain, _told(column, "ISO 4217 code"), shown=("USD", None))


def _default_currency(source: Source) -> str:
    return f"'{source.currency}'" if source.currency else """'{{ var("shop_currency", "GBP") }}'"""


def _add_contacts(plan: Plan) -> None:
    """Email and phone in standard form, each from the other's field too: people write either into both."""
    has_email, has_phone = "email" in plan.parts, "phone" in plan.parts
    region = _region(plan)
    if has_email and has_phone:
        plan.late.append(_macro("contact_columns", "email_raw", "'phone_raw'", *region))
    elif has_email:
        plan.late.append(_macro("email_only_columns", "email_raw"))
    elif has_phone:
        for name, macro in PHONE_MACROS.items():
            plan.late.append(f"{_macro(macro, 'phone_raw', *region)} as {name}")
    if has_email:
        second = "jan@mail.example.com" if plan.parts["email"] in plan.table.raw_keys else None
        plan.add("email", "", EMAIL_TOLD, EMAIL, shown=("anna.smith@mail.example.com", second))
        plan.add("email_canonical", "", CANONICAL_TOLD, EMAIL)
        plan.add("email_problem", "", "Why there is no email although the field was filled; null when fine.")
    if has_phone:
        plan.add("phone", "", PHONE_TOLD, PHONE, shown=("+447700900123", None))
        plan.add("phone_type", "", "Kind of number (mobile, fixed, toll free …).")
        plan.add(
            "phone_problem", "", "Why there is no phone number although the field was filled; null when fine."
        )


def _region(plan: Plan) -> list[str]:
    """The argument that says which country a national number belongs to: the row's, else the source's."""
    raw = plan.phone_country or plan.parts.get("country")
    if raw is not None:
        return [f"'{plan.named(raw)}'"]
    return [f'''"'{plan.source.region}'"'''] if plan.source.region else []


def _column(raw: str) -> str:
    """A name that needs no quotes in SQL and is no function there: a word that is either gets an ending."""
    return f"{raw}_value" if in_sql(raw) != raw or raw == "user" else raw


def _told(column: Column, otherwise: str = "") -> str:
    text = " ".join((column.description or otherwise or column.name).split())
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _macro(name: str, raw: str, *arguments: str) -> str:
    given = ", ".join([f"'{in_sql(raw)}'", *arguments])
    return f"{{{{ {name}({given}) }}}}"


def _parse(name: str, raw: str, formats: Sequence[str]) -> str:
    return _macro(name, raw, "[" + ", ".join(f"'{form}'" for form in formats) + "]")


_ROLES: dict[str, Callable[[Plan, str, Column], None]] = {
    "integer": _integer,
    "decimal": _decimal,
    "money": _money,
    "date": _date,
    "timestamp": _timestamp,
    "boolean": _boolean,
    "category": _category,
    "email": _email,
    "phone": _phone,
    "name": _name,
    "address": _address,
    "postcode": _postcode,
    "country": _country,
    "currency": _currency,
}
