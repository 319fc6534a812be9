"""From whatever encoding a file came in to UTF-8, in a temporary copy; line ends stay as they are.

Files that already are UTF-8 are not copied. What the text says is read elsewhere.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from ingestion.declarations import Table
from ingestion.errors import FileUnreadable
from ingestion.fingerprints import CHUNK_BYTES, Fingerprint, read_chunks

_VALID_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
# unassigned in Windows-1252, or so rare in names and addresses that damage is the likelier reading
_UNLIKELY_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d\xfe\xff]")
# share of NUL bytes in the head above which a file is taken for binary rather than for text with a stray NUL
_BINARY_SHARE = 0.001


# UTF-32 first: its mark begins with that of UTF-16
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SHOWN = {"cp1252": "Windows-1252", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}


@dataclass(frozen=True)
class Text:
    """A file that is UTF-8 (rows that are not are found by the readers) and the note to leave about its encoding.

    `encoding` is the delivered file's, in words.
    """

    path: Path
    fingerprint: Fingerprint
    is_copy: bool = False
    note: str = ""
    encoding: str = "UTF-8"


def read_as_text(table: Table, fingerprint: Fingerprint, workspace: Path) -> Text:
    """The file as UTF-8 where it is a text. Raises FileUnreadable for an empty or binary one."""
    if table.format in ("xlsx", "parquet"):
        if not fingerprint.size:
            raise FileUnreadable("is empty. Ask the source to export it again, or remove the file.")
        return Text(fingerprint.path, fingerprint)
    declared = table.csv.encoding if table.format == "csv" else None
    encoding = detect_encoding(fingerprint, declared)
    if encoding == "utf-8":
        return Text(fingerprint.path, fingerprint)
    shown = _SHOWN.get(encoding, declared or encoding.upper())
    copy = workspace / "utf8"
    _transcode(fingerprint.path, encoding, shown, copy)
    return Text(copy, fingerprint, is_copy=True, note=f"read as {shown}", encoding=shown)


def detect_encoding(fingerprint: Fingerprint, declared: str | None = None) -> str:
    """Python's name of the encoding. UTF-8 also stands for "mostly UTF-8, some rows damaged".

    A byte order mark is proof, then the declaration counts. Raises FileUnreadable for an empty file and for binary
    content.
    """
    head = fingerprint.head
    if not head.strip():
        raise FileUnreadable("is empty. Ask the source to export it again, or remove the file.")
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    if declared is not None:
        name = codecs.lookup(declared).name
        # without a mark Windows programs mean little-endian
        return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name)
    if fingerprint.has_nul:
        return _wide_or_binary(head)
    if fingerprint.is_utf8:
        return "utf-8"
    return "cp1252" if _is_windows_1252(fingerprint.path) else "utf-8"


def _transcode(path: Path, encoding: str, shown: str, target: Path) -> None:
    """Copy as UTF-8. Bytes that have no meaning are copied as they are, which no reader takes for UTF-8 afterwards.

    Raises FileUnreadable where characters have several bytes and one byte too few or too many spoils the rest.
    """
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    done = 0
    try:
        with target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as copy:
            for chunk in read_chunks(path):
                copy.write(decoder.decode(chunk))
                done += len(chunk)
            copy.write(decoder.decode(b"", final=True))
    except UnicodeError as error:
        raise FileUnreadable(
            f"is not valid {shown} (near byte {done:,}). Export it again as UTF-8."
        ) from error


def _wide_or_binary(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) / 2
    if odd > 0.6 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.1 * half:
        return "utf-16-be"
    if head.startswith(b"PK\x03\x04"):
        raise FileUnreadable(
            "is a ZIP or Excel file by its content. Give it its right name, or export it as text."
        )
    if (even + odd) > max(1, _BINARY_SHARE * len(head)) or head[:512].count(0):
        raise FileUnreadable("is binary (it holds NUL bytes), not text. Export it again as UTF-8 text.")
    return "utf-8"


def _is_windows_1252(path: Path) -> bool:
    """True when bytes above 127 are mostly not UTF-8, yet every one of them is a likely Windows-1252 character."""
    valid = stray = 0
    carried = b""
    for chunk in read_chunks(path):
        data = carried + chunk
        cut = len(data) - 3 if len(chunk) == CHUNK_BYTES else len(data)
        data, carried = data[:cut], data[cut:]
        rest, found = _VALID_MULTIBYTE.subn(b"", data)
        valid += found
        stray += len(_HIGH.findall(rest))
        if _UNLIKELY_1252.search(rest):
            return False
    return stray > valid
