"""Hands the standardising functions to dbt: `profiles.yml` names this module, and dbt-duckdb makes a `Plugin` of it.

A plugin by shape, not by inheritance, since this room knows no dbt.
"""

from __future__ import annotations

import atexit
from typing import Any

import duckdb

from warehouse.functions.registration import register_functions


class Plugin:
    """What dbt-duckdb asks of a plugin (`dbt.adapters.duckdb.plugins.BasePlugin`); only connections concern this one."""

    def __init__(self, name: str, plugin_config: dict[str, Any], credentials: object = None) -> None:
        self.name = name
        self.config = plugin_config
        self.creds = credentials

    def update_connection_config(self, creds: object, config: dict[str, Any]) -> None:
        """Nothing to add: connections of one process must open the file alike."""

    def configure_connection(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Register the functions once per open database; dbt's cursors and threads share them."""
        register_functions(connection)
        # dbt leaves it open at exit, and a connection with functions then reports a leak
        atexit.register(connection.close)

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Nothing to do: cursors see the functions of their database."""
