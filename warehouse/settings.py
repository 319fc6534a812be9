"""Where the stores are and how much of the machine may be used, read from `CDP_*` environment variables.

Only facts about this installation belong here; what a source, segment or destination is, is declared in its own room.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from warehouse.errors import SettingsError

PROJECT_DIR = Path(__file__).resolve().parent.parent


class Settings(BaseModel):
    """One installation: a data folder, and limits for the engine.

    `as_of` fixes "now" for a run (naive UTC); None means the clock. `lock_wait_seconds` is how long a busy
    database file is waited for before the run gives up with a message. `sync_log_days` is how long the records of
    sending are kept. `sync_memory_limit` is what the engine may hold while syncs are planned and sent: enough to do
    it on disk for audiences of any size.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = PROJECT_DIR / "data"
    memory_limit: str = "4GB"
    sync_memory_limit: str = "256MiB"
    threads: int = 2
    as_of: datetime | None = None
    lock_wait_seconds: float = 60.0
    backups_kept: int = 7
    sync_log_days: int = 400

    @field_validator("as_of")
    @classmethod
    def _to_naive_utc(cls, value: datetime | None) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value and value.tzinfo else value

    @field_validator("data_dir")
    @classmethod
    def _to_absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Settings from `CDP_DATA_DIR`, `CDP_MEMORY_LIMIT`, `CDP_THREADS`, `CDP_AS_OF`, …; raises SettingsError."""
        environment = os.environ if environment is None else environment
        values = {
            name: environment[f"CDP_{name.upper()}"]
            for name in cls.model_fields
            if environment.get(f"CDP_{name.upper()}")
        }
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from error

    @property
    def for_syncs(self) -> Settings:
        """The same installation with the engine's memory bounded as for planning and sending syncs."""
        return self.model_copy(update={"memory_limit": self.sync_memory_limit})

    @property
    def landing_dir(self) -> Path:
        return self.data_dir / "landing"

    @property
    def warehouse_path(self) -> Path:
        return self.data_dir / "warehouse.duckdb"

    @property
    def state_path(self) -> Path:
        return self.data_dir / "state.duckdb"

    @property
    def published_path(self) -> Path:
        return self.data_dir / "published" / "warehouse.duckdb"

    @property
    def pulls_dir(self) -> Path:
        """Where pulls from APIs and databases keep their place (cursors) and unfinished packages."""
        return self.data_dir / "pulls"

    @property
    def outbox_dir(self) -> Path:
        return self.data_dir / "outbox"

    @property
    def backups_dir(self) -> Path:
        return self.data_dir / "backups"

    @property
    def alert_log_path(self) -> Path:
        """What `cdp run` told, line by line."""
        return self.data_dir / "logs" / "alerts.log"

    @property
    def sandbox_dir(self) -> Path:
        return self.data_dir / "sandbox"

    @property
    def dagster_dir(self) -> Path:
        return self.data_dir / "dagster"

    def now(self) -> datetime:
        """The run's "now" as naive UTC: `as_of` when it is set, else the clock."""
        return self.as_of or datetime.now(UTC).replace(tzinfo=None)


def _explain(error: ValidationError) -> str:
    lines = [
        f"CDP_{'.'.join(map(str, item['loc'])).upper()}: {item['msg']} (found {item['input']!r})"
        for item in error.errors()
    ]
    return "A setting in the environment is not understood: " + "; ".join(lines) + ". Correct it or unset it."
