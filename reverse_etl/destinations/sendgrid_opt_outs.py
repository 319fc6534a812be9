"""Who unsubscribed at SendGrid: from everything, from a group of mails, or by reporting a mail as spam.

Read only: suppressions are never written from here. Contacts and lists are `sendgrid.py`'s.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from typing import Any

from reverse_etl.contract import OptOut, Request, Response
from reverse_etl.destinations.answers import without_addresses
from reverse_etl.destinations.targets import explanation
from reverse_etl.errors import TargetFailed

_PAGE = 500  # the most suppressions SendGrid gives at once
_DATED = (
    ("/v3/suppression/unsubscribes", "unsubscribed from everything at SendGrid"),
    ("/v3/suppression/spam_reports", "reported a mail as spam at SendGrid"),
)
_GROUPS = "/v3/asm/suppressions"


class TellsSuppressions:
    """Suppressions of the account, whatever list a person is in."""

    opt_out_account = "sendgrid"

    def read_opt_outs(self, since: datetime | None, /) -> Generator[Request, Response, list[OptOut]]:
        """Global unsubscribes and reports page by page; group unsubscribes come in one answer and are always read whole."""
        told: list[OptOut] = []
        start = {"start_time": str(int(since.replace(tzinfo=UTC).timestamp()))} if since else {}
        for path, proof in _DATED:
            offset = 0
            while True:
                query = {**start, "limit": str(_PAGE), "offset": str(offset)}
                rows = _rows((yield Request("GET", path, query=query)))
                told += [_opt_out(row, "created", proof) for row in rows]
                if len(rows) < _PAGE:
                    break
                offset += _PAGE
        groups = _rows((yield Request("GET", _GROUPS)))
        return told + [
            _opt_out(row, "created_at", f"unsubscribed from {row.get('group_name') or 'a group'} at SendGrid")
            for row in groups
        ]


def _opt_out(row: Mapping[str, Any], dated: str, proof: str) -> OptOut:
    at = row.get(dated)
    stated_at = datetime.fromtimestamp(at, UTC).replace(tzinfo=None) if isinstance(at, int) else None
    return OptOut("email", str(row["email"]).lower(), stated_at, proof)


def _rows(answer: Response) -> list[Mapping[str, Any]]:
    """The suppressions of an answer. Raises TargetFailed when it is not a list of them."""
    rows = answer.body if answer.status == 200 else None
    if isinstance(rows, list) and all(isinstance(row, Mapping) and row.get("email") for row in rows):
        return rows
    words = without_addresses(explanation(answer) or "no explanation given")
    raise TargetFailed(
        f"SendGrid's unsubscribes could not be opened: it answered {answer.status} ({words}). Give the key of "
        f"CDP_SENDGRID_API_KEY the right to read Suppressions and Unsubscribe Groups."
    )
