"""What a source is, as data: read from `ingestion/sources/<source>.yml` and checked before anything is loaded.

Only shapes are here; how a delivery is fetched, read and written is the business of the modules beside this package.
"""

from ingestion.declarations.columns import Column, ColumnType, Name
from ingestion.declarations.connections import (
    Answer,
    Api,
    Auth,
    Database,
    Endpoint,
    Pagination,
    Since,
    find_environment_names,
)
from ingestion.declarations.places import Location
from ingestion.declarations.reading import SOURCES_DIR, json_schema, read_source, read_sources
from ingestion.declarations.sources import Source
from ingestion.declarations.tables import ControlTotal, CsvDialect, Format, LoadMode, Table

__all__ = [
    "SOURCES_DIR",
    "Answer",
    "Api",
    "Auth",
    "Column",
    "ColumnType",
    "ControlTotal",
    "CsvDialect",
    "Database",
    "Endpoint",
    "Format",
    "LoadMode",
    "Location",
    "Name",
    "Pagination",
    "Since",
    "Source",
    "Table",
    "find_environment_names",
    "json_schema",
    "read_source",
    "read_sources",
]
