"""Mail digest: who entered, changed and left a segment, as one mail to the shop's own staff with a CSV attached.

Never to customers: the recipients stand in the account, and nothing of a row can become one.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence

from reverse_etl.contract import (
    Action,
    DestinationSpec,
    MatchKey,
    Operation,
    Outcome,
    Request,
    Response,
    Status,
    Target,
)
from reverse_etl.destinations.answers import for_all, without_addresses
from reverse_etl.destinations.targets import explanation
from reverse_etl.destinations.unread import NamedBySync, Unread
from reverse_etl.normalisers import text

_WORDS = {Action.ADD: "entered", Action.UPDATE: "changed", Action.REMOVE: "left"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula

DIGEST_SPEC = DestinationSpec(
    destination="email",
    object="digest",
    match_keys=(MatchKey("customer_id", "key", text),),
    rules={},
    other=text,
    norm_version="email-1",
    batch=50_000,
    wave=50_000,
    requests_per_second=1.0,
    repeats_safely=False,
)


class Digest(NamedBySync, Unread):
    """One mail for those who entered or changed, one for those who left."""

    spec = DIGEST_SPEC

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        counts = Counter(_WORDS[operation.action] for operation in operations)
        words = ", ".join(f"{count:,} {word}" for word, count in counts.items())
        body = {
            "subject": f"{target.name}: {words}",
            "text": f"Since the last mail about {target.name}: {words}. The list is attached.\n",
            "filename": f"{re.sub('[^a-z0-9]+', '_', target.name.lower()).strip('_') or 'customers'}.csv",
        }
        op_ids = tuple(operation.op_id for operation in operations)
        return [Request("MAIL", "", json=body, content=_csv(operations), op_ids=op_ids)]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if response.status == 250:
            return for_all(operations, Status.ACCEPTED)
        if 200 <= response.status < 300:
            return for_all(operations, Status.UNKNOWN, "the mail server did not take the mail")
        # about the mail as a whole: halving it would send several
        words = without_addresses(explanation(response)) or f"it was refused ({response.status})"
        return for_all(operations, Status.REJECTED, f"Mail: {words}", is_permanent=False)


def _csv(operations: Sequence[Operation]) -> bytes:
    columns = list(dict.fromkeys(name for operation in operations for name in operation.payload))
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\r\n")
    writer.writerow(["change", "customer_id", *(name for name in columns if name != "customer_id")])
    for operation in operations:
        values = [operation.payload.get(name) for name in columns if name != "customer_id"]
        writer.writerow([_WORDS[operation.action], _cell(operation.record_key), *map(_cell, values)])
    return content.getvalue().encode("utf-8")


def _cell(value: object) -> str:
    words = "" if value is None else str(value)
    return f"'{words}" if words.startswith(_FORMULA) and not re.fullmatch(r"[+-][0-9.]+", words) else words
