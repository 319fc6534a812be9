"""Carrying operations to one target: look first where that is possible, send, read the answers, halve refused batches.

Writing down what happened is the runner's work; calling the network is the transport's.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from reverse_etl import never_sent
from reverse_etl.contract import (
    Action,
    Destination,
    Mode,
    Operation,
    Outcome,
    Presence,
    Request,
    Response,
    Sighting,
    Status,
    Target,
    Verdict,
)
from reverse_etl.destinations.answers import for_all, without_addresses
from reverse_etl.destinations.targets import explanation
from reverse_etl.errors import AnswerMismatch, DestinationStopped, TargetFailed
from reverse_etl.transport import Transport

Result = TypeVar("Result")
_ARCHIVED = "was archived at the destination by somebody else and is not put back"
_DELETED = "was deleted at the destination by somebody else and is not put back"
_NOT_THERE = "is not in the tool, and this sync only updates who is"
_THERE_ALREADY = "was there already, and this sync changes nobody"
_OPTED_OUT = "unsubscribed at destination"
_STRANGER = "is no contact there yet"
_NOTHING_TO_UPDATE = (Presence.ABSENT, Presence.ARCHIVED, Presence.STRANGER)
_UNSEEN = (Presence.ABSENT, Presence.STRANGER)
_NOTHING_TO_REMOVE = (Presence.OPTED_OUT, Presence.ABSENT, Presence.ARCHIVED, Presence.STRANGER)


@dataclass(slots=True)
class Sender:
    """Sends operations of one sync through one transport; counts the requests it made."""

    plugin: Destination
    transport: Transport
    target: Target
    mode: Mode = "mirror"
    requests: int = 0

    def look(
        self, operations: Sequence[Operation]
    ) -> tuple[Sequence[Operation], list[Operation], dict[str, Outcome]]:
        """After asking the tool what it holds: what may be sent, what is settled without sending, and its outcomes.

        A person unsubscribed there is never written; a record found there before our first addition is adopted.
        Raises DestinationStopped.
        """
        requests = self.plugin.inspect(operations, self.target)
        if not requests:
            return operations, [], {}
        by_id = {operation.op_id: operation for operation in operations}
        outcomes: dict[str, Outcome] = {}
        for request, response in self._send(requests):
            carried = [by_id[op_id] for op_id in request.op_ids]
            seen = self.plugin.read_presence(response, carried)
            for operation in carried:
                sighting = seen.get(operation.op_id)
                judged = _by_mode(self.mode, operation, sighting) or _judge(operation, sighting)
                if isinstance(judged, Operation):
                    by_id[operation.op_id] = judged
                    continue
                is_unseen = sighting is not None and sighting.presence in _UNSEEN
                outcomes[operation.op_id] = replace(judged, is_unseen=is_unseen)
                if judged.reason == _THERE_ALREADY:  # it is not ours to remove for leaving
                    by_id[operation.op_id] = replace(operation, is_adopted=True)
        seen_ones = list(by_id.values())
        return (
            [operation for operation in seen_ones if operation.op_id not in outcomes],
            [operation for operation in seen_ones if operation.op_id in outcomes],
            outcomes,
        )

    def deliver(self, operations: Sequence[Operation]) -> dict[str, Outcome]:
        """Send operations of one kind and give exactly one outcome for each, by op id. Raises DestinationStopped."""
        outcomes: dict[str, Outcome] = {}
        batch = self.plugin.spec.batch
        pending = [list(operations[start : start + batch]) for start in range(0, len(operations), batch)]
        while pending:
            split: list[list[Operation]] = []
            by_id = {operation.op_id: operation for group in pending for operation in group}
            requests = [request for group in pending for request in self.plugin.encode(group, self.target)]
            for request, response in self._send(requests):
                carried = [by_id[op_id] for op_id in request.op_ids]
                for half in self._read(request, response, carried, outcomes):
                    split.append(half)
            pending = split
        return _complete(operations, outcomes)

    def deliver_as(self, request: Request, operations: Sequence[Operation]) -> dict[str, Outcome]:
        """Send one ready-made request that stands for all the operations. Raises DestinationStopped."""
        outcomes: dict[str, Outcome] = {}
        for _, response in self._send([request]):
            self._read(request, response, list(operations), outcomes)
        return _complete(operations, outcomes)

    def _read(
        self, request: Request, response: Response, carried: list[Operation], outcomes: dict[str, Outcome]
    ) -> list[list[Operation]]:
        """Record the outcomes of one answer; returns the halves of a batch that must be split."""
        decoded = self._decode(request, response, carried)
        check_complete(self.plugin, decoded, carried)
        if decoded and decoded[0].status is Status.SPLIT:
            middle = (len(carried) + 1) // 2
            return [carried[:middle], carried[middle:]]
        outcomes.update({outcome.op_id: outcome for outcome in decoded})
        return []

    def _decode(self, request: Request, response: Response, carried: list[Operation]) -> list[Outcome]:
        verdict = self.plugin.classify(response)
        if verdict is Verdict.TRY_AGAIN:
            reason = response.error or f"the destination failed ({response.status})"
            return self._not_answered(carried, reason, is_unsent=response.is_unsent)
        if verdict is Verdict.SLOW_DOWN:
            return self._not_answered(carried, "the destination kept asking to slow down", is_unsent=True)
        return self.plugin.decode(request, response, carried)

    def _not_answered(self, carried: list[Operation], reason: str, *, is_unsent: bool) -> list[Outcome]:
        # what surely had no effect must not wait for a person as what may have had one does
        if is_unsent and not self.plugin.spec.repeats_safely:
            return for_all(carried, Status.REJECTED, reason, is_permanent=False)
        return for_all(carried, Status.UNKNOWN, reason)

    def _send(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        for request in requests:
            never_sent.check(request, self.plugin.spec)
        for request, response in self.transport.send_all(requests):
            self.requests += 1
            _raise_if_stopped(self.plugin, response)
            yield request, response


def check_complete(plugin: Destination, outcomes: Sequence[Outcome], operations: Sequence[Operation]) -> None:
    """Raises AnswerMismatch unless every operation has exactly one outcome, and what is pending names its job."""
    known = len(outcomes) == len(operations) and {outcome.op_id for outcome in outcomes} == {
        operation.op_id for operation in operations
    }
    if not known or any(outcome.status is Status.PENDING and not outcome.job for outcome in outcomes):
        raise AnswerMismatch(
            f"{plugin.spec.destination} accounted for {len(outcomes)} of {len(operations)} operations of one "
            f"request. Nothing of it was acknowledged; report this fault with the sync's log."
        )


def converse(
    conversation: Generator[Request, Response, Result], plugin: Destination, transport: Transport
) -> Result:
    """Carry out a conversation with the tool and return what it found out, such as the tool's id of a target.

    Raises TargetFailed or DestinationStopped.
    """
    try:
        request = next(conversation)
        while True:
            never_sent.check(request, plugin.spec)
            ((_, response),) = transport.send_all([request])
            verdict = _raise_if_stopped(plugin, response)
            if verdict in (Verdict.TRY_AGAIN, Verdict.SLOW_DOWN):
                raise TargetFailed(
                    f"{plugin.spec.destination} could not be reached: "
                    f"{response.error or f'it answered {response.status}'}. Everything stays planned for the next run."
                )
            request = conversation.send(response)
    except StopIteration as end:
        result: Result = end.value
        return result


def _raise_if_stopped(plugin: Destination, response: Response) -> Verdict:
    verdict = plugin.classify(response)
    if verdict is Verdict.STOP:
        raise DestinationStopped(_stopped(plugin, response))
    if verdict is Verdict.BLOCKED:
        raise TargetFailed(
            f"{plugin.spec.destination} has locked this audience against changes. Resolve its restriction there "
            f"(or start a new audience under another name); everything not acknowledged is still planned."
        )
    return verdict


def _stopped(plugin: Destination, response: Response) -> str:
    words = without_addresses(explanation(response) or "no explanation").rstrip(". ")
    name = plugin.spec.destination
    return (
        f"{name} refused us access ({response.status}: {words}). Nothing more was sent to it, and nothing is lost: what it "
        f"has not acknowledged is still planned. Whoever looks after the account there should check the key or token in "
        f"CDP_{name.upper()}_* and what it is allowed to do; then run again."
    )


def _by_mode(mode: Mode, operation: Operation, seen: Sighting | None) -> Outcome | None:
    """What a mode that only updates, or only adds, makes of what is there; None = nothing of its own."""
    if seen is None:
        return None
    if mode == "update_only" and operation.action is Action.UPDATE and seen.presence in _NOTHING_TO_UPDATE:
        return Outcome(operation.op_id, Status.SKIPPED, _NOT_THERE)
    if mode == "add_only" and operation.action is Action.ADD and seen.presence is Presence.PRESENT:
        is_ours = operation.was_removed_by_us or operation.is_uncertain
        return None if is_ours else Outcome(operation.op_id, Status.ACCEPTED, _THERE_ALREADY)
    return None


def _judge(operation: Operation, seen: Sighting | None) -> Operation | Outcome:
    if seen is None:
        return Outcome(operation.op_id, Status.UNKNOWN, "the destination did not say what it holds")
    presence, operation = seen.presence, replace(operation, record_id=seen.record_id)
    if operation.action is Action.REMOVE:
        # archiving an unsubscribed contact would hide the opt-out, so that a later addition could undo it
        is_settled = presence in _NOTHING_TO_REMOVE
        return Outcome(operation.op_id, Status.ACCEPTED, str(presence)) if is_settled else operation
    if presence is Presence.OPTED_OUT:
        return Outcome(operation.op_id, Status.REJECTED, _OPTED_OUT, is_opt_out=True)
    if presence is Presence.STRANGER:
        return Outcome(operation.op_id, Status.REJECTED, _STRANGER, is_permanent=False)
    is_ours = operation.was_removed_by_us or operation.is_uncertain
    if presence is Presence.ARCHIVED and not is_ours:
        return Outcome(operation.op_id, Status.REJECTED, _ARCHIVED)
    if presence is Presence.ABSENT and operation.action is Action.UPDATE and not is_ours:
        return Outcome(operation.op_id, Status.REJECTED, _DELETED)
    if operation.action is Action.ADD and not operation.is_uncertain:
        return replace(operation, is_adopted=presence is Presence.PRESENT)
    return operation


def _complete(operations: Sequence[Operation], outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    missing = [operation for operation in operations if operation.op_id not in outcomes]
    outcomes.update(
        {outcome.op_id: outcome for outcome in for_all(missing, Status.UNKNOWN, "was not answered")}
    )
    return outcomes
