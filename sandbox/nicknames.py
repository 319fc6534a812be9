"""Short forms people use instead of their given name, and a rough Latin spelling of other alphabets.

Only tables and the two look-ups on them belong here; when a record uses a short form is decided in `noise`.
"""

from __future__ import annotations

import unicodedata

NICKNAMES: dict[str, str] = {
    "Abigail": "Abi", "Alexander": "Alex", "Alexandra": "Alex", "Amanda": "Mandy", "Andrew": "Andy",
    "Anthony": "Tony", "Barbara": "Barb", "Benjamin": "Ben", "Bernard": "Bernie", "Catherine": "Cathy",
    "Charles": "Charlie", "Charlotte": "Lottie", "Christina": "Tina", "Christine": "Chris",
    "Christopher": "Chris", "Daniel": "Dan", "David": "Dave", "Deborah": "Debbie", "Donald": "Don",
    "Dorothy": "Dot", "Edward": "Ed", "Eleanor": "Ellie", "Elizabeth": "Liz", "Emily": "Em",
    "Frances": "Fran", "Francis": "Frank", "Frederick": "Fred", "Gareth": "Gaz", "Geoffrey": "Geoff",
    "Georgina": "Georgie", "Gerald": "Gerry", "Gregory": "Greg", "Harriet": "Hattie", "Jacqueline": "Jackie",
    "James": "Jim", "Janet": "Jan", "Jennifer": "Jenny", "Jessica": "Jess", "Jonathan": "Jon",
    "Joseph": "Joe", "Joshua": "Josh", "Judith": "Judy", "Katherine": "Kate", "Kathleen": "Kath",
    "Kathryn": "Kate", "Kenneth": "Ken", "Kimberley": "Kim", "Lawrence": "Larry", "Leonard": "Len",
    "Lesley": "Les", "Lillian": "Lily", "Louise": "Lou", "Margaret": "Maggie", "Matthew": "Matt",
    "Michael": "Mike", "Michelle": "Shell", "Mohammed": "Mo", "Nicholas": "Nick", "Nicola": "Nicky",
    "Oliver": "Ollie", "Pamela": "Pam", "Patricia": "Pat", "Patrick": "Paddy", "Peter": "Pete",
    "Philip": "Phil", "Rachel": "Rach", "Rebecca": "Becky", "Richard": "Rick", "Robert": "Bob",
    "Ronald": "Ron", "Samantha": "Sam", "Samuel": "Sam", "Sandra": "Sandy", "Stephanie": "Steph",
    "Stephen": "Steve", "Steven": "Steve", "Stewart": "Stew", "Stuart": "Stu", "Susan": "Sue",
    "Terence": "Terry", "Theresa": "Terri", "Thomas": "Tom", "Timothy": "Tim", "Victoria": "Vicky",
    "Vincent": "Vince", "William": "Bill", "Zachary": "Zac",
    "Aleksandra": "Ola", "Agnieszka": "Aga", "Katarzyna": "Kasia", "Małgorzata": "Gosia", "Barbara ": "Basia",
    "Tomasz": "Tomek", "Krzysztof": "Krzysiek", "Francisco": "Paco", "José": "Pepe", "María": "Mari",
    "Dolores": "Lola", "Johannes": "Hannes", "Maximilian": "Max", "Katharina": "Kathi", "Олександр": "Саша",
    "Дмитро": "Діма", "Михайло": "Міша", "Γεώργιος": "Γιώργος", "Ιωάννης": "Γιάννης", "Κωνσταντίνος": "Κώστας",
}  # fmt: skip

_CYRILLIC = dict(
    zip(
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя’'",
        [
            "a",
            "b",
            "v",
            "h",
            "g",
            "d",
            "e",
            "ie",
            "zh",
            "z",
            "y",
            "i",
            "i",
            "i",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "",
            "iu",
            "ia",
            "",
            "",
        ],
        strict=True,
    )
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        [
            "a",
            "v",
            "g",
            "d",
            "e",
            "z",
            "i",
            "th",
            "i",
            "k",
            "l",
            "m",
            "n",
            "x",
            "o",
            "p",
            "r",
            "s",
            "s",
            "t",
            "y",
            "f",
            "ch",
            "ps",
            "o",
        ],
        strict=True,
    )
)
_LATIN = {"ł": "l", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d"}


def nickname(given_name: str) -> str | None:
    """The usual short form of a given name, or None."""
    return NICKNAMES.get(given_name)


def latin(name: str) -> str:
    """Spell a Latin, Greek or Ukrainian name in plain a–z, as a passport would (no accents)."""
    if name.isascii():
        return name
    spelt = "".join(_letter(char) for char in unicodedata.normalize("NFC", name.lower()))
    plain = "".join(char for char in unicodedata.normalize("NFD", spelt) if not unicodedata.combining(char))
    return " ".join(part.capitalize() for part in plain.split())


def _letter(char: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", char) if not unicodedata.combining(c))
    for table in (_CYRILLIC, _LATIN, _GREEK):
        if char in table:
            return table[char]
    return _GREEK.get(bare, char)
