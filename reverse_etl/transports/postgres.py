"""Rows in a PostgreSQL table of our own: one transaction per request, so that a batch arrives whole or not at all.

Which rows, and what an answer means, is decided in `destinations/postgres.py`.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from reverse_etl.contract import Request, Response
from reverse_etl.transports.sequence import OneByOne, refusal

KEY = "record_key"
_OURS = "filled by cdp"
_CONNECT_SECONDS = 10
_SIGN_IN = ("authentication failed", "no pg_hba.conf entry", "does not exist", "no password supplied")


class PostgresTransport(OneByOne):
    """One database; tables stand in the schema of the account's settings."""

    _connection: Any = None

    def send(self, request: Request) -> Response:
        try:
            connection = self._opened()
        except psycopg.OperationalError as error:
            if any(words in str(error) for words in _SIGN_IN):
                return refusal(401, "the server refused the user, the password or the database")
            return Response(0, error="could not connect to the database", is_unsent=True)
        try:
            with connection.transaction():
                return self._carry_out(connection, request)
        except psycopg.errors.InsufficientPrivilege as error:
            return refusal(403, f"the user lacks a right: {error.diag.message_primary}")
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
            return refusal(400, error.diag.message_primary or type(error).__name__)
        except psycopg.Error as error:
            return Response(0, error=f"the database did not finish ({type(error).__name__})")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _opened(self) -> Any:  # noqa: ANN401
        if self._connection is None:
            self._connection = psycopg.connect(
                self.account.address,
                password=self.account.settings["password"] or None,
                connect_timeout=_CONNECT_SECONDS,
                autocommit=True,
                application_name="cdp",
            )
        return self._connection

    def _carry_out(self, connection: Any, request: Request) -> Response:  # noqa: ANN401
        given: Any = request.json or {}
        table = sql.Identifier(self.account.settings["schema"], request.path)
        if request.method == "OPEN":
            return self._open(connection, table, request.path, given["columns"])
        if request.method == "UPSERT":
            rows = _upsert(connection, table, given["columns"], given["rows"])
        elif request.method == "DELETE":
            query = sql.SQL("delete from {} where {} = any(%s) returning {}")
            rows = connection.execute(
                query.format(table, sql.Identifier(KEY), sql.Identifier(KEY)), [given["keys"]]
            ).fetchall()
        else:
            return self._page(connection, table, given["after"], given["limit"])
        return Response(200, {"keys": [key for (key,) in rows]})

    def _open(self, connection: Any, table: sql.Identifier, name: str, columns: list[str]) -> Response:  # noqa: ANN401
        """Make the table and the columns that are missing; a table that somebody else made is left alone."""
        schema = self.account.settings["schema"]
        if connection.execute("select to_regnamespace(quote_ident(%s))", [schema]).fetchone() == (None,):
            connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        found = connection.execute(
            "select obj_description(pg_class.oid) from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
            "where nspname = %s and relname = %s",
            [schema, name],
        ).fetchone()
        if found is not None and not str(found[0]).startswith(_OURS):
            return refusal(409, f"table {name} was there before and was not made by this software")
        if found is None:
            key = sql.Identifier(KEY)
            connection.execute(
                sql.SQL(
                    "create table {} ({} text primary key, synced_at timestamptz not null default now())"
                ).format(table, key)
            )
            connection.execute(sql.SQL("comment on table {} is {}").format(table, sql.Literal(_OURS)))
        for column in columns:
            connection.execute(
                sql.SQL("alter table {} add column if not exists {} text").format(
                    table, sql.Identifier(column)
                )
            )
        return Response(200, {"table": name})

    def _page(self, connection: Any, table: sql.Identifier, after: str, limit: int) -> Response:  # noqa: ANN401
        key = sql.Identifier(KEY)
        query = sql.SQL("select to_jsonb(found) from {} as found where {} > %s order by {} limit %s")
        rows = connection.execute(query.format(table, key, key), [after, limit]).fetchall()
        return Response(200, {"rows": [row for (row,) in rows]})


def _upsert(connection: Any, table: sql.Identifier, columns: list[str], rows: list[list[Any]]) -> list[Any]:  # noqa: ANN401
    names = [sql.Identifier(name) for name in columns]
    arrays = [[row[place] for row in rows] for place in range(len(columns))]
    others = sql.SQL(", ").join(
        [sql.SQL("{} = excluded.{}").format(name, name) for name in names[1:]]
        + [sql.SQL("synced_at = now()")]
    )
    query = sql.SQL(
        "insert into {table} ({names}) select * from unnest({arrays}) on conflict ({key}) do update set {others} returning {key}"
    ).format(
        table=table,
        names=sql.SQL(", ").join(names),
        arrays=sql.SQL(", ").join(sql.SQL("%s::text[]") for _ in columns),
        key=sql.Identifier(KEY),
        others=others,
    )
    return list(connection.execute(query, arrays).fetchall())
