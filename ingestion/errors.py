"""What can go wrong with a delivery, as one tree: CdpError → IngestionError → DeclarationError | FileRefused → …

Rows that cannot be kept are not errors: they are recorded in `raw.rejected_rows` and the file goes on.
"""

from __future__ import annotations

from warehouse.errors import CdpError


class IngestionError(CdpError):
    """A source could not be declared or loaded."""


class DeclarationError(IngestionError):
    """A file in `ingestion/sources/` is not a valid description of a source."""


class LoadInterrupted(IngestionError):
    """The machine, not the file, is the trouble (disk, memory, database): the load stopped, nothing is half loaded."""


class FileRefused(IngestionError):
    """A delivered file was not loaded at all; what earlier files brought is untouched."""


class FileUnreadable(FileRefused):
    """The file is empty, binary, locked away, or changed while it was read."""


class HeaderMismatch(FileRefused):
    """The header lacks a required column, or is not the header that was declared."""


class FileCutOff(FileRefused):
    """The file ends in the middle of a record: the rest of it never arrived."""


class DocumentInvalid(FileRefused):
    """A JSON document, a workbook or a Parquet file does not parse, or holds no records where they were declared."""


class ColumnRetyped(FileRefused):
    """Most values of a typed column are no longer of that type."""


class CountsDisagree(FileRefused):
    """Rows delivered are not rows loaded plus rows rejected: two readers understand the file differently."""
