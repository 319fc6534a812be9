"""Names of people: a full name as somebody wrote it → title, given, middle and family name, suffix.

Splitting only, by `nameparser`, and in the spelling of the text; how names are compared (case, accents, nicknames) is
decided where they are compared.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

LONGEST = 200  # characters; what is longer is not a name

# One to three words, hyphens and apostrophes inside them, an initial in the middle: nothing that could change the order.
_LETTER = "A-Za-zÀ-ÖØ-öø-ɏ"
_WORD = rf"(?:[{_LETTER}]['’])?[{_LETTER}]{{2,}}(?:['’-][{_LETTER}]{{2,}})*"
_PLAIN = re.compile(rf"({_WORD})(?:(?: ({_WORD}|[A-Z]\.?))? ({_WORD}))?")
_FAMILY_FIRST = re.compile(rf"({_WORD}), ({_WORD})(?: ({_WORD}|[A-Z]\.?))?")
_PIECES = re.compile(r"[ ,'’.-]+")
_NUMERAL = re.compile(r"[ivxlcdm]+")


class Name(NamedTuple):
    """The parts of a name, null where there are none; all null for a text that is no name."""

    title: str | None = None
    given: str | None = None
    middle: str | None = None
    family: str | None = None
    suffix: str | None = None


NONE = Name()


def parse_name(text: str | None) -> Name:
    """The parts of a name; `Berg, Anna van der` and `Dr. Anna van der Berg` name the same person.

    A single word counts as given name, after a title as family name. Null, blank and overlong text give nulls.
    """
    if text is None or len(text) > LONGEST:
        return NONE
    if not _means_something(text.lower()):
        # what the library answers too, at a fiftieth of its time
        if plain := _PLAIN.fullmatch(text):
            return Name(given=plain.group(1), middle=plain.group(2), family=plain.group(3))
        if turned := _FAMILY_FIRST.fullmatch(text):
            return Name(given=turned.group(2), middle=turned.group(3), family=turned.group(1))
    return _by_library(text)


def _means_something(text: str) -> bool:
    """Whether a word, or a piece of one, is a title, particle, suffix or the like to the library."""
    words = text.split(" ")
    return (
        not _special_words().isdisjoint(words)
        or not _special_words().isdisjoint(_PIECES.split(text))
        or _NUMERAL.fullmatch(words[-1]) is not None
    )


def _by_library(text: str) -> Name:
    from nameparser import parse

    found = parse(" ".join(text.split()))
    parts = (found.title, found.given, found.middle, found.family, found.suffix)
    return Name(*(part or None for part in parts))


@cache
def _special_words() -> frozenset[str]:
    """Every word of the library's vocabulary: titles, particles, suffixes, conjunctions, in all its languages."""
    from nameparser import Lexicon

    lexicon = Lexicon.default()
    lists = (
        lexicon.after_given_titles,
        lexicon.bound_given_names,
        lexicon.conjunctions,
        lexicon.conjunctions_ambiguous,
        lexicon.given_name_titles,
        lexicon.honorific_tails,
        lexicon.maiden_markers,
        lexicon.particles,
        lexicon.particles_ambiguous,
        lexicon.suffix_acronyms,
        lexicon.suffix_acronyms_ambiguous,
        lexicon.suffix_words,
        lexicon.titles,
    )
    return frozenset(part.lower().strip(".-") for words in lists for word in words for part in word.split())
