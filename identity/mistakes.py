"""Which customers hold records of several persons: the mistakes that hurt most, by name of the records.

How many mistakes there are is measured in `evaluation.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OverMerge:
    """One customer that holds several persons: person → its records there, the person with most records first."""

    customer_id: str
    records_of: dict[str, list[str]]

    @property
    def strangers(self) -> int:
        """Records beyond those of the person with most of them."""
        counts = [len(records) for records in self.records_of.values()]
        return sum(counts) - max(counts)


def over_merges(clusters: Mapping[str, str], truth: Mapping[str, str]) -> list[OverMerge]:
    """The customers (record → customer) that hold records of several persons (record → person), worst first."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for record in sorted(clusters):
        if record in truth:
            found[clusters[record]][truth[record]].append(record)
    wrong = [
        OverMerge(customer, dict(sorted(persons.items(), key=lambda item: (-len(item[1]), item[0]))))
        for customer, persons in found.items()
        if len(persons) > 1
    ]
    # by their records, not by the customer's id: ids are new in every throw-away warehouse
    return sorted(wrong, key=lambda merge: (-merge.strangers, min(map(min, merge.records_of.values()))))
