"""From whatever encoding and line end a file came in to UTF-8 with line feeds, in a temporary copy.

Files that already are UTF-8 are not copied. What the text says is read elsewhere.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import FileUnreadable
from ingestion.fingerprints import CHUNK_BYTES, Fingerprint, read_chunks

_VALID_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
# unassigned in Windows-1252, or so rare in names and addresses that damage is the likelier reading
_UNLIKELY_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d\xfe\xff]")
# share of NUL bytes in the head above which a file is taken for binary rather than for text with a stray NUL
_BINARY_SHARE = 0.001


@dataclass(frozen=True)
class Text:
    """A file that is UTF-8 (rows that are not are found by the readers) and the note to leave about its encoding."""

    path: Path
    fingerprint: Fingerprint
    is_copy: bool = False
    note: str = ""


def detect_encoding(path: Path, fingerprint: Fingerprint) -> str:
    """Python's name of the encoding. UTF-8 also stands for "mostly UTF-8, some rows damaged".

    Raises FileUnreadable for an empty file and for binary content.
    """
    if not fingerprint.head.strip():
        raise FileUnreadable("is empty. Ask the source to export it again, or remove the file.")
    head = fingerprint.head
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if fingerprint.has_nul:
        return _wide_or_binary(head)
    if fingerprint.is_utf8:
        return "utf-8"
    return "cp1252" if _is_windows_1252(path) else "utf-8"


def to_utf8(path: Path, fingerprint: Fingerprint, encoding: str, target: Path) -> Text | None:
    """A UTF-8 copy with line feeds at `target` when one is needed, else None. Raises FileUnreadable."""
    only_returns = fingerprint.has_returns and not fingerprint.newlines and encoding != "utf-16"
    if encoding == "utf-8" and not only_returns:
        return None
    try:
        _transcode(path, encoding, target)
    except UnicodeDecodeError as error:
        raise FileUnreadable(
            f"is not valid {encoding} at byte {error.start}. Export it again as UTF-8."
        ) from error
    note = "" if encoding == "utf-8" else f"read as {'Windows-1252' if encoding == 'cp1252' else 'UTF-16'}"
    return Text(target, fingerprint, is_copy=True, note=note)


def _transcode(path: Path, encoding: str, target: Path) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    returns_only: bool | None = None
    with target.open("w", encoding="utf-8", newline="") as copy:
        for chunk in read_chunks(path):
            text = decoder.decode(chunk)
            if returns_only is None:
                returns_only = "\r" in text and "\n" not in text
            copy.write(text.replace("\r", "\n") if returns_only else text)
        copy.write(decoder.decode(b"", final=True))


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
