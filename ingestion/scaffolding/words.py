"""Words in names of columns and tables: singular and plural, what a name is about, and how SQL may write it.

English only where it must be: a name in another language is kept as it is.
"""

from __future__ import annotations

from collections.abc import Collection

from ingestion.naming import quoted

# these may not stand as column names without quotes (the engine's own list, less what it takes as a column)
_RESERVED_WORDS = """
all analyse analyze and anti any array as asc asymmetric at authorization binary both by case cast check
collate column concurrently constraint create cross current_date current_time current_timestamp default
deferrable desc describe distinct do else end except false fetch for foreign freeze from full glob grant
group having ilike in initially inner intersect into is isnull join lambda lateral leading left like limit
localtime localtimestamp natural not notnull null offset on only or order outer overlaps pivot pivot_longer
pivot_wider placing primary qualify references returning right select semi session_user show similar some
summarize symmetric table tablesample then to trailing true union unique unpack unpivot using variadic
verbose when where window with
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())
_IRREGULAR = {"people": "person", "children": "child", "news": "news", "series": "series", "status": "status"}


def in_sql(name: str) -> str:
    """The name as SQL writes it: in quotes only where it is a reserved word."""
    return quoted(name) if name in _RESERVED else name


def first_word_of(name: str) -> str:
    return name.split("_", 1)[0]


def is_named(name: str, words: Collection[str]) -> bool:
    """True when one of `words` is a word of the name (`billing_first_name` is named `first`), or all of it (`c_p`: `cp`)."""
    return any(part in words for part in (*name.split("_"), name.replace("_", "")))


def without(name: str, words: Collection[str]) -> str:
    """The name without these words at either end: `date_joined` and `joined_on` → `joined`; may become empty."""
    parts = name.strip("_").split("_")
    while parts and parts[-1] in words:
        parts.pop()
    while parts and parts[0] in words:
        parts.pop(0)
    return "_".join(parts)


def singular(noun: str) -> str:
    """`order_items` → `order_item`, `activities` → `activity`; a noun without a plural stays."""
    head, _, last = noun.rpartition("_")
    if last in _IRREGULAR:
        one = _IRREGULAR[last]
    elif last.endswith("ies") and len(last) > 4:
        one = f"{last[:-3]}y"
    elif last.endswith(("sses", "xes", "ches", "shes")):
        one = last[:-2]
    else:
        one = last[:-1] if last.endswith("s") and not last.endswith("ss") and len(last) > 3 else last
    return f"{head}_{one}" if head else one


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    text = " ".join(text.split())
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."
