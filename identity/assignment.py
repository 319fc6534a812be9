"""Gives clusters their customer ids: yesterday's where members overlap, else new ones, with what happened to each id.

Pure functions over dictionaries; reading and writing the state is done in `ledger.py`.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_NEWEST = 1 << 62  # the age of an id that is only being given out
Action = Literal["created", "merged", "split", "moved", "retired", "restored"]


@dataclass(frozen=True)
class Event:
    """One thing that happened to an id: `customer_id` and `related_customer_id` as in state table identity.ledger.

    `records` are the records it concerns, sorted.
    """

    action: Action
    customer_id: str
    related_customer_id: str | None
    records: tuple[str, ...]


@dataclass(frozen=True)
class Assignment:
    """Record → customer for all present records, and the events that lead there from the previous assignment."""

    customer_of: dict[str, str]
    events: list[Event]


def assign(
    clusters: Sequence[Sequence[str]],
    previous: Mapping[str, str],
    ages: Mapping[str, int],
    live: Container[str],
) -> Assignment:
    """Match clusters of record ids to the ids their records had.

    `previous` maps every record ever seen to its (unmerged) customer id, `ages` every id ever given out to its age
    (smaller is older), `live` holds the ids in use. The id with most members in a cluster wins it, ties to the older
    id, then to the cluster with the smallest record; an id goes to one cluster only and is never given out again.
    A part of all clusters will do, with its share of the three mappings, if it holds every cluster that has a record
    of a customer it concerns.
    """
    ordered = sorted((sorted(members) for members in clusters), key=lambda members: members[0])
    origins = [_origins(members, previous) for members in ordered]
    kept = _keep(ordered, origins, ages)
    ids: list[str] = []
    given: set[str] = set()
    for number, members in enumerate(ordered):
        ids.append(kept.get(number) or fresh_id(members[0], ages, given))
        given.add(ids[-1])
    events = _events(ordered, origins, ids, set(kept.values()), previous, ages, live)
    customer_of = {
        record: customer for members, customer in zip(ordered, ids, strict=True) for record in members
    }
    return Assignment(customer_of, events)


def fresh_id(smallest_record: str, used: Container[str], given: Container[str] = ()) -> str:
    """`c_` + 16 hex digits of SHA-256 over the cluster's smallest record id, and a counter while that id was used."""
    counter = 0
    while True:
        text = f"{smallest_record}#{counter}" if counter else smallest_record
        candidate = f"c_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        if candidate not in used and candidate not in given:
            return candidate
        counter += 1


def resolve_redirects(redirects: Mapping[str, str]) -> dict[str, str]:
    """Every merged id → the id at the end of its chain. Chains cannot be circular: an id is merged at most once."""
    final: dict[str, str] = {}
    for old in redirects:
        path, current = [], old
        while current in redirects and current not in final:
            path.append(current)
            current = redirects[current]
        end = final.get(current, current)
        final.update(dict.fromkeys(path, end))
    return final


def _origins(members: Sequence[str], previous: Mapping[str, str]) -> dict[str, list[str]]:
    origins: dict[str, list[str]] = {}
    for record in members:
        customer = previous.get(record)
        if customer is not None:
            origins.setdefault(customer, []).append(record)
    return origins


def _keep(
    clusters: Sequence[Sequence[str]], origins: Sequence[Mapping[str, list[str]]], ages: Mapping[str, int]
) -> dict[int, str]:
    """Cluster number → old id it keeps."""
    claims = sorted(
        (-len(records), ages[customer], clusters[number][0], number, customer)
        for number, found in enumerate(origins)
        for customer, records in found.items()
    )
    kept: dict[int, str] = {}
    taken: set[str] = set()
    for _, _, _, number, customer in claims:
        if number not in kept and customer not in taken:
            kept[number] = customer
            taken.add(customer)
    return kept


def _events(
    clusters: Sequence[Sequence[str]],
    origins: Sequence[Mapping[str, list[str]]],
    ids: Sequence[str],
    kept: set[str],
    previous: Mapping[str, str],
    ages: Mapping[str, int],
    live: Container[str],
) -> list[Event]:
    successors = _successors(origins, ids, kept, ages)
    events: list[Event] = []
    merged_records: dict[tuple[str, str], list[str]] = {}
    for members, found, customer in zip(clusters, origins, ids, strict=True):
        if customer not in kept:
            events.append(_birth(members, found, customer, ages))
        elif customer not in live:
            events.append(Event("restored", customer, None, tuple(members)))
        split_from = events[-1].related_customer_id if customer not in kept else None
        for old in sorted(found.keys() - {customer, split_from}):
            if successors.get(old) == customer:
                merged_records[old, customer] = found[old]
            else:
                events.append(Event("moved", customer, old, tuple(found[old])))
    for old, customer in sorted(successors.items()):
        events.append(Event("merged", old, customer, tuple(merged_records.get((old, customer), ()))))
    return events + _retirements(origins, previous, live)


def _birth(
    members: Sequence[str], found: Mapping[str, list[str]], customer: str, ages: Mapping[str, int]
) -> Event:
    if not found:
        return Event("created", customer, None, tuple(members))
    source = min(found, key=lambda old: (-len(found[old]), ages[old]))
    return Event("split", customer, source, tuple(found[source]))


def _successors(
    origins: Sequence[Mapping[str, list[str]]], ids: Sequence[str], kept: set[str], ages: Mapping[str, int]
) -> dict[str, str]:
    """Old id that nobody keeps → the id where most of its present records went."""
    went: dict[str, Counter[str]] = defaultdict(Counter)
    for found, customer in zip(origins, ids, strict=True):
        for old, records in found.items():
            if old not in kept:
                went[old][customer] += len(records)
    return {
        old: min(counts, key=lambda new: (-counts[new], ages.get(new, _NEWEST), new))
        for old, counts in went.items()
    }


def _retirements(
    origins: Sequence[Mapping[str, list[str]]], previous: Mapping[str, str], live: Container[str]
) -> list[Event]:
    present = {customer for found in origins for customer in found}
    gone: dict[str, list[str]] = defaultdict(list)
    for record, customer in previous.items():
        if customer not in present and customer in live:
            gone[customer].append(record)
    return [
        Event("retired", customer, None, tuple(sorted(records))) for customer, records in sorted(gone.items())
    ]
