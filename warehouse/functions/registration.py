"""Makes the standardising functions known to the engine: SQL calls them by name, a few thousand values at a time.

What each function means stands in its own module and in docs/standardising.md; libraries are imported at the first call.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

import duckdb
from duckdb.func import ARROW, SPECIAL
from duckdb.sqltypes import VARCHAR, DuckDBPyType

from warehouse.functions.addresses import Address, parse_address
from warehouse.functions.countries import parse_country
from warehouse.functions.emails import Email, parse_email
from warehouse.functions.names import Name, parse_name
from warehouse.functions.phones import Phone, parse_phone

# Values remembered per function, for all connections of the process: about 25 MB when full. The same customers come
# from several sources, and each batch of the engine (2,048 rows) fits whole, so no value of it is parsed twice.
REMEMBERED = 65_536


class EngineFunction(NamedTuple):
    """A function of SQL: its name, what it does to one value, how many texts it takes, the fields of what it returns."""

    name: str
    parse: Callable[..., Any]
    texts: int
    fields: tuple[str, ...]  # empty: one text

    @property
    def returns(self) -> str:
        """The SQL type; `is_…` fields are booleans, all others texts."""
        types = (f"{field} {'BOOLEAN' if field.startswith('is_') else 'VARCHAR'}" for field in self.fields)
        return f"STRUCT({', '.join(types)})" if self.fields else "VARCHAR"


FUNCTIONS = (
    EngineFunction("cdp_phone", lru_cache(REMEMBERED)(parse_phone), 3, Phone._fields),
    EngineFunction("cdp_email", lru_cache(REMEMBERED)(parse_email), 1, Email._fields),
    EngineFunction("cdp_name", lru_cache(REMEMBERED)(parse_name), 1, Name._fields),
    EngineFunction("cdp_country", lru_cache(REMEMBERED)(parse_country), 1, ()),
    EngineFunction("cdp_address", lru_cache(REMEMBERED)(parse_address), 2, Address._fields),
)


def register_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every function of FUNCTIONS callable in the connection's database, by all connections of this process.

    Connections of one process share an open database and its functions, so they may be there already. Not inside a
    transaction: a rollback would take the functions with it.
    """
    for function in FUNCTIONS:
        # by another connection of this process, or by this one
        with suppress(duckdb.CatalogException, duckdb.NotImplementedException):
            connection.create_function(
                function.name,
                _BATCH_FUNCTIONS[function.name],
                [VARCHAR] * function.texts,
                DuckDBPyType(function.returns),
                type=ARROW,
                null_handling=SPECIAL,  # a missing region is not a missing number
            )


def _on_batches(function: EngineFunction) -> Callable[..., Any]:
    """The function on Arrow arrays of texts; returns an array of texts, or of structs of the function's fields.

    A struct costs what a text costs: 1.0 against 1.0 s per million rows, where two functions for two fields cost 1.2.
    """

    def on_batch(*columns: Any) -> Any:  # noqa: ANN401 (pyarrow has no types)
        import pyarrow as pa

        rows = list(map(function.parse, *(column.to_pylist() for column in columns)))
        if not function.fields:
            return pa.array(rows, pa.string())
        parts = zip(*rows, strict=True) if rows else ((),) * len(function.fields)
        types = (pa.bool_() if field.startswith("is_") else pa.string() for field in function.fields)
        arrays = [pa.array(part, kind) for part, kind in zip(parts, types, strict=True)]
        return pa.StructArray.from_arrays(arrays, function.fields)

    def on_two(text: Any, country: Any) -> Any:  # noqa: ANN401
        return on_batch(text, country)

    def on_three(text: Any, region: Any, home: Any) -> Any:  # noqa: ANN401
        return on_batch(text, region, home)

    by_texts: dict[int, Callable[..., Any]] = {1: on_batch, 2: on_two, 3: on_three}
    return by_texts[function.texts]  # the engine counts the parameters by name


# The engine keeps the functions as long as the database is open, but only a bare pointer to their Python code, which the
# connection that registered them frees when it closes: code that lives as long as the process is never freed.
_BATCH_FUNCTIONS = {function.name: _on_batches(function) for function in FUNCTIONS}
