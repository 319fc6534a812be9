"""From one page of an API to the next, as `Pagination` describes it, for dlt's REST client.

dlt's own paginators are not used: its offsets step by the size asked for, which passes records over when a vendor gives
smaller pages, and none of them notices a position given twice, an address on another host, an answer without records, or
records that moved between pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

from ingestion.connectors.answers import value_at
from ingestion.declarations import Pagination
from ingestion.errors import AnswerNotUnderstood, PagesMoved

Position = str | int
# pages after which a pull with positions that are kept is committed: what fails later begins again there
PART_PAGES = 100
# a cache may repeat one answer; asked again, it has moved on
_REPEATS = 2


@dataclass(frozen=True)
class Opening:
    """The first request of a pull: query parameters, and the body of a POST."""

    params: dict[str, Any]
    body: dict[str, Any] | None


@dataclass(frozen=True)
class _Totals:
    """What one page told: how many records and pages there are (None: not said), and how many records it held."""

    count: int | None
    pages: int | None
    size: int


class Reading(Protocol):
    """What a pull of one table knows while it pages: where to begin, and what it has seen."""

    def begin(self) -> tuple[Opening, str | None]:
        """The opening request, and the cursor kept from the last pull, if the vendor's positions are kept."""

    def begin_after(self, records: Sequence[object]) -> Opening:
        """An opening request from the newest change in `records` on. Raises AnswerNotUnderstood without progress."""

    def begin_at_cursor(self) -> Opening:
        """An opening request for a position that says itself since when."""

    def saw(self, records: Sequence[object]) -> None:
        """These records arrived whole."""

    def keep(self, cursor: str) -> None:
        """The next pull begins at this cursor."""


class Pages(BasePaginator):
    """Walks through the pages of one resource. Raises AnswerNotUnderstood and PagesMoved."""

    def __init__(
        self,
        pagination: Pagination,
        reading: Reading,
        *,
        records: str,
        may_lack_records: bool,
        first_address: str,
    ) -> None:
        super().__init__()
        self._pagination, self._reading, self._first_address = pagination, reading, first_address
        self._records, self._may_lack_records = records, may_lack_records
        self._opening: Opening | None = None
        self._position: Position | None = None
        self._pages = 0
        self.paused = False  # True when a part was read and more is left, for which the position is kept
        self._start_walk()

    @property
    def is_first_page(self) -> bool:
        """True until one page has arrived: what fails then is where this pull began."""
        return not self._arrived

    def init_request(self, request: Request) -> None:
        """Fill the opening request in."""
        opening, kept = self._reading.begin()
        self._open(request, opening, kept)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Look at a page that arrived, and find the position of the next."""
        body, records = response.json(), data or []
        self._require_records(body)
        self._check_totals(response, body, len(records))
        self._reading.saw(records)
        self._arrived = True
        self._received += len(records)
        self._position = self._find_next(response, body, records)
        self._has_next_page = self._position is not None
        if self._position is None:
            return
        self._seen[self._position] += 1
        if self._seen[self._position] > _REPEATS:
            raise AnswerNotUnderstood(
                "The same next page was given again and again, so there would be no end. Check `pagination`."
            )
        most = self._pagination.most
        self._opening = self._reading.begin_after(records) if most and self._received >= most else None
        self._pages += 1
        if self._pagination.keep and self._pages >= PART_PAGES:
            self._has_next_page, self.paused = False, True

    def update_request(self, request: Request) -> None:
        """Turn the request into the one for the next page."""
        if self._position is None:
            return
        if self._opening:
            opening = self._opening
            self._start_walk()
            self._open(request, opening, None)
        elif self._pagination.keep:
            self._open(request, self._reading.begin_at_cursor(), str(self._position))
        elif self._pagination.kind in ("link_header", "next_url"):
            # what was asked stands in the address already; sent twice, vendors refuse it
            request.url, request.params = str(self._position), {}
        else:
            self._set(request, self._position)

    def _start_walk(self) -> None:
        self._arrived = False
        self._received = 0
        self._number = self._pagination.first
        self._seen: Counter[Position] = Counter()
        self._totals: _Totals | None = None
        self._first_size = 0

    def _open(self, request: Request, opening: Opening, kept: str | None) -> None:
        pagination = self._pagination
        request.params, request.json = dict(opening.params), opening.body
        if pagination.size_parameter and pagination.size:
            self._put(request, pagination.size_parameter, pagination.size)
        first: dict[str, Position | None] = {"page_number": pagination.first, "offset": 0, "cursor": kept}
        position = first.get(pagination.kind)
        if position is not None:
            self._set(request, position)

    def _set(self, request: Request, position: Position) -> None:
        self._put(request, str(self._pagination.parameter), position)

    def _put(self, request: Request, name: str, value: Position) -> None:
        carrier = request.params if request.json is None else request.json
        assert isinstance(carrier, dict)
        carrier[name] = value

    def _find_next(self, response: Response, body: object, records: list[Any]) -> Position | None:
        pagination = self._pagination
        finders: dict[str, Callable[[], object]] = {
            "link_header": lambda: response.links.get("next", {}).get("url"),
            "next_url": lambda: value_at(body, str(pagination.path)),
            "cursor": lambda: value_at(body, str(pagination.path)),
            "last_id": lambda: value_at(records[-1], str(pagination.path)) if records else None,
            "page_number": lambda: self._next_number(bool(records)),
            "offset": lambda: self._next_offset(bool(records)),
        }
        position = finders[pagination.kind]() if pagination.kind in finders else None
        if pagination.keep and position:
            self._reading.keep(str(position))
        if self._is_last(body) or not (position or pagination.more or pagination.end):
            return None
        if not position:
            raise AnswerNotUnderstood(
                "The answer says that there are more pages, but not where. Check `pagination`."
            )
        if pagination.kind in ("link_header", "next_url"):
            return self._check_address(str(position))
        return position if isinstance(position, int) else str(position)

    def _next_number(self, any_records: bool) -> int | None:
        pages = self._totals.pages if self._totals else None
        if not any_records or (pages is not None and self._number >= pages):
            return None
        self._number += 1
        return self._number

    def _next_offset(self, any_records: bool) -> int | None:
        count = self._totals.count if self._totals else None
        if not any_records or (count is not None and self._received >= count):
            return None
        return self._received

    def _is_last(self, body: object) -> bool:
        for path, last_when in ((self._pagination.more, False), (self._pagination.end, True)):
            if path:
                flag = value_at(body, path)
                if not isinstance(flag, bool):
                    raise AnswerNotUnderstood(
                        f"The answer does not say at {path!r} whether there are more pages. Check `pagination`."
                    )
                if flag is last_when:
                    return True
        return False

    def _require_records(self, body: object) -> None:
        found = value_at(body, self._records)
        if found is None and self._may_lack_records and isinstance(body, dict):
            return
        if not isinstance(found, list):
            keys = ", ".join(map(repr, list(body)[:20])) if isinstance(body, dict) else type(body).__name__
            raise AnswerNotUnderstood(
                f"The answer holds no list of records at {self._records or 'its top level'!r}; found {keys}. "
                f"Correct `records`."
            )

    def _check_totals(self, response: Response, body: object, size: int) -> None:
        """See that no record was passed over: by one that was deleted, or by pages of another size than the first."""
        pagination, before = self._pagination, self._totals
        told = response.headers.get(pagination.count_header or "")
        count = _number(value_at(body, pagination.count) if pagination.count else told)
        pages = _number(response.headers.get(pagination.total_header or ""))
        self._totals = _Totals(count, pages, size)
        if before is None:
            self._first_size = size
        elif count is not None and before.count is not None and count < before.count:
            raise PagesMoved(
                "Records were deleted while the pages were read, so that others may have been passed over."
            )
        elif pagination.kind == "page_number" and size and self._has_new_size(before):
            raise PagesMoved(
                "The size of the pages changed on the way, so that records may have been passed over."
            )

    def _has_new_size(self, before: _Totals) -> bool:
        """A numbered page begins where its number times the size says, so that the size must stay.

        Where the vendor tells totals, they decide: a page may well lack records that the key may not read.
        """
        now = self._totals
        if now and before.count is not None and before.pages is not None:
            return abs((now.pages or 0) - before.pages) > abs((now.count or 0) - before.count)
        return before.size != self._first_size

    def _check_address(self, address: str) -> str:
        """The next page must be on the host that was asked: the key would go with the request."""
        absolute = urljoin(self._first_address, address)
        if urlsplit(absolute)[:2] != urlsplit(self._first_address)[:2]:
            raise AnswerNotUnderstood(
                f"The next page is said to be on {urlsplit(absolute).hostname}, another host; the key is not sent there. "
                f"Check `base_url`."
            )
        return absolute


def _number(value: object) -> int | None:
    return int(str(value)) if value is not None and str(value).isdecimal() else None
