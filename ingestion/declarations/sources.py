"""One system a business has, and everything that is known about its deliveries.

The tables of a source are described in `tables.py`; reading the file is done in `reading.py`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ingestion.declarations.columns import Declaration, Name
from ingestion.declarations.connections import Api, Database
from ingestion.declarations.places import Location
from ingestion.declarations.tables import Format, Table

Kind = Literal["files", "api", "database"]
Channel = Literal["email", "sms", "ads"]
# what the connectors write
_FORMATS: dict[Kind, tuple[Format, ...]] = {"api": ("jsonl",), "database": ("jsonl", "parquet")}


class Source(Declaration):
    """One system that delivers into `landing/<name>/`, and how often something new is expected.

    `kind` says who brings the delivery: people or exports (`files`, fetched from `location` when there is one), or this
    platform, by asking an `api` or a `database`. `schedule` is a cron line in UTC for asking more often than nightly.
    `region` (ISO 3166) and `currency` (ISO 4217) count where a row does not say its own; without them the shop's do.
    `opt_outs` names the channels whose unsubscribes this source brings: while it is late or refused, syncs of marketing
    over them send nothing but opt-outs. `largest_reject_share` is the share of a delivery's rows that may be rejected before a check fails. Files older than
    `retention_days` are removed from landing once loaded; without it they stay.
    """

    name: Name
    title: str
    description: str
    owner: str
    kind: Kind = "files"
    expected_every_hours: float = Field(gt=0)
    schedule: str | None = None
    region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    largest_reject_share: float = Field(default=0, ge=0, le=1)
    retention_days: int | None = Field(default=None, gt=0)
    opt_outs: tuple[Channel, ...] = ()
    location: Location | None = None
    api: Api | None = None
    database: Database | None = None
    tables: tuple[Table, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Source:
        for kind in ("api", "database"):
            if (getattr(self, kind) is not None) != (self.kind == kind):
                raise ValueError(
                    f"`kind: {self.kind}` does not go with {'the' if self.kind != kind else 'no'} `{kind}`"
                )
        for table in self.tables:
            if self.kind == "files" and not table.files:
                raise ValueError(f"table {table.name} needs `files`: patterns of the names its files have")
            if self.kind != "files" and not table.keys:
                raise ValueError(f"table {table.name} needs `keys`: what is pulled can arrive twice")
            if table.format not in _FORMATS.get(self.kind, (table.format,)):
                raise ValueError(f"table {table.name} arrives as {' or '.join(_FORMATS[self.kind])}")
            if self.kind == "api" and table.endpoint is None:
                raise ValueError(f"table {table.name} needs an `endpoint`")
        return self

    @property
    def is_pulled(self) -> bool:
        """True when this platform fetches the delivery itself, over a network."""
        return self.kind != "files" or self.location is not None

    def raw_table(self, table: Table) -> str:
        """Name of the table in schema `raw`."""
        return f"{self.name}_{table.name}"
