"""Parquet: every column as the text the engine writes for it, so that raw is text whatever a file's own types are.

The file's footer, read by another reader, says how many rows there must be; the rows are read by the engine.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.errors import DocumentInvalid
from ingestion.feeds import Feed, Request, note_columns, require_columns
from ingestion.fingerprints import link_safely
from ingestion.naming import column_names, literal, quoted


def read_columns(request: Request) -> Feed:
    """All rows of the file. Raises DocumentInvalid when its footer cannot be read."""
    schema, delivered = _read_footer(request)
    require_columns(request.table, schema.names)
    columns = column_names(schema.names)
    path = literal(str(link_safely(request.text.path, request.workspace)))
    # by position: the engine renames columns that differ only in case
    rows = f"read_parquet({path}, file_row_number = true) as delivered({', '.join(map(quoted, columns))})"
    texts = [
        f"{_as_text(column, schema.field(i).type)} as {quoted(column)}" for i, column in enumerate(columns)
    ]
    relation = f"(select {', '.join(texts)}, file_row_number + 1 as _row from {rows})"

    def originals(wanted: Collection[int]) -> dict[int, tuple[int | None, str]]:
        chosen = (
            f"select _row, to_json(struct_pack({', '.join(map(quoted, columns))}))::varchar from {relation}"
        )
        numbers = ", ".join(map(str, wanted)) or "null"
        found = request.connection.execute(f"{chosen} where _row in ({numbers})").fetchall()
        return {row: (None, text) for row, text in found}

    return Feed(relation, columns, delivered, originals, [], note_columns(request.table, columns))


def _read_footer(request: Request) -> tuple[pa.Schema, int]:
    try:
        with pq.ParquetFile(request.text.path) as file:
            return file.schema_arrow, file.metadata.num_rows
    except pa.ArrowException as error:
        raise DocumentInvalid(
            f"is not a readable Parquet file, or only the beginning of one ({str(error).splitlines()[0]}). "
            f"Ask the source to deliver it again."
        ) from error


def _as_text(column: str, kind: pa.DataType) -> str:
    """SQL for the column as text: lists and structs as JSON, an empty text as NULL, as in the other formats."""
    text = f"to_json({quoted(column)})" if pa.types.is_nested(kind) else quoted(column)
    return f"nullif({text}::varchar, '')"
