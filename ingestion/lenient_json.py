"""What the engine's JSON parser takes although the standard does not: a comma before a closing bracket, NaN, infinity.

Found in the bytes, a hundredth of a second for 16 MB; what is found may stand within a text, so it is a doubt and no
verdict. Nothing is parsed here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_CHUNK = 256 << 10  # with its masks it stays in the processor's cache
_OVERLAP = 64  # bytes that the next chunk sees again: more than a word with its sign
_Bytes = NDArray[np.uint8]
_LOWER = np.uint8(0x20)  # makes letters lower case, and `]` a `}`: both differ in this bit only
_CLOSING, _COMMA, _BLANK, _N, _A, _I, _F, _Y = np.frombuffer(b"}, naify", np.uint8)
# what may stand before and after a value
_BEFORE, _AFTER = np.zeros(256, bool), np.zeros(256, bool)
_BEFORE[list(b" \t\r\n:,[-")] = True
_AFTER[list(b" \t\r\n,}]")] = True


def may_be_lenient(path: Path) -> bool:
    """True when something in the file looks like what only a lenient parser takes."""
    look = _Look()
    with path.open("rb", buffering=0) as file:
        kept = 0
        while read := file.readinto(look.content.data[kept:]):
            if look.doubts(kept + read):
                return True
            kept = look.keep_tail(kept + read)
    return False


class _Look:
    """One chunk after the other in the same arrays: new ones would cost more than what is done with them."""

    def __init__(self) -> None:
        size = _CHUNK + _OVERLAP
        self.content = np.zeros(size, np.uint8)
        self._lower = np.zeros(size, np.uint8)
        self._masks = [np.zeros(size, bool) for _ in range(3)]

    def keep_tail(self, size: int) -> int:
        """Moves the last bytes to the front, where the next chunk is read after them; returns how many."""
        kept = min(size, _OVERLAP)
        self.content[:kept] = self.content[size - kept : size].copy()
        return kept

    def doubts(self, size: int) -> bool:
        """True when something in the first `size` bytes, of which there are at least three, is in doubt."""
        data, lower = self.content[:size], self._lower[:size]
        np.bitwise_or(data, _LOWER, out=lower)
        return size > 2 and (self._has_trailing_comma(data, lower) or self._has_word(data, lower))

    def _has_trailing_comma(self, data: _Bytes, lower: _Bytes) -> bool:
        closing, before, found = (mask[: len(data) - 1] for mask in self._masks)
        np.equal(lower[1:], _CLOSING, out=closing)
        np.logical_and(closing, np.equal(data[:-1], _COMMA, out=before), out=found)
        if np.count_nonzero(found):
            return True
        np.logical_and(closing, np.less_equal(data[:-1], _BLANK, out=before), out=found)
        return _follow_comma(data, _places(found))

    def _has_word(self, data: _Bytes, lower: _Bytes) -> bool:
        """True for `nan`, `inf` or `infinity` in any case that stands where a value does."""
        n, other, found = (mask[: len(data) - 2] for mask in self._masks)
        np.equal(lower[:-2], _N, out=n)
        np.logical_and(n, np.equal(lower[1:-1], _A, out=other), out=found)
        np.logical_and(found, np.equal(lower[2:], _N, out=other), out=found)
        if _stands_alone(data, _places(found), 3):
            return True
        np.equal(lower[1:-1], _N, out=n)
        np.logical_and(n, np.equal(lower[:-2], _I, out=other), out=found)
        np.logical_and(found, np.equal(lower[2:], _F, out=other), out=found)
        places = _places(found)
        return _stands_alone(data, places, 3) or _stands_alone(data, _with_ending(lower, places), 8)


def _places(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where a mask is true; counting first is four times faster where it never is."""
    return np.flatnonzero(mask) if np.count_nonzero(mask) else np.zeros(0, np.intp)


def _with_ending(lower: _Bytes, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of the places where `inf` goes on as `infinity` does, by its first and last letter."""
    places = places[places + 8 < len(lower)]
    goes_on: NDArray[np.bool_] = (lower[places + 3] == _I) & (lower[places + 7] == _Y)
    return places[goes_on]


def _stands_alone(data: _Bytes, places: NDArray[np.intp], length: int) -> bool:
    """True when at one of the places a word of this length begins after, and ends before, what may surround a value."""
    places = places[(places > 0) & (places + length < len(data))]
    return bool((_BEFORE[data[places - 1]] & _AFTER[data[places + length]]).any())


def _follow_comma(data: _Bytes, blanks: NDArray[np.intp]) -> bool:
    """True when one of these runs of blanks, told by where they end, follows a comma, or begins before the chunk."""
    while len(blanks):
        blanks = blanks - 1
        if blanks.min() < 0 or (data[blanks] == _COMMA).any():
            return True
        blanks = blanks[data[blanks] <= _BLANK]
    return False
