"""The pretend shop as tables of a scratch database: everything true and everything its tools would see of it.

The order in which the parts are imagined belongs here; each part's rules live in its own module, files in `exports`.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from sandbox.behaviour import visit
from sandbox.catalogue import stock_shelves
from sandbox.habits import load_habits
from sandbox.marketing import advertise
from sandbox.noise import install_macros
from sandbox.people import populate
from sandbox.pools import load_pools
from sandbox.purchases import sell
from sandbox.records import record
from sandbox.shop import Progress, ShopPlan, silent
from sandbox.sightings import see
from sandbox.truth import key_records


def imagine(connection: duckdb.DuckDBPyConnection, plan: ShopPlan, progress: Progress = silent) -> None:
    """Create the tables `people`, `products`, `orders`, `order_lines`, `records`, `sightings`, `record_keys`, `visits` and
    those they are made from; each module says the grain of its own."""
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("macros", lambda: install_macros(connection, plan)),
        ("names and places", lambda: load_pools(connection)),
        ("habits", lambda: load_habits(connection)),
        ("people", lambda: populate(connection, plan)),
        ("products", lambda: stock_shelves(connection)),
        ("campaigns", lambda: advertise(connection, plan)),
        ("purchases", lambda: sell(connection, plan)),
        ("records", lambda: record(connection)),
        ("mistakes", lambda: see(connection)),
        ("keys", lambda: key_records(connection)),
        ("visits", lambda: visit(connection, plan)),
    )
    for done, (note, step) in enumerate(steps):
        progress("imagining the shop", done, len(steps), note)
        step()
