"""How dbt nodes appear in Dagster: names, groups, owners, and which half of the project a node belongs to.

Nothing is run here; the assets themselves are in `defs/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from warehouse.settings import PROJECT_DIR

MODELS = Path("dbt_project/models")
LAYERS = (
    "staging",
    "intermediate",
    "marts",
    "analytics",
    "metrics",
    "quality",
    "segments",
    "membership",
    "syncs",
)
# What reads who was released into which segment is built after the release, as one more step.
_RELEASED = ("membership", "syncs")


def _paths(*folders: Path) -> str:
    return " ".join(f"path:{folder.as_posix()}" for folder in folders)


def _other_intermediate() -> list[Path]:
    folders = sorted(path for path in (PROJECT_DIR / MODELS / "intermediate").iterdir() if path.is_dir())
    return [path.relative_to(PROJECT_DIR) for path in folders if path.name != "identity"]


# Everything identity resolution reads, and everything that reads identity resolution.
BEFORE_IDENTITY = _paths(Path("dbt_project/seeds"), MODELS / "staging", MODELS / "intermediate" / "identity")
AFTER_IDENTITY = _paths(
    *_other_intermediate(), *(MODELS / layer for layer in LAYERS[2:] if layer not in _RELEASED)
)
AFTER_RELEASE = " ".join(f"path:{(MODELS / layer).as_posix()}+" for layer in _RELEASED)
NIGHTLY_FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=30), warn_window=timedelta(hours=26)
)


class WarehouseTranslator(DagsterDbtTranslator):
    """One thing has one name: a model's asset key is its table name; its group is its layer."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return (
            str(dbt_resource_props["fqn"][1]) if dbt_resource_props["resource_type"] == "model" else "staging"
        )

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        meta = dbt_resource_props.get("config", {}).get("meta") or dbt_resource_props.get("meta") or {}
        return [f"team:{str(meta.get('owner', 'analytics')).replace(' ', '_')}"]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props.get("description", ""))

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:  # noqa: ANN401
        spec = super().get_asset_spec(manifest, unique_id, project)
        if unique_id.startswith("source."):
            return spec
        return spec.replace_attributes(freshness_policy=NIGHTLY_FRESHNESS)

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: Any,  # noqa: ANN401, ARG002
    ) -> dg.AssetCheckSpec | None:
        """A check that reports but does not stop the graph: what must be held is held by the code that sends."""
        key = check_key(manifest, unique_id)
        if key is None or key.asset_key != asset_spec.key:
            return None
        node = manifest["nodes"][unique_id]
        return dg.AssetCheckSpec(
            name=key.name, asset=key.asset_key, description=node.get("description") or None, blocking=False
        )


TRANSLATOR = WarehouseTranslator()


def check_key(manifest: Mapping[str, Any], test_id: str) -> dg.AssetCheckKey | None:
    """The asset check a dbt data test is shown as; a test over several models belongs to the last one it reads."""
    key = get_asset_check_key_for_test(manifest, TRANSLATOR, test_id, None)
    if key is not None:
        return key
    test = manifest["nodes"][test_id]
    models = [node for node in test["depends_on"]["nodes"] if node.startswith("model.")]
    if not models:
        return None
    return dg.AssetCheckKey(
        name=test["name"], asset_key=asset_key(manifest, max(models, key=_depth(manifest)))
    )


def asset_key(manifest: Mapping[str, Any], unique_id: str) -> dg.AssetKey:
    """The Dagster name of a dbt node or source."""
    return TRANSLATOR.get_asset_key(manifest["nodes"].get(unique_id) or manifest["sources"][unique_id])


def in_build_order(manifest: Mapping[str, Any], keys: Iterable[dg.AssetKey]) -> list[dg.AssetKey]:
    """Asset keys so that each comes after everything it is built from (Dagster wants its results in that order)."""
    nodes = manifest["nodes"]
    graph = {name: [p for p in manifest["parent_map"].get(name, []) if p in nodes] for name in nodes}
    ordered = {
        asset_key(manifest, name): place for place, name in enumerate(TopologicalSorter(graph).static_order())
    }
    return sorted(keys, key=ordered.__getitem__)


def _depth(manifest: Mapping[str, Any]) -> Any:  # noqa: ANN401
    def depth(unique_id: str) -> tuple[bool, int, str]:
        layer = manifest["nodes"][unique_id]["fqn"][1]
        place = LAYERS.index(layer) if layer in LAYERS else -1
        return _reads_released(manifest, unique_id), place, unique_id

    return depth


def _reads_released(manifest: Mapping[str, Any], unique_id: str) -> bool:
    """Whether a node is built in the step after the release."""
    if unique_id not in manifest["nodes"]:
        return False
    return manifest["nodes"][unique_id]["fqn"][1] in _RELEASED or any(
        _reads_released(manifest, parent) for parent in manifest["parent_map"].get(unique_id, [])
    )
