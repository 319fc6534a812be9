"""The pools people are drawn from: given names, family names, streets and towns per locale, read once from Faker.

Only reading and shaping the pools belongs here; who gets which entry is decided in `people`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import duckdb
import pyarrow as pa
from faker import Faker

from sandbox.nicknames import latin, nickname

STREETS_PER_LOCALE = 400
TOWNS_PER_LOCALE = 160


@dataclass(frozen=True)
class Locale:
    """One naming culture: its share of the customers, where they live, and the Faker locales that name them."""

    number: int
    code: str
    country: str
    share: float
    names_from: tuple[str, ...]


LOCALES: tuple[Locale, ...] = (
    Locale(0, "en_GB", "GB", 0.845, ("en_GB", "en_GB", "en_IE", "en_US")),
    Locale(1, "en_IN", "GB", 0.025, ("en_IN",)),
    Locale(2, "pl_PL", "PL", 0.03, ("pl_PL",)),
    Locale(3, "fr_FR", "FR", 0.025, ("fr_FR",)),
    Locale(4, "de_DE", "DE", 0.025, ("de_DE",)),
    Locale(5, "es_ES", "ES", 0.015, ("es_ES",)),
    Locale(6, "el_GR", "GR", 0.01, ("el_GR",)),
    Locale(7, "uk_UA", "UA", 0.015, ("uk_UA",)),
    Locale(8, "ja_JP", "JP", 0.01, ("ja_JP",)),
)


def load_pools(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `pool_first` (locale, gender, id, name, latin, nick), `pool_last` (locale, gender, id, …),
    `pool_street` and `pool_town` (locale, id, name): ids run from 0 to `size` - 1 in each locale and gender."""
    for table, rows in _read_pools().items():
        connection.register("pool_rows", rows)
        group = "locale, gender" if table in ("pool_first", "pool_last") else "locale"
        connection.execute(
            f"create table {table} as select *, count(*) over (partition by {group}) as size from pool_rows"
        )
        connection.unregister("pool_rows")


@cache
def _read_pools() -> dict[str, pa.Table]:
    readers: dict[str, Callable[[Locale], list[dict[str, object]]]] = {
        "pool_first": _first_names,
        "pool_last": _last_names,
        "pool_street": lambda locale: _places(locale, "street"),
        "pool_town": lambda locale: _places(locale, "town"),
    }
    return {
        table: pa.Table.from_pylist([row for locale in LOCALES for row in read(locale)])
        for table, read in readers.items()
    }


def _first_names(locale: Locale) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for gender, attribute in enumerate(("first_names_female", "first_names_male")):
        pairs = _romanised(locale, ("first_name_female_pairs", "first_name_male_pairs")[gender])
        names = pairs or [(name, latin(name)) for name in _gather(locale, (attribute,))]
        rows += [
            {
                "locale": locale.number,
                "gender": gender,
                "id": i,
                "name": n,
                "latin": spelt,
                "nick": nickname(n),
            }
            for i, (n, spelt) in enumerate(names)
        ]
    return rows


def _last_names(locale: Locale) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for gender, suffix in enumerate(("female", "male")):
        wanted = (f"last_names_{suffix}", "unisex_last_names", "last_names")
        names = _romanised(locale, "last_name_pairs") or [(n, latin(n)) for n in _gather(locale, wanted)]
        rows += [
            {"locale": locale.number, "gender": gender, "id": i, "name": n, "latin": spelt}
            for i, (n, spelt) in enumerate(names)
        ]
    return rows


def _provider(kind: str, code: str) -> type:
    provider: type = importlib.import_module(f"faker.providers.{kind}.{code}").Provider
    return provider


def _gather(locale: Locale, attributes: Iterable[str]) -> list[str]:
    """Names of every locale that this one borrows from, commonest first, each once."""
    found: list[str] = []
    for code in locale.names_from:
        provider = _provider("person", code)
        values = next((getattr(provider, a) for a in attributes if hasattr(provider, a)), ())
        found += sorted(values, key=lambda n: -values[n]) if isinstance(values, Mapping) else list(values)
    return list(dict.fromkeys(name for name in found if "," not in name and '"' not in name))


def _romanised(locale: Locale, attribute: str) -> list[tuple[str, str]]:
    """Japanese providers hold (kanji, kana, romanised) triples; others hold none."""
    triples = getattr(_provider("person", locale.names_from[0]), attribute, ())
    return list(dict.fromkeys((written, romanised) for written, _, romanised in triples))


def _places(locale: Locale, kind: str) -> list[dict[str, object]]:
    code = "en_GB" if locale.country == "GB" else locale.code
    fake = Faker(code)
    fake.seed_instance(20_231_101)  # the map of the pretend country is the same for every shop
    count = STREETS_PER_LOCALE if kind == "street" else TOWNS_PER_LOCALE
    draw = fake.city if kind == "town" else (fake.town if code == "ja_JP" else fake.street_name)
    names = list(dict.fromkeys(str(draw()).replace('"', "") for _ in range(count * 4)))[:count]
    return [{"locale": locale.number, "id": i, "name": name} for i, name in enumerate(names)]
