"""Webhook: one signed call per person who enters, changes or leaves, for software of one's own.

Whoever receives it may act on each call, so what had no answer is never sent again by itself.
"""

from __future__ import annotations

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
    Verdict,
)
from reverse_etl.destinations.answers import classify_by_status, for_all, without_addresses
from reverse_etl.destinations.targets import explanation
from reverse_etl.destinations.unread import NamedBySync, Unread
from reverse_etl.normalisers import text

_TYPES = {Action.ADD: "segment.entered", Action.UPDATE: "segment.changed", Action.REMOVE: "segment.left"}

CALL_SPEC = DestinationSpec(
    destination="webhook",
    object="call",
    match_keys=(MatchKey("customer_id", "key", text),),
    rules={},
    other=text,
    norm_version="webhook-1",
    batch=1,
    wave=50,
    concurrency=4,
    requests_per_second=20.0,
    repeats_safely=False,
    keeps_types=True,
)


class Calls(NamedBySync, Unread):
    """One call per operation; its id is the operation's, under which a receiver can tell a repetition."""

    spec = CALL_SPEC

    def classify(self, response: Response) -> Verdict:
        """As plain HTTP says; 410 asks for no more calls at all (Standard Webhooks)."""
        return Verdict.STOP if response.status == 410 else classify_by_status(response)

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        return [
            Request(
                "POST",
                "",  # the account's own address
                json={
                    "type": _TYPES[operation.action],
                    "data": {
                        **operation.payload,
                        "customer_id": operation.record_key,
                        "target": target.name,
                    },
                },
                headers={"webhook-id": operation.op_id, "Idempotency-Key": operation.op_id},
                op_ids=(operation.op_id,),
            )
            for operation in operations
        ]

    def decode(
        self, _request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        if 200 <= response.status < 300:
            return for_all(operations, Status.ACCEPTED)
        words = without_addresses(explanation(response) or "no explanation given")
        return for_all(operations, Status.REJECTED, f"The receiver refused it ({response.status}): {words}")
