"""The contract of each segment, read from `config.meta.segment` in a dbt manifest and checked key by key.

What is done with a contract (audit, release, comparison) stands in the other modules of this room.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from segments.errors import ContractError, UnknownSegment

FOLDER, PREFIX = "segments", "segment_"
# what people can be asked to agree to; `marts.consents` has a row per customer for each
PURPOSES = ("marketing", "ads", "service")
Channel = Literal["email", "sms", "ads", "post", "onsite", "none"]
Confidence = Literal["strict", "standard", "loose"]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_hours(value: object) -> object:
    """`[shopify]` is short for `{shopify: null}`: fresh by the source's own expectation."""
    return dict.fromkeys(value) if isinstance(value, list) else value


class SegmentContract(BaseModel):
    """What a segment promises. Shares are 0–1, sizes people.

    `largest_change`: share of the released members that may enter or leave at once; 1 means any. `identity_confidence`
    strict takes only customers who are one person beyond doubt. `sources` must be on time: name → hours, or nothing for
    the time that the source itself is expected to deliver in. A segment that people are reached by names at least one,
    unless it is made from other segments: those name theirs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    purpose: str
    channel: Annotated[list[Channel], BeforeValidator(_as_list)] = Field(min_length=1)
    size_band: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]
    largest_change: float = Field(ge=0, le=1)
    identity_confidence: Confidence
    holdout_share: float = Field(ge=0, le=0.5)
    sources: Annotated[dict[str, float | None], BeforeValidator(_as_hours)] = Field(default_factory=dict)

    @field_validator("purpose")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in PURPOSES:
            raise ValueError(f"{value!r} is not a purpose that consent is kept for{nearest(value, PURPOSES)}")
        return value

    @field_validator("size_band")
    @classmethod
    def _is_ordered(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] > value[1]:
            raise ValueError(f"the smallest size {value[0]} is above the largest {value[1]}")
        return value


@dataclass(frozen=True)
class Segment:
    """One segment of the dbt project. `contract` is None when it could not be read: `problem` says why.

    `relation` is the table dbt builds, `built_from` the segments it reads, `file` its SQL.
    """

    name: str
    relation: str
    file: str
    description: str
    contract: SegmentContract | None
    problem: str | None = None
    built_from: tuple[str, ...] = field(default=())

    @property
    def title(self) -> str:
        return self.contract.title if self.contract else self.name


def read_segments(manifest: Mapping[str, Any], sources: Iterable[str] | None = None) -> dict[str, Segment]:
    """Name → segment for every model `segment_*` in the folder `segments` of a manifest, each after those it is built from.

    `sources` are the names that may stand under `sources`; None leaves them unchecked. A contract that cannot be
    read is a `problem` of that segment only.
    """
    nodes = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        and FOLDER in node["fqn"][1:-1]
        and node["name"].startswith(PREFIX)
    }
    found = {segment.name: segment for segment in (_read(key, nodes, sources) for key in sorted(nodes))}
    ordered: dict[str, Segment] = {}
    for name in found:
        _place(name, found, ordered)
    return ordered


def require_contracts(segments: Mapping[str, Segment]) -> None:
    """Raises ContractError with every problem when a contract could not be read."""
    problems = [segment.problem for segment in segments.values() if segment.problem]
    if problems:
        raise ContractError("\n".join(problems))


def find_segment(segments: Mapping[str, Segment], name: str) -> Segment:
    """The segment of this name (with or without `segment_`); raises UnknownSegment with the nearest name."""
    bare = name.removeprefix(PREFIX)
    if bare not in segments:
        raise UnknownSegment(
            f"There is no segment {bare!r}{nearest(bare, segments)}. There are: {', '.join(sorted(segments))}. "
            f"`cdp segment new {bare}` begins one."
        )
    return segments[bare]


def _place(name: str, found: Mapping[str, Segment], ordered: dict[str, Segment]) -> None:
    for parent in found[name].built_from:
        if parent not in ordered:
            _place(parent, found, ordered)
    ordered.setdefault(name, found[name])


def _read(key: str, nodes: Mapping[str, Mapping[str, Any]], sources: Iterable[str] | None) -> Segment:
    node = nodes[key]
    parents = [parent for parent in node["depends_on"]["nodes"] if parent in nodes]
    contract, problem = None, None
    try:
        contract = _contract(node, sources, is_combined=bool(parents))
    except ContractError as error:
        problem = str(error)
    return Segment(
        name=node["name"].removeprefix(PREFIX),
        relation=f'"{node["schema"]}"."{node.get("alias") or node["name"]}"',
        file=node["original_file_path"],
        description=" ".join(node.get("description", "").split()),
        contract=contract,
        problem=problem,
        built_from=tuple(sorted(nodes[parent]["name"].removeprefix(PREFIX) for parent in parents)),
    )


def _contract(
    node: Mapping[str, Any], sources: Iterable[str] | None, *, is_combined: bool
) -> SegmentContract:
    given = (node.get("config", {}).get("meta") or {}).get("segment")
    where = _where(node)
    if not isinstance(given, Mapping):
        keys = ", ".join(name for name, key in SegmentContract.model_fields.items() if key.is_required())
        raise ContractError(f"{where} has no contract. Give the model `config: meta: segment:` with {keys}.")
    try:
        contract = SegmentContract.model_validate(dict(given))
    except ValidationError as error:
        raise ContractError(f"{where}: {_sentence('; '.join(map(_explain, error.errors())))}") from error
    unknown = [name for name in contract.sources if sources is not None and name not in set(sources)]
    if unknown:
        near = nearest(unknown[0], sources or ())
        raise ContractError(
            f"{where}: {_sentence(f'`sources` names {unknown[0]!r}, which is no source{near}')}"
        )
    channels = [channel for channel in contract.channel if channel != "none"]
    if channels and not contract.sources and not is_combined:
        raise ContractError(
            f"{where}: `sources` is empty, but people are reached by {' and '.join(channels)}. Say which sources must be "
            "on time before it is released, like `sources: [shopify]`."
        )
    return contract


def _where(node: Mapping[str, Any]) -> str:
    # dbt writes the patch path as project://path
    described = str(node.get("patch_path") or "").partition("://")[2]
    beside = f", contract in {described}" if described else ""
    return f"The segment {node['name'].removeprefix(PREFIX)} ({node['original_file_path']}{beside})"


def _explain(item: Any) -> str:  # noqa: ANN401 (pydantic's ErrorDetails)
    key = ".".join(str(part) for part in item["loc"])
    known = SegmentContract.model_fields
    if item["type"] == "extra_forbidden":
        hint = nearest(key, known) or f"; the keys are {', '.join(known)}"
        return f"`{key}` is not a key of meta.segment{hint}"
    if item["type"] == "missing":
        return f"`{key}` is missing from meta.segment"
    message = item["msg"].removeprefix("Value error, ")
    return f"`{key}`: {message[0].lower() + message[1:]} (found {item['input']!r}{_like(key)})"


def _like(key: str) -> str:
    """An example where a share was written as 30% or 30."""
    return "; a share is written like 0.3" if key in ("largest_change", "holdout_share") else ""


def _sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def nearest(word: str, known: Iterable[str]) -> str:
    """`, did you mean …?` where one of the known words is much like this one, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f", did you mean `{near[0]}`?" if near else ""
