"""The destination contract: operations, requests, responses, outcomes, and the facts a destination states about itself.

Only data shapes stand here; each tool's own facts are in `destinations/`, the running of them in `runner.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

Normaliser = Callable[[str], str]
"""SQL expression of a column → SQL expression of the value as the destination wants it (null = not usable)."""


Mode = Literal["mirror", "upsert", "update_only", "add_only"]
"""Whether a sync adds, updates, and removes who has left; opt-outs are removed in every mode."""


class Action(StrEnum):
    ADD = "add"
    UPDATE = "update"
    REMOVE = "remove"


class Lane(StrEnum):
    """Why an operation happens; the change guard counts leavers and can never hold withdrawals."""

    WITHDRAWAL = "withdrawal"
    CHANGE = "change"
    LEAVER = "leaver"
    REGULAR = "regular"


class Verdict(StrEnum):
    """What an answer means for the whole request, before its body is read per operation."""

    ANSWERED = "answered"
    SLOW_DOWN = "slow down"  # rate limited: wait, without using up an attempt
    TRY_AGAIN = "try again"  # server fault, timeout, lost connection: the request may have taken effect
    STOP = "stop"  # key or token refused: nothing more to this destination
    BLOCKED = "blocked"  # the target itself is locked: nothing more to it
    REFUSED = "refused"  # this request is wrong: find the bad row


class Status(StrEnum):
    """What became of one operation. SPLIT never leaves the sender: the batch is halved and sent again.

    PENDING = handed over; the tool says later, when its job is polled. SKIPPED = not sent, as the sync's mode wants it.
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    PENDING = "pending"
    SKIPPED = "skipped"
    SPLIT = "split"


class Acknowledgement(StrEnum):
    """When a tool says what became of an operation: in the answer, or later about the job that the answer names."""

    IMMEDIATE = "immediate"
    JOB = "job"


class Presence(StrEnum):
    """What a destination holds for an operation's record before it is sent."""

    ABSENT = "absent"
    PRESENT = "present"
    OPTED_OUT = "opted out"
    ARCHIVED = "archived"
    KNOWN = "known"  # the person is a contact; whether in the target is not told
    STRANGER = "stranger"  # no contact: what needs one must wait until there is


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was found before writing; `record_id` is the tool's own id, for tools that are written to by it."""

    presence: Presence
    record_id: str | None = None


@dataclass(slots=True)
class Operation:
    """One change of one remote record. Nobody changes one; it is not frozen only because that takes ten times as long.

    `identifiers` are match key → value as sent (hashed where the tool wants hashes); `payload` the remote fields:
    text, and numbers and booleans where the tool keeps types. Empty when read back from the journal for a poll.
    `consent_keys` are the `type:value` texts that a consent statement may name, as a JSON list: hardly ever looked into,
    and never kept.
    """

    op_id: str
    action: Action
    lane: Lane
    record_key: str
    remote_id: str
    identifiers: Mapping[str, str]
    payload: Mapping[str, Any]
    row_hash: str | None = None
    consent_keys: str | None = None
    consented_at: str | None = None
    is_adopted: bool = False
    is_uncertain: bool = False  # an earlier operation on this record was sent and never answered
    was_removed_by_us: bool = False
    record_id: str | None = None  # the tool's own id of the record, where looking found one


@dataclass(frozen=True, slots=True)
class Request:
    """One call, without host and secrets; `op_ids` are the operations it carries, in the body's order.

    The body is `json`, or `content` as it is (CSV, forms: say its type in `headers`). A query value may be a list,
    which is sent as the name repeated. A path that begins with https:// goes there without the account's secrets.
    """

    method: str
    path: str
    json: Mapping[str, Any] | Sequence[Any] | None = None
    content: bytes | None = None
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    op_ids: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The call as plain JSON types, for people who want to see what would be sent."""
        shown = {
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "headers": dict(self.headers),
            "json": self.json,
            "content": self.content.decode("utf-8", "replace") if self.content else None,
        }
        return {name: value for name, value in shown.items() if value}


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, or the lack of one: status 0 with the reason in `error` (timeout, connection lost).

    `body` is parsed JSON, `text` what came instead of JSON (a file of errors).
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    is_unsent: bool = False  # no connection came about: nothing can have taken effect
    text: str | None = None


@dataclass(slots=True)
class Outcome:
    """What became of one operation; `is_opt_out` = the destination says that this person unsubscribed there.

    `job` is the tool's id of the job that a PENDING operation is part of. `is_unseen` = it rests on a look-up that did
    not show the record.
    """

    op_id: str
    status: Status
    reason: str | None = None
    is_permanent: bool = True
    is_opt_out: bool = False
    job: str | None = None
    is_unseen: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The list, segment, audience or file that a sync fills; `remote` is the tool's own id of it."""

    key: str
    name: str
    account_id: str
    remote: str


@dataclass(frozen=True, slots=True)
class MatchKey:
    """An identifier by which the tool recognises a person: its remote name, what it is, and how it is written."""

    name: str
    kind: str  # email, phone or key
    normalise: Normaliser


@dataclass(frozen=True, slots=True)
class DestinationSpec:
    """The facts of one object of one tool (units: operations, requests per second, rows).

    `rules` gives for each field that may be declared the remote fields it becomes; `other` is the rule of fields
    not named there (None = no others). `remote_id` turns the first usable match key into the id kept in state.
    `repeats_safely` False = a second delivery is felt (a message, a webhook): what had no answer is never sent again
    by itself. `keeps_types` = numbers and booleans of `other` fields go out as such, not as text.
    `acknowledgement` JOB = `Polled`; a job that has not ended after `job_hours` counts as unanswered.
    `former_keys` are the match keys as earlier `norm_version`s wrote them, by version: whoever was sent then is found by
    a denial of the address alone. `removing_forgets` = a removal deletes the person's opt-out there as well, so whoever
    stands there as out is left alone. `lag_hours` = how long a look-up may not show what was written, so that not being
    shown proves nothing. `modes` are what a sync may declare, `channels` those over which the tool reaches people (none =
    any): consent for another one must not open it. `forbidden_fields`, `allowed_values` (field → its only values) and
    `forbidden_paths` (parts of a path) say what must never stand in a request, wherever in its body (`never_sent.py`).
    """

    destination: str
    object: str
    match_keys: tuple[MatchKey, ...]
    rules: Mapping[str, tuple[tuple[str, Normaliser], ...]]
    norm_version: str
    batch: int
    wave: int
    other: Normaliser | None = None
    remote_id: Normaliser = str
    concurrency: int = 1
    requests_per_second: float = 10.0
    burst: int = 1  # how many of them the tool takes at once before the rate counts
    minimum_size: int = 0
    is_snapshot: bool = False
    inspects: bool = False
    reopens_target: bool = False
    repeats_safely: bool = True
    keeps_types: bool = False
    acknowledgement: Acknowledgement = Acknowledgement.IMMEDIATE
    job_hours: float = 48.0
    lag_hours: float = 0.0
    modes: tuple[Mode, ...] = ("mirror", "upsert", "add_only")
    channels: tuple[str, ...] = ()
    forbidden_fields: frozenset[str] = frozenset()
    allowed_values: Mapping[str, frozenset[Any]] = field(default_factory=dict)
    forbidden_paths: tuple[str, ...] = ()
    order: int = 0  # objects of lower order are sent first
    former_keys: Mapping[str, tuple[MatchKey, ...]] = field(default_factory=dict)
    removing_forgets: bool = False

    def spellings(self, position: int) -> list[MatchKey]:
        """A match key as it is written now, and as each earlier version wrote it."""
        return [keys[position] for keys in (self.match_keys, *self.former_keys.values())]


@dataclass(frozen=True, slots=True)
class Member:
    """One record as a tool shows it: our id of it, its fields as text, and whether it still counts."""

    remote_id: str
    fields: Mapping[str, str | None]
    presence: Presence = Presence.PRESENT


@runtime_checkable
class Readable(Protocol):
    """A destination that can be asked for everything it holds in a target."""

    def read_members(self, target: Target, /) -> Generator[Request, Response, list[Member]]:
        """A conversation, page by page, that returns all members; raises TargetFailed."""
        ...


@dataclass(frozen=True, slots=True)
class OptOut:
    """Somebody who said no to marketing over a channel at a tool, as the tool tells it.

    `identifier_type` is email (the value in small letters), phone or customer_id; `stated_at` naive UTC, None where the
    tool gives no date; `proof` what the tool says happened, for the consent log.
    """

    identifier_type: Literal["email", "phone", "customer_id"]
    identifier_value: str
    stated_at: datetime | None
    proof: str
    channel: Literal["email", "sms"] = "email"


@runtime_checkable
class TellsOptOuts(Protocol):
    """A destination that can be asked who unsubscribed there, whether they are in a sync or not.

    `opt_out_account` names the account (`accounts.py`) whose keys may ask.
    """

    opt_out_account: str

    def read_opt_outs(self, since: datetime | None, /) -> Generator[Request, Response, list[OptOut]]:
        """A conversation that returns everybody who is out (where the tool gives dates: since then, naive UTC).

        All of them or none: raises TargetFailed when a page is missing.
        """
        ...


@runtime_checkable
class Polled(Protocol):
    """A destination that takes operations in as jobs and says later what became of them."""

    def poll(
        self, job: str, operations: Sequence[Operation], target: Target, /
    ) -> Generator[Request, Response, list[Outcome]]:
        """A conversation about one job that returns one outcome for each operation it was given.

        All PENDING (naming the job) while the job runs; afterwards each accepted, rejected or unknown, matched by what
        the tool says about it, never by its place alone. The operations come from the journal: no payload.
        """
        ...


class Destination(Protocol):
    """One object of one tool: facts and pure functions. The runner does everything else."""

    spec: DestinationSpec

    def classify(self, response: Response, /) -> Verdict:
        """What an answer means for the request as a whole."""
        ...

    def open_target(
        self, name: str, account_id: str, fields: Sequence[str], /
    ) -> Generator[Request, Response, str]:
        """A conversation that finds or creates the target: yields requests, is sent responses, returns its id."""
        ...

    def inspect(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        """Reads that say what is there before it is written, each operation in one of them (none when not needed)."""
        ...

    def read_presence(self, response: Response, operations: Sequence[Operation], /) -> Mapping[str, Sighting]:
        """What an inspection found about the operations it carried, by op id; those the answer is silent on are left out."""
        ...

    def encode(self, operations: Sequence[Operation], target: Target, /) -> list[Request]:
        """The requests for operations of one action."""
        ...

    def decode(
        self, request: Request, response: Response, operations: Sequence[Operation], /
    ) -> list[Outcome]:
        """One outcome for each operation the request carried, given an answer that was not a failure."""
        ...
