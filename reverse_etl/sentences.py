"""What a marketer reads: one sentence per reason why a row was not sent, and how people are counted.

The decisions behind the reasons are made in `planner.py` and `gates.py`.
"""

from __future__ import annotations

REFUSALS = {
    "no_key": "has no customer id",
    "duplicate_key": "appears more than once in the sync model; nothing was changed for this customer",
    "consent_denied": "has said no to this kind of message",
    "no_consent": "has not given consent for this purpose and channel",
    "suppressed": "has an address or number that is unsubscribed or undeliverable",
    "withdrawn": "has withdrawn consent since the models were built",
    "no_identifier": "has no usable address or number for this destination",
    "duplicate_identifier": "shares the address with another customer of this sync, who is sent instead",
    "rejected_before": "was refused by the destination before and has not changed since",
    "unanswered": "had no answer last time, and sending again might reach this person twice: a person must decide",
}
DENIALS = ("consent_denied", "suppressed", "withdrawn")


def refusal(reason: str) -> str:
    """The sentence of a reason code, to be read after the word "customer"."""
    return REFUSALS[reason]


def people(count: int) -> str:
    """`1 person`, `2,000 people`."""
    return "1 person" if count == 1 else f"{count:,} people"
