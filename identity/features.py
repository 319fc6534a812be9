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
    """SQL that writes Cyrillic and Greek letters in Latin ones, so that both spellings of a name can agree."""
    for letter, latin in _CYRILLIC_PAIRS:
        expression = f"replace({expression}, '{letter}', '{latin}')"
    expression = f"translate({expression}, '{_CYRILLIC_LETTERS[0]}', '{_CYRILLIC_LETTERS[1]}')"
    return f"replace(replace({expression}, 'ь', ''), 'ъ', '')"


def _name(field: str) -> str:
    return (
        rf"nullif(trim(regexp_replace({_latin(f'lower(left({field}, 80))')}, '[\s\-.,''’`]+', ' ', 'g')), '')"
    )


_STREET = (
    r"regexp_replace(regexp_replace(lower(left(street, 120)), '[^\p{L}\p{N}]+', ' ', 'g'),"
    r" '\b(street|str|straße|strasse)\b', 'st', 'g')"
)

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
    "email_name_count": "coalesce(r.email_name_count, 0)",
    "phone_name_count": "coalesce(r.phone_name_count, 0)",
    "street": rf"nullif(trim(regexp_replace(regexp_replace({_STREET}, '\b(road)\b', 'rd', 'g'),"
    r" '\b(avenue|av)\b', 'ave', 'g')), '')",
    "city": f"nullif(trim({_latin('lower(left(r.city, 60))')}), '')",
    "postcode": "nullif(upper(replace(left(r.postcode, 12), ' ', '')), '')",
    "birth_date": "case when r.birth_date not in ({placeholder_birth_dates}) then strftime(r.birth_date, '%Y-%m-%d') end",
    "company": "nullif(lower(trim(left(r.company, 80))), '')",
    "loyalty_id": "nullif(upper(trim(left(r.loyalty_id, 40))), '')",
    "web_user_id": "nullif(trim(left(r.web_user_id, 40)), '')",
}

# Columns made from the ones above.
DERIVED: dict[str, str] = {
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


def features(email_names: int, phone_names: int) -> dict[str, str]:
    """FEATURES with the limits filled in: values used by more names than these are no evidence by themselves."""
    dates = ", ".join(f"date '{day}'" for day in PLACEHOLDER_BIRTH_DATES)
    return {
        name: sql.replace("{email_names}", str(email_names))
        .replace("{phone_names}", str(phone_names))
        .replace("{placeholder_birth_dates}", dates)
        for name, sql in FEATURES.items()
    }
