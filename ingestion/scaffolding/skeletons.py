"""From a declared source to the files of its staging: models, their properties, and the list of raw tables.

Everything is text under its path in the project; nothing is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.declarations import Source
from ingestion.scaffolding.models import model_sql
from ingestion.scaffolding.people import delivered_select
from ingestion.scaffolding.plans import Plan
from ingestion.scaffolding.properties import properties_yaml
from ingestion.scaffolding.roles import plan_columns
from ingestion.scaffolding.source_list import with_raw_tables

STAGING = Path("dbt_project/models/staging")
SOURCE_LIST = STAGING / "_staging__sources.yml"
DELIVERED_RECORDS = Path("dbt_project/models/intermediate/identity/int_identity__delivered_records.sql")


@dataclass(frozen=True)
class Skeleton:
    """The files of one source's staging, and the selects that its people need elsewhere, each by its model."""

    files: dict[Path, str]
    people: dict[str, str]
    models: Sequence[str]


def make_skeleton(source: Source, source_list: str) -> Skeleton:
    """The staging of a source; `source_list` is the present text of `_staging__sources.yml`."""
    plans = [plan_columns(source, table) for table in source.tables]
    folder = STAGING / source.name
    files = {folder / f"{plan.model}.sql": model_sql(plan) for plan in plans}
    files[folder / f"_{source.name}__models.yml"] = properties_yaml(plans)
    files[SOURCE_LIST] = with_raw_tables(source_list, source)
    return Skeleton(files, _people(plans), [plan.model for plan in plans])


def _people(plans: Sequence[Plan]) -> dict[str, str]:
    return {plan.model: delivered_select(plan) for plan in plans if plan.names_people}
