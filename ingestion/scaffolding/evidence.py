"""What the values of a column look like, counted by the engine over all rows: the evidence that guesses rest on.

Patterns only; what they mean for a column is decided in `guesses.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from ingestion.checks import is_wrong
from ingestion.declarations import Column
from ingestion.naming import literal, quoted

# distinct values looked at, the commonest first; more would say the same
LOOKED_AT = 20_000
FLAGS = (
    "yes",
    "no",
    "y",
    "n",
    "true",
    "false",
    "t",
    "f",
    "ja",
    "nein",
    "oui",
    "non",
    "si",
    "sí",
    "x",
    "0",
    "1",
)
PARSED_FLAGS = ("yes", "no", "y", "n", "true", "false", "t", "f", "0", "1")
DATE_FORMATS = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y",
    "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%Y%m%d",
)  # fmt: skip
_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S.%f")
TIMESTAMP_FORMATS = tuple(
    f"{day}{between}{time}"
    for day in DATE_FORMATS[:9] + DATE_FORMATS[13:14]
    for between in (" ", ", ", "T")
    for time in _TIMES
    if between != "T" or day == "%Y-%m-%d"
)
_PATTERNS = {
    "email": r"[^@\s,;<>]+@[^@\s,;<>]+\.[a-zA-Z]{2,}",
    "phone": r"'?[+(]?[0-9][0-9 ()./\x{00a0}-]{5,}[0-9]( ?(x|ext\.?) ?[0-9]+)?",
    "json": r"\s*[\[{].*[\]}]\s*",
    "zero_led": r"0[0-9]+",
    "has_unit": r".*[£€$¥].*|.*\b(EUR|GBP|USD|CHF|PLN|SEK|NOK|DKK)\b.*",
    "comma_fraction": r"[^,]*[0-9],[0-9]{1,2}[^0-9]*",
    "point_fraction": r"[^.]*[0-9]\.[0-9]{1,2}[^0-9]*",
    "letters": r"[\p{L} ,.'’-]+",
    "dateish": r".*[0-9]{1,4}.*[./ -].*[0-9]{2,4}.*|[0-9]{8}",
    "instant": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+ ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})",
    "clock": r".*[0-9]:[0-9]{2}.*",
    "two_letters": r"[A-Z]{2}",
    "three_letters": r"[A-Za-z]{3}",
}


@dataclass(frozen=True)
class Evidence:
    """Counts of rows for one column: `filled` of `rows`, `distinct` values, and how many rows fit each pattern.

    Patterns were tried on the commonest values only: `seen` rows hold those.
    """

    rows: int
    filled: int
    distinct: int
    seen: int
    fits: dict[str, int]
    dates: dict[str, int]
    timestamps: dict[str, int]
    common: list[str]
    looked_at: str

    def share(self, pattern: str) -> float:
        return self.fits[pattern] / self.seen if self.seen else 0.0


def gather(connection: duckdb.DuckDBPyConnection, relation: str, column: str) -> Evidence:
    """The evidence for one text column of `relation` (SQL after FROM)."""
    rows, filled, distinct = connection.execute(
        f"select count(*), count({quoted(column)}), count(distinct {quoted(column)}) from {relation}"
    ).fetchall()[0]
    values = quoted(f"looked_at_{column}")
    connection.execute(
        f"create or replace temp table {values} as select trim({quoted(column)}) as v, count(*) as n "
        f"from {relation} where trim({quoted(column)}) <> '' group by all order by n desc, v limit {LOOKED_AT}"
    )
    fits = _count(connection, values, _tests())
    (seen,) = connection.execute(f"select coalesce(sum(n), 0)::bigint from {values}").fetchall()[0]
    dateish = bool(seen) and fits["dateish"] >= 0.5 * seen
    with_time = dateish and fits["clock"] >= 0.5 * fits["dateish"]
    dates = _count(connection, values, _dates(DATE_FORMATS)) if dateish and not with_time else {}
    timestamps = _count(connection, values, _dates(TIMESTAMP_FORMATS)) if with_time else {}
    common = connection.execute(f"select v from {values} order by n desc, v limit 30").fetchall()
    return Evidence(
        rows, filled, distinct, seen, fits, dates, timestamps, [str(v) for (v,) in common], values
    )


def covered(connection: duckdb.DuckDBPyConnection, evidence: Evidence, formats: list[str]) -> int:
    """Rows of the column that one of the formats reads."""
    test = " or ".join(_dates(tuple(formats)).values())
    return _count(connection, evidence.looked_at, {"covered": test})["covered"]


def _tests() -> dict[str, str]:
    tests = {name: f"regexp_full_match(v, {literal(pattern)})" for name, pattern in _PATTERNS.items()}
    tests["flag"] = f"lower(v) in ({', '.join(map(literal, FLAGS))})"
    tests["parsed_flag"] = f"lower(v) in ({', '.join(map(literal, PARSED_FLAGS))})"
    for kind in ("integer", "decimal", "money"):
        column = Column.model_validate({"name": "v", "type": kind})
        tests[kind], tests[f"{kind}_comma"] = (f"not {is_wrong('v', column, sign)}" for sign in (".", ","))
    return tests


def _dates(formats: tuple[str, ...]) -> dict[str, str]:
    """Per format: does it fit, and is the year one of our time (a format with four digits also takes two)?"""
    return {
        form: f"coalesce(year(try_strptime(v, {literal(form)})) between 1900 and 2100, false)"
        for form in formats
    }


def _count(connection: duckdb.DuckDBPyConnection, values: str, tests: dict[str, str]) -> dict[str, int]:
    counts = ", ".join(f"coalesce(sum(n) filter ({test}), 0)" for test in tests.values())
    found = connection.execute(f"select {counts} from {values}").fetchall()[0]
    return dict(zip(tests, map(int, found), strict=True))
