"""How values are written for a destination, as pure functions from SQL expression to SQL expression.

They run inside the engine over whole tables. A tool's choice of rules, and their version, stands in its own file.
Most values are as they should be already: the frequent rules look for that first, which costs half of mending them.
"""

from __future__ import annotations

from reverse_etl.contract import Normaliser

HEX_DIGEST = "[0-9a-fA-F]{64}"
EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_E164 = r"\+[1-9][0-9]{7,14}"
_LATIN = "0-9A-Za-zÀ-ÖØ-öø-ɏ"  # not by class: every plan would take milliseconds to compile all of Unicode
_PLAIN_WORDS = f"[{_LATIN}]+( [{_LATIN}]+)*"


def text(column: str) -> str:
    """Trimmed text; empty becomes null."""
    return f"nullif(trim({column}::varchar), '')"


def digest(column: str) -> str:
    """A short name for a record that does not show the address it stands for, for state and logs."""
    return f"md5({column})"


def email(column: str) -> str:
    """Trimmed, lower case, and only if it looks like an address; no provider's dot or plus rules."""
    value = f"{column}::varchar"
    trimmed = f"regexp_replace({value}, '^\\s+|\\s+$', '', 'g')"
    return f"""(case when regexp_full_match({value}, '{EMAIL}') then lower({value})
        when regexp_full_match({trimmed}, '{EMAIL}') then lower({trimmed}) end)"""


def shortened(length: int) -> Normaliser:
    """Trimmed text of at most so many characters, where a tool refuses a whole request for one that is longer."""
    return lambda column: f"nullif(left(trim({column}::varchar), {length}), '')"


def e164(column: str) -> str:
    """A phone number as delivered by the models: `+` and 8 to 15 digits, else null."""
    value, trimmed = f"{column}::varchar", f"trim({column}::varchar)"
    return f"""(case when regexp_full_match({value}, '{_E164}') then {value}
        when regexp_full_match({trimmed}, '{_E164}') then {trimmed} end)"""


def phone_digits(column: str) -> str:
    """E.164 without the `+`, so country code first and no leading zeros."""
    return f"substr({e164(column)}, 2)"


def letters(column: str) -> str:
    """Lower case without punctuation and symbols; inner spaces and every script's letters are kept."""
    small = f"lower({column}::varchar)"
    return f"""(case when regexp_full_match({column}::varchar, '{_PLAIN_WORDS}') then {small}
        else nullif(trim(regexp_replace({small}, '[\\p{{P}}\\p{{S}}]', '', 'g')), '') end)"""


def letters_joined(column: str) -> str:
    """As `letters`, with spaces removed too."""
    small = f"lower({column}::varchar)"
    return f"""(case when regexp_full_match({column}::varchar, '{_PLAIN_WORDS}') then replace({small}, ' ', '')
        else nullif(regexp_replace({small}, '[\\p{{P}}\\p{{S}}\\s]', '', 'g'), '') end)"""


def postcode(column: str) -> str:
    """Lower case without spaces; of a US ZIP+4 only the first five digits."""
    value = f"regexp_replace(lower({column}::varchar), '\\s', '', 'g')"
    return f"nullif(regexp_replace({value}, '^([0-9]{{5}})-[0-9]{{4}}$', '\\1'), '')"


def country(column: str) -> str:
    """ISO 3166 alpha-2 in lower case; anything else is not a country code and becomes null."""
    value = f"lower(trim({column}::varchar))"
    return f"(case when regexp_full_match({value}, '[a-z]{{2}}') then {value} end)"


def birth_part(pattern: str) -> Normaliser:
    """A part of a date from 1900 on (`%Y`, `%m`, `%d`), else null."""

    def part(column: str) -> str:
        date = f"try_cast({column} as date)"
        return f"(case when {date} >= date '1900-01-01' then strftime({date}, '{pattern}') end)"

    return part


def hashed(normalise: Normaliser) -> Normaliser:
    """SHA-256 in lower-case hex of the normalised value.

    Never of nothing, and never of something already hashed: hashing twice matches nobody and hides the mistake.
    """

    def digest(column: str) -> str:
        value = normalise(column)
        return f"(case when not regexp_full_match({value}, '{HEX_DIGEST}') then sha256({value}) end)"

    return digest


def google_email(column: str) -> str:
    """As `email`, without spaces inside; at gmail.com and googlemail.com without dots and `+suffix` before the @.

    Other domains keep both. developers.google.com/data-manager/api/get-started/formatting (dots), and Google's own
    helper from 0.4.0 on (suffix).
    """
    value = f"lower(regexp_replace({column}::varchar, '\\s', '', 'g'))"
    local = f"replace(regexp_extract({value}, '^([^@+]*)', 1), '.', '')"
    domain = f"regexp_extract({value}, '@(.*)$', 1)"
    plain = f"(case when {domain} in ('gmail.com', 'googlemail.com') then {local} || '@' || {domain} else {value} end)"
    return f"(case when regexp_full_match({plain}, '{EMAIL}') then {plain} end)"


def google_given_name(column: str) -> str:
    """Lower case without a form of address in front (Mrs., Dr.) and without punctuation."""
    return letters(f"regexp_replace({column}::varchar, '^\\s*(mrs|mr|ms|miss|mx|dr|prof)\\.?\\s+', '', 'i')")


def google_family_name(column: str) -> str:
    """Lower case without a suffix at the end (Jr., III) and without punctuation."""
    return letters(f"regexp_replace({column}::varchar, '[\\s,]+(jr|sr|ii|iii|iv|phd|md)\\.?\\s*$', '', 'i')")


def google_region(column: str) -> str:
    """ISO 3166 alpha-2 in upper case, never hashed; anything else becomes null."""
    return f"upper({country(column)})"


def google_postcode(column: str) -> str:
    """Never hashed: trimmed, as people write it; a US ZIP may keep its four-digit extension."""
    return text(column)
