"""The columns that are compared, as SQL over the columns of `intermediate.int_identity__records`.

Only values of one record are made here; what two of them say about a pair is in `model.py`.
"""

from __future__ import annotations

FIELDS: tuple[str, ...] = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "street",
    "city",
    "postcode",
    "country",
    "birth_date",
    "company",
    "loyalty_id",
    "web_user_id",
    "email_is_placeholder",
    "phone_is_placeholder",
    "email_name_count",
    "phone_name_count",
)

# Values that stand for "not known" in every birth date field ever exported.
PLACEHOLDER_BIRTH_DATES = ("1900-01-01", "1901-01-01", "1970-01-01", "1980-01-01", "2000-01-01")

_CYRILLIC_PAIRS = (
    ("щ", "shch"), ("ж", "zh"), ("х", "kh"), ("ц", "ts"), ("ч", "ch"), ("ш", "sh"), ("ю", "iu"), ("я", "ia"),
    ("є", "ie"), ("ї", "i"), ("ё", "e"), ("θ", "th"), ("χ", "ch"), ("ψ", "ps"), ("ß", "ss"), ("æ", "ae"), ("ł", "l"),
)  # fmt: skip
_CYRILLIC_LETTERS = (
    "абвгґдезиіийклмнопрстуфыэαβγδεζηικλμνξοπρσςτυφω",
    "abvhgdezyiyiklmnoprstufyeabgdeziiklmnxoprsstyfo",
)


def _latin(expression: str) -> str:
    """SQL that writes Cyrillic and Greek letters in Latin ones and leaves accents out, so that both spellings can agree.

    Text of one byte per letter has none of them and is left alone: that spares most records twenty replacements. Marks
    of other scripts stay: there they are vowels.
    """
    written = expression
    for letter, latin in _CYRILLIC_PAIRS:
        written = f"replace({written}, '{letter}', '{latin}')"
    written = f"translate({written}, '{_CYRILLIC_LETTERS[0]}', '{_CYRILLIC_LETTERS[1]}')"
    written = f"replace(replace({written}, 'ь', ''), 'ъ', '')"
    written = f"case when regexp_matches({written}, '\\p{{Latin}}') then strip_accents({written}) else {written} end"
    return f"case when strlen({expression}) = length({expression}) then {expression} else {written} end"


def _name(field: str) -> str:
    """Letters and digits in words: hyphens, apostrophes, emoji and invisible marks part words and are gone."""
    return rf"nullif(trim(regexp_replace({_latin(f'lower(left({field}, 80))')}, '[^\p{{L}}\p{{M}}\p{{N}}]+', ' ', 'g')), '')"


_STREET = (
    r"regexp_replace(regexp_replace(lower(left(r.street, 120)), '[^\p{L}\p{N}]+', ' ', 'g'),"
    r" '\b(street|str|straße|strasse)\b', 'st', 'g')"
)

# Beyond its limit a count says no more: one name more or less on info@ must not make a thousand records count as changed.
COUNTS: dict[str, str] = {
    "email_name_count": "least(coalesce(r.email_name_count, 0), {email_names} + 1)",
    "phone_name_count": "least(coalesce(r.phone_name_count, 0), {phone_names} + 1)",
}

# Column of the match table → SQL over int_identity__records; later ones may use earlier ones.
FEATURES: dict[str, str] = {
    "first_name": _name("r.first_name"),
    "last_name": _name("r.last_name"),
    "email": "case when not coalesce(r.email_is_placeholder, false) and coalesce(r.email_name_count, 0) <= "
    "{email_names} then nullif(lower(left(r.email, 200)), '') end",
    "phone": "case when not coalesce(r.phone_is_placeholder, false) and coalesce(r.phone_name_count, 0) <= "
    "{phone_names} then nullif(left(r.phone, 30), '') end",
    # A mailbox of many (info@, none@) says nothing alone, and much when the same name stands beside it.
    "mailbox": "case when coalesce(r.email_is_placeholder, false) or r.email_name_count > {email_names} then lower(left(r.email, 200)) end",
    "email_name_count": COUNTS["email_name_count"],
    "phone_name_count": COUNTS["phone_name_count"],
    "street": rf"nullif(trim(regexp_replace(regexp_replace({_STREET}, '\b(road)\b', 'rd', 'g'),"
    r" '\b(avenue|av)\b', 'ave', 'g')), '')",
    "city": f"nullif(trim({_latin('lower(left(r.city, 60))')}), '')",
    "postcode": "nullif(upper(replace(left(r.postcode, 12), ' ', '')), '')",
    # text where it comes from a labelled file: a 30 February is compared like any other slip
    "birth_date": "case when r.birth_date::varchar not in ({placeholder_birth_dates}) then left(r.birth_date::varchar, 10) end",
    "company": "nullif(lower(trim(left(r.company, 80))), '')",
    "loyalty_id": "nullif(upper(trim(left(r.loyalty_id, 40))), '')",
    "web_user_id": "nullif(trim(left(r.web_user_id, 40)), '')",
}

# Columns made from the ones above.
DERIVED: dict[str, str] = {
    # after transliteration: a name in another script can be compared with one of its own kind only
    "first_is_latin": "regexp_matches(first_name, '[a-z]')",
    "last_is_latin": "regexp_matches(last_name, '[a-z]')",
    "first_token": "split_part(first_name, ' ', 1)",
    "first_roots": "coalesce(n.roots, [split_part(first_name, ' ', 1)])",
    "first_root": "coalesce(n.roots[1], split_part(first_name, ' ', 1))",
    "email_local": "split_part(email, '@', 1)",
    "email_core": "nullif(regexp_replace(split_part(split_part(email, '@', 1), '+', 1), '[^a-z]+', '', 'g'), '')",
    "email_digits": "regexp_replace(split_part(email, '@', 1), '[^0-9]+', '', 'g')",
    "email_rest": "regexp_replace(replace(replace(split_part(email, '@', 1), coalesce(split_part(first_name, ' ', 1), '~'), ''),"
    " coalesce(replace(last_name, ' ', ''), '~'), ''), '[^a-z0-9]+', '', 'g')",
    "name_sorted": "case when last_name is null or first_name is null then null "
    "else least(first_name, last_name) || '|' || greatest(first_name, last_name) end",
    # the same letters in any order: transpositions meet
    "first_letters": "array_to_string(list_sort(string_split(first_name, '')), '')",
    "last_letters": "array_to_string(list_sort(string_split(last_name, '')), '')",
    "birth_year": "left(birth_date, 4)",
    "birth_day": "right(birth_date, 5)",
}


# Records that are equal in every feature are one profile where this holds: so much agreement would join any pair of
# them. Rows with less in them (a first name, a town) stay apart however many there are.
IDENTIFYING = (
    "loyalty_id is not null or web_user_id is not null"
    " or (email is not null and (first_name is not null or email_name_count <= 1))"
    " or (phone is not null and (first_name is not null or phone_name_count <= 1))"
    " or (first_name is not null and last_name is not null and (birth_date is not null"
    " or (street is not null and coalesce(postcode, city) is not null)))"
)
# What a profile is known by: a digest of its features, the same on every machine and in every version of the engine.
PROFILE = (
    "md5_number(concat_ws(chr(31), "
    + ", ".join(f"coalesce({name}::varchar, chr(30))" for name in FEATURES)
    + f", case when {IDENTIFYING} then '' else record_id end))"
)


def features(email_names: int, phone_names: int) -> dict[str, str]:
    """FEATURES with the limits filled in: values used by more names than these are no evidence by themselves."""
    return {name: _with_limits(sql, email_names, phone_names) for name, sql in FEATURES.items()}


def read_fields(email_names: int, phone_names: int) -> tuple[str, ...]:
    """What FEATURES read, as SQL over the records `r`: a record is changed when one of these is."""
    fields = (COUNTS.get(name, f"r.{name}") for name in FIELDS)
    return tuple(_with_limits(sql, email_names, phone_names) for sql in fields)


def _with_limits(sql: str, email_names: int, phone_names: int) -> str:
    dates = ", ".join(f"'{day}'" for day in PLACEHOLDER_BIRTH_DATES)
    limited = sql.replace("{email_names}", str(email_names)).replace("{phone_names}", str(phone_names))
    return limited.replace("{placeholder_birth_dates}", dates)
