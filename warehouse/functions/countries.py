"""Countries: a code or a name, in any of the common languages → ISO 3166 two-letter code.

Names come from `pycountry` and its translations, synonyms from the list below; nothing is guessed from parts of a name.
"""

from __future__ import annotations

import gettext
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

# Languages of Europe's and the world's larger web shops; a name that two countries share is nobody's.
LANGUAGES = (
    "bg cs da de el es et fi fr hr hu it ja ko lt lv nb_NO nl pl pt pt_BR ro ru sk sl sv tr uk zh_CN zh_TW"
)

# What people and tools write that no standard lists.
SYNONYMS = {
    "GB": "uk, u.k., gb-eng, gb-sct, gb-wls, gb-nir, great britain, britain, england, scotland, wales, "
    "northern ireland, angleterre, grossbritannien, reino unido, gran bretagna, grande-bretagne, verenigd koninkrijk",
    "US": "u.s., u.s.a., america, united states of america, the states, amerika, estados unidos, vereinigte staaten, "
    "etats-unis, stati uniti, eeuu, ee.uu.",
    "GR": "el, hellas",
    "IE": "eire, republic of ireland, irish republic, southern ireland",
    "NL": "holland, the netherlands, pays-bas, holanda, olanda",
    "CZ": "czech republic, tschechische republik, ceska republika",
    "KR": "한국, south korea, korea, republic of korea, sudkorea, coree du sud",
    "KP": "north korea",
    "RU": "russia",
    "TR": "turkey",
    "VN": "vietnam",
    "CI": "ivory coast",
    "MK": "macedonia",
    "MM": "burma",
    "SZ": "swaziland",
    "CV": "cape verde",
    "TL": "east timor",
    "VA": "vatican, vatican city",
    "AE": "uae, u.a.e., emirates",
    "BA": "bosnia",
    "CD": "dr congo, drc",
    "CG": "congo-brazzaville",
    "PS": "palestine",
    "TW": "taiwan",
    "HK": "hong kong",
    "MO": "macau",
    "LA": "laos",
    "SY": "syria",
    "IR": "iran",
    "MD": "moldova",
    "BO": "bolivia",
    "VE": "venezuela",
    "TZ": "tanzania",
    "BN": "brunei",
    "XK": "kosovo",
    "GG": "guernsey, channel islands",
}

_NO_LETTER = re.compile(r"[\W_]+")


def parse_country(text: str | None) -> str | None:
    """The ISO 3166-1 two-letter code (and `XK`, which everybody uses for Kosovo), or null when the text is no country.

    Upper and lower case, accents, blanks and punctuation do not matter.
    """
    if text is None or len(text) > 100:
        return None
    key = _key(text)
    return _codes().get(key) or _translated().get(key)


def _key(text: str) -> str:
    """`Côte d'Ivoire` → `cotedivoire`; the marks of other scripts stay, where they make other letters."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in letters if not "\u0300" <= letter <= "\u036f")
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", plain).removeprefix("the "))


@cache
def _codes() -> dict[str, str]:
    """Codes, English names and synonyms: most of what sources send."""
    import pycountry

    codes = {_key(name): country.alpha_2 for country in pycountry.countries for name in _names(country)}
    codes |= {_key(name): code for code, listed in SYNONYMS.items() for name in listed.split(", ")}
    # codes last: they mean what the standard says, whatever a word may mean in some language
    codes |= {country.alpha_3.lower(): country.alpha_2 for country in pycountry.countries}
    codes |= {country.alpha_2.lower(): country.alpha_2 for country in pycountry.countries}
    return codes | {"xk": "XK", "uk": "GB", "el": "GR"}


@cache
def _translated() -> dict[str, str]:
    """Names in other languages, 0.3 s to read: only when a value is neither a code nor English."""
    import pycountry

    names: dict[str, set[str]] = {}
    for language in LANGUAGES.split():
        spoken = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language])
        for country in pycountry.countries:
            for name in _names(country):
                names.setdefault(_key(spoken.gettext(name)), set()).add(country.alpha_2)
    return {name: found.pop() for name, found in names.items() if len(found) == 1}


def _names(country: Any) -> Iterator[str]:  # noqa: ANN401 (the library makes its classes when it runs)
    for attribute in ("name", "official_name", "common_name"):
        if name := getattr(country, attribute, None):
            yield name
