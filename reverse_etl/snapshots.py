"""Delivering to a destination that is rewritten whole: a file mirrors the segment as it is, not the operations.

Which rows may be in it was decided by the plan; consent is looked at once more here.
"""

from __future__ import annotations

from collections.abc import Sequence

from reverse_etl.contract import Action, Operation, Outcome, Request, Status
from reverse_etl.destinations.answers import for_all
from reverse_etl.destinations.files import without_rows, write_snapshot
from reverse_etl.plan import Plan
from reverse_etl.sender import Sender


def deliver_snapshot(
    plan: Plan, sender: Sender, operations: Sequence[Operation], withdrawn: set[str]
) -> dict[str, Outcome]:
    """Rewrite the target and give every operation the outcome of that one write, by op id.

    `withdrawn` are record keys that withdrew consent since the plan was made: they are left out of the file.
    """
    if not operations:
        return {}
    if plan.snapshot is None and sender.transport.read(sender.target.remote) is None:
        return {
            outcome.op_id: outcome
            for outcome in for_all(operations, Status.ACCEPTED, "the file is not there")
        }
    request = _request(plan, sender, operations, withdrawn)
    return sender.deliver_as(request, operations)


def _request(plan: Plan, sender: Sender, operations: Sequence[Operation], withdrawn: set[str]) -> Request:
    op_ids = tuple(operation.op_id for operation in operations)
    if plan.snapshot is not None:
        return write_snapshot(plan.fields, plan.snapshot_rows(withdrawn), sender.target, op_ids)
    gone = {operation.record_key for operation in operations if operation.action is Action.REMOVE}
    present = sender.transport.read(sender.target.remote) or b""
    return without_rows(present, plan.key_field, gone, sender.target, op_ids)
