"""Staged columns that name people or say where to reach them, and their standard form with what is wrong beside it.

Values that are nobody's (numbers, dates, amounts) are in `roles.py`.
"""

from __future__ import annotations

from ingestion.declarations import Column, Table
from ingestion.naming import literal
from ingestion.scaffolding.expressions import UNREADABLE, macro, safe_name, told
from ingestion.scaffolding.plans import Plan
from ingestion.scaffolding.vocabulary import CITIES, FIRST_NAMES, LAST_NAMES, WHOLE_NAMES
from ingestion.scaffolding.words import in_sql, is_named

ADDRESS = "user.contact.address"
EMAIL, PHONE = "user.contact.email", "user.contact.phone_number"
PHONE_MACROS = {"phone": "standardise_phone", "phone_type": "phone_type", "phone_problem": "phone_problem"}
EMAIL_TOLD = "Email address, lower case; null when it could not be delivered to."
CANONICAL_TOLD = (
    "The mailbox behind the address, for comparing; without tags and dots that its provider ignores."
)
# country → an address in one line, and its parts
_EXAMPLE_ADDRESSES: dict[str | None, tuple[str, dict[str, str | None]]] = {
    "GB": (
        "12 High Street, Flat 3, Leeds LS1 4AB",
        {"street": "12 High Street, Flat 3", "city": "Leeds", "postcode": "LS1 4AB"},
    ),
    "US": (
        "1 Main St, Austin, TX 78701",
        {"street": "1 Main St", "city": "Austin", "region": "TX", "postcode": "78701"},
    ),
    "DE": ("Hauptweg 5, 10115 Berlin", {"street": "Hauptweg 5", "city": "Berlin", "postcode": "10115"}),
    "FR": ("12 rue Neuve, 75002 Paris", {"street": "12 rue Neuve", "city": "Paris", "postcode": "75002"}),
}
_ADDRESS_PARTS = {
    "street": ("Street and house number; the whole line where it does not say which part is which", "street"),
    "city": ("Town", "city"),
    "region": ("State, province or county, where the line names one", "state"),
    "postcode": ("Postcode as its country writes it", "postal_code"),
}
POSTCODE_TOLD = "Postcode as its country writes it; null when that country has no such postcode."
# country → as somebody types it, and as it is written
_EXAMPLE_POSTCODES: dict[str | None, tuple[str, str | None]] = {
    "GB": ("eh11aa", "EH1 1AA"), "IE": ("d02x285", "D02 X285"), "US": ("10001-0001", "10001"), "DE": ("D-10115", "10115"),
    "FR": ("75 001", "75001"), "ES": ("28 013", "28013"), "IT": ("00 184", "00184"), "NL": ("1012ab", "1012 AB"),
    "PL": ("00950", "00-950"), "PT": ("1100148", "1100-148"), "AT": ("A-1010", "1010"), "CH": ("CH-8001", "8001"),
}  # fmt: skip
PHONE_TOLD = "Phone number in E.164; null when it is no possible number."


def stage_email(plan: Plan, raw: str, column: Column) -> None:
    first = plan.take("email", raw)
    shown = None
    if raw in plan.table.raw_keys:
        plan.give("anna.smith@mail.example.com", "jan@mail.example.com")
        shown = ("anna.smith@mail.example.com", "jan@mail.example.com")
    elif first:
        plan.give("Anna.Smith@mail.example.com", UNREADABLE)
    name = "email_raw" if first else f"{raw}_raw"
    plan.add(name, in_sql(raw), told(column, "Email address as delivered"), EMAIL, shown=shown)


def stage_phone(plan: Plan, raw: str, column: Column) -> None:
    first = plan.take("phone", raw)
    if first:
        plan.give("+44 7700 900123", UNREADABLE)
        _note_country(plan, "phone", column)
    text = told(column, "Phone number as delivered")
    plan.add("phone_raw" if first else f"{raw}_raw", macro("clean_text", raw), text, PHONE)


def stage_name(plan: Plan, raw: str, column: Column) -> None:
    text = told(column, "Name as delivered")
    part = _name_parts(plan.table).get(raw)
    is_whole = is_named(raw, WHOLE_NAMES) and not has_name_parts(plan.table)
    if part is not None and not is_whole and plan.take(part, raw):
        example = {"first_name": "Anna", "last_name": "Smith"}[part]
        plan.give(example, None)
        plan.add(part, in_sql(raw), text, "user.name", shown=(example, None))
        return
    if has_name_parts(plan.table) or not plan.take("full_name", raw):
        plan.add(safe_name(raw), in_sql(raw), text, "user.name")
        return
    plan.give("Smith, Anna", None)
    plan.add("name_raw", in_sql(raw), text, "user.name")
    for part, call, example in (("first_name", "given_name", "Anna"), ("last_name", "family_name", "Smith")):
        text = f"{'Given' if part == 'first_name' else 'Family'} name, from the name."
        plan.take(part, raw)
        plan.add(part, macro(call, "full_name"), text, "user.name", shown=(example, None))


def has_name_parts(table: Table) -> bool:
    """True when given and family name are delivered apart."""
    return set(_name_parts(table).values()) >= {"first_name", "last_name"}


def _name_parts(table: Table) -> dict[str, str]:
    """Which half of a name each column holds; a whole one is not in it. `Name` beside `Vorname` is the other half."""
    names = [raw for raw, column in table.raw_columns.items() if column.type == "name"]
    found = {raw: half for raw in names if (half := _half(raw)) is not None}
    if any(set(raw.split("_")) & _GIVEN for raw in found):
        found |= {raw: "last_name" for raw in names if raw in _PLAIN}
    return found


# in these languages a plain name beside the given name is the family name
_GIVEN, _PLAIN = {"vorname", "voornaam"}, {"name", "naam"}


def _half(raw: str) -> str | None:
    """Which half of a name the header says; None for a whole one (`Apellidos, Nombre`, `Vor-/Nachname`, `Name, Vorname`)."""
    words = set(raw.split("_"))
    halves = {
        "first_name": is_named(raw, FIRST_NAMES) or "vor" in words,
        "last_name": is_named(raw, LAST_NAMES) or bool(words & _GIVEN and words & _PLAIN),
    }
    return (
        next((half for half, is_it in halves.items() if is_it), None) if sum(halves.values()) == 1 else None
    )


def stage_address(plan: Plan, raw: str, column: Column) -> None:
    """Street and house number; all of the address where the table has no postcode and no town beside it."""
    if _is_whole_address(plan.table, raw) and plan.take("address", raw):
        _note_country(plan, "address", column)
        plan.give(_example_address(plan)[0], None)
        plan.add("address_raw", in_sql(raw), told(column, "Address as delivered"), f"{ADDRESS}.street")
        return
    name = "street" if plan.take("street", raw) else safe_name(raw)
    plan.add(name, in_sql(raw), told(column, "Street and house number"), f"{ADDRESS}.street")


def _is_whole_address(table: Table, raw: str) -> bool:
    parts = [name for name, column in table.raw_columns.items() if column.type in ("address", "postcode")]
    return parts == [raw] and not any(is_named(name, CITIES) for name in table.raw_columns)


def stage_postcode(plan: Plan, raw: str, column: Column) -> None:
    """The first as its country writes it, where that is known; others as delivered."""
    first = plan.take("postcode", raw)
    text = told(column, "Postcode as delivered, without export quirks")
    if first and (_has_country(plan) or column.country):
        _note_country(plan, "postcode", column)
        plan.give(_EXAMPLE_POSTCODES.get(_example_country(plan), ("1234", None))[0], None)
        plan.add("postcode_raw", macro("clean_text", raw), text, f"{ADDRESS}.postal_code")
        return
    plan.give("'EH1 1AA", None)
    name = "postcode" if first else safe_name(raw)
    plan.add(name, macro("clean_text", raw), text, f"{ADDRESS}.postal_code", shown=("EH1 1AA", None))


def _has_country(plan: Plan) -> bool:
    return bool(plan.source.region) or any(c.type == "country" for c in plan.table.raw_columns.values())


def _note_country(plan: Plan, part: str, column: Column) -> None:
    if column.country:
        plan.countries[part] = plan.table.raw_name(column.country)


def _example_country(plan: Plan, part: str = "postcode") -> str | None:
    """The country of a postcode or address in the unit test: what `stage_country` gives there, else the source's."""
    raw = plan.countries.get(part) or next(
        (raw for raw, column in plan.table.raw_columns.items() if column.type == "country"), None
    )
    if raw is None:
        return plan.source.region
    return "FR" if plan.table.raw_columns[raw].type == "country" else None


def stage_country(plan: Plan, raw: str, column: Column) -> None:
    name = "country" if plan.take("country", raw) else safe_name(raw)
    plan.give("France", UNREADABLE)
    text = told(column, "ISO 3166 two-letter country code")
    plan.add(name, macro("standardise_country", raw), text, f"{ADDRESS}.country", shown=("FR", None))
    plan.add(f"{name}_problem", macro("country_problem", raw), why_null("country"))


def add_contacts(plan: Plan) -> None:
    """Email and phone in standard form, each from the other's field too: people write either into both; and the postcode."""
    has_email, has_phone = "email" in plan.parts, "phone" in plan.parts
    region = _region(plan, "phone")
    if has_email and has_phone:
        plan.late.append(macro("contact_columns", "email_raw", "'phone_raw'", *region))
    elif has_email:
        plan.late.append(macro("email_only_columns", "email_raw"))
    elif has_phone:
        for name, call in PHONE_MACROS.items():
            plan.late.append(f"{macro(call, 'phone_raw', *region)} as {name}")
    if has_email:
        second = "jan@mail.example.com" if plan.parts["email"] in plan.table.raw_keys else None
        plan.add("email", "", EMAIL_TOLD, EMAIL, shown=("anna.smith@mail.example.com", second))
        plan.add("email_canonical", "", CANONICAL_TOLD, EMAIL)
        plan.add("email_problem", "", why_null("email"))
    if has_phone:
        plan.add("phone", "", PHONE_TOLD, PHONE, shown=("+447700900123", None))
        plan.add("phone_type", "", "Kind of number (mobile, fixed, toll free …).")
        plan.add("phone_problem", "", why_null("phone number"))
    if any(column.name == "postcode_raw" for column in plan.staged):
        _add_postcode(plan)
    if "address" in plan.parts:
        _add_address_parts(plan)


def _add_postcode(plan: Plan) -> None:
    region = _region(plan, "postcode")
    plan.late.append(f"{macro('format_postcode', 'postcode_raw', *region)} as postcode")
    plan.late.append(f"{macro('postcode_problem', 'postcode_raw', *region)} as postcode_problem")
    example = _EXAMPLE_POSTCODES.get(_example_country(plan))
    shown = (example[1], None) if example else None
    plan.add("postcode", "", POSTCODE_TOLD, f"{ADDRESS}.postal_code", shown=shown)
    plan.add("postcode_problem", "", why_null("postcode"))


def _add_address_parts(plan: Plan) -> None:
    (country,) = _region(plan, "address") or ["'null'"]
    shown = _example_address(plan)[1]
    for part, (text, kind) in _ADDRESS_PARTS.items():
        plan.add(part, "", f"{text}.", f"{ADDRESS}.{kind}", shown=(shown.get(part), None) if shown else None)
        _split_late(plan, country, part)
    if "country" not in plan.parts:
        plan.add("country", "", "ISO 3166 two-letter country code.", f"{ADDRESS}.country")
        _split_late(plan, country, "country")
    plan.add("address_problem", "", "Why the address was not split although it was filled; null when it was.")
    _split_late(plan, country, "problem")


def _split_late(plan: Plan, country: str, part: str) -> None:
    plan.late.append(
        f"{macro('address_part', 'address_raw', country, literal(part))} as {plan.staged[-1].name}"
    )


def _example_address(plan: Plan) -> tuple[str, dict[str, str | None]]:
    where = _example_country(plan, "address")
    return _EXAMPLE_ADDRESSES.get(where, ("12 High Street", {}))


def why_null(what: str) -> str:
    """What a `…_problem` column says."""
    return f"Why there is no {what} although the field was filled; null when fine."


def _region(plan: Plan, part: str) -> list[str]:
    """The argument that says which country a phone or postcode belongs to: the row's, else the source's."""
    raw = plan.countries.get(part) or plan.parts.get("country")
    if raw is not None:
        return [f"'{plan.named(raw)}'"]
    return [f'''"'{plan.source.region}'"'''] if plan.source.region else []
