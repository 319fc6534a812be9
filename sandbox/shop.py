"""What a pretend shop is made from (the plan) and what is left when it is written (the shop).

Sizes, dates, seeds and folders belong here; how people, purchases and files come about does not.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np

DEFAULT_END = datetime(2026, 10, 31, 23, 59, 59)
HISTORY_DAYS = 1096  # three years, one of them a leap year
SHOP_PHONE = "01632 960111"  # staff type the shop's own details in when a customer gives none
SHOP_STREET = "12 Market Row"
SHOP_CITY = "Port Thistle"
SHOP_POSTCODE = "TT1 1TT"
SMALLEST = 20  # customers: with fewer, not every source would have a row


class Progress(Protocol):
    """Called as work advances: `done` of `total` units of a named stage, with a short note."""

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None: ...


def silent(stage: str, done: int, total: int | None, note: str = "") -> None:
    """Progress for callers that do not watch."""


@dataclass(frozen=True)
class ShopPlan:
    """Everything the generator needs to know; two equal plans give the same bytes."""

    out_dir: Path
    customers: int
    seed: int
    end: datetime = DEFAULT_END
    events_per_customer: float = 20.0
    orders_per_customer: float = 3.0

    @property
    def start(self) -> datetime:
        """First moment of the shop's history (naive UTC, midnight)."""
        return datetime(self.end.year, self.end.month, self.end.day) - timedelta(days=HISTORY_DAYS - 1)

    @property
    def landing(self) -> Path:
        return self.out_dir / "landing"

    @property
    def truth(self) -> Path:
        return self.out_dir / "sandbox" / "truth"

    def rng(self, topic: str) -> np.random.Generator:
        """A random stream of its own per topic, so that deepening one part leaves the others' bytes alone."""
        return np.random.default_rng([self.seed, zlib.crc32(topic.encode())])


@dataclass(frozen=True)
class Shop:
    """A written shop: the plan and the files, as paths relative to the landing folder."""

    plan: ShopPlan
    files: list[str] = field(default_factory=list)
    records: int = 0
    people: int = 0

    @property
    def size_bytes(self) -> int:
        return sum((self.plan.landing / name).stat().st_size for name in self.files)
