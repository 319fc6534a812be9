"""What can go wrong with a delivery, as one tree: CdpError → IngestionError → DeclarationError | FileRefused → …

Rows that cannot be kept are not errors: they are recorded in `raw.rejected_rows` and the file goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.pulled import PulledFile
from warehouse.errors import CdpError


class IngestionError(CdpError):
    """A source could not be declared or loaded."""


class DeclarationError(IngestionError):
    """A file in `ingestion/sources/` is not a valid description of a source."""


class ScaffoldRefused(IngestionError):
    """A source cannot be added: the file says too little, or something of that name is there already."""


class LoadInterrupted(IngestionError):
    """The machine, not the file, is the trouble (disk, memory, database): the load stopped, nothing is half loaded."""


class FileRefused(IngestionError):
    """A delivered file was not loaded at all; what earlier files brought is untouched.

    Where one column is the reason, it is named, with what was expected of it and what was found.
    """

    def __init__(
        self,
        message: str,
        *,
        column: str | None = None,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        super().__init__(message)
        self.column, self.expected, self.found = column, expected, found


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


class PullError(IngestionError):
    """A source could not be asked for its delivery, or not for all of it."""


class SourceNotConfigured(PullError):
    """Settings a source needs (environment variables) are not there: nobody has connected it yet."""


class PullFailed(PullError):
    """Something did not arrive; `files` are complete in landing all the same."""

    def __init__(self, message: str, files: Sequence[PulledFile] = ()) -> None:
        super().__init__(message)
        self.files = tuple(files)


class ConnectionCut(PullError):
    """The other side went away, or did not answer in time: asking again may help."""


class RemoteFileRefused(PullError):
    """One remote file is not given, or cannot be put into landing; the others can."""


class RemoteFileChanged(PullError):
    """A remote file changed or went away while it was fetched: it is left for the next time."""


class SignInRefused(PullError):
    """The other side does not know the key, or the key may not read this."""


class RequestRefused(PullError):
    """The other side answered that it will not serve this request: asking again as it is would not help."""


class AnswerNotUnderstood(PullError):
    """An answer came whole but is not what was declared: no records where they should be, or pages without end."""


class CursorExpired(PullError):
    """A position the other side gave out is no longer known to it; `kept` when it was one of an earlier pull."""

    def __init__(self, message: str, *, kept: bool = False) -> None:
        super().__init__(message)
        self.kept = kept


class PagesMoved(PullError):
    """Records moved from page to page while they were read, so that some may have been passed over."""
