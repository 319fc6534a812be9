"""From `matching.yml` to limits, blocking rules and pair rules, or to an error that names the key and the nearest known one.

What the shipped rules mean is in `rules.py`; nothing is looked up outside the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from identity.errors import MatchingInvalid

FILE = Path(__file__).parent / "matching.yml"
SCHEMA_FILE = FILE.with_name("matching.schema.json")
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
Bits = Annotated[float, Field(ge=-100, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Key = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config=_STRICT)
class Limits:
    """Guards and cuts; weights in bits. What each is for is said in the file."""

    email_names: Annotated[int, Field(ge=1)]
    phone_names: Annotated[int, Field(ge=1)]
    household_cap: Bits
    neighbourhood_weight: Bits
    neighbourhood_size: Annotated[int, Field(ge=2, le=2000)]
    weight_floor: Annotated[float, Field(lt=0)]
    weight_ceiling: Annotated[float, Field(gt=0)]
    strict_cut: Bits
    cut: Bits
    loose_cut: Bits
    size_cut: Annotated[float, Field(ge=0)]
    kept_weight: Bits


@dataclass(frozen=True, config=_STRICT)
class Floors:
    """The least that a measured run must reach, pairwise."""

    precision: Share
    recall: Share


@dataclass(frozen=True, config=_STRICT)
class Blocking:
    """SQL keys over the columns of `features.py`; `limit` is the most profiles that may carry one for it to find pairs."""

    keys: Annotated[tuple[Key, ...], Field(min_length=1)]
    limit: Annotated[int, Field(ge=2)] = 40


@dataclass(frozen=True, config=_STRICT)
class Rule:
    """What a rule does to the pairs it holds for; `when` says which, for a rule that is not shipped."""

    floor: Bits | None = None
    ceiling: Bits | None = None
    is_conflict: bool = False
    when: Key | None = None


@dataclass(frozen=True)
class BlockingRule:
    """Pairs are compared when they have one `key` in common; `limit` is the most records a key may have."""

    name: str
    keys: tuple[str, ...]
    limit: int


@dataclass(frozen=True)
class PairRule:
    """A rule beside the model, over a scored pair: `floor` lifts its weight, `ceiling` pushes it down.

    A conflict holds for whole clusters: no cluster may contain such a pair, whatever its other members say.
    """

    name: str
    condition: str
    floor: float | None = None
    ceiling: float | None = None
    is_conflict: bool = False


class Matching(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limits: Limits
    floors: Floors
    blocking: Annotated[dict[str, Blocking], Field(min_length=1, max_length=250)]
    rules: dict[str, Rule]

    @model_validator(mode="after")
    def _fits_together(self) -> Matching:
        cuts = self.limits
        if not cuts.strict_cut >= cuts.cut >= cuts.loose_cut:
            raise ValueError("limits: strict_cut must not be below cut, nor cut below loose_cut")
        if not any(rule.is_conflict for rule in self.rules.values()):
            raise ValueError("rules: at least one must be a conflict, or nothing holds customers apart")
        for name, rule in self.rules.items():
            if rule.floor is None and rule.ceiling is None:
                raise ValueError(f"rules.{name}: give it a floor or a ceiling, or leave it out")
        return self

    def blocking_rules(self) -> tuple[BlockingRule, ...]:
        return tuple(BlockingRule(name, rule.keys, rule.limit) for name, rule in self.blocking.items())

    def pair_rules(self, conditions: Mapping[str, str]) -> tuple[PairRule, ...]:
        """The rules with their conditions, which come from `conditions` by name where the file says none."""
        return tuple(
            PairRule(name, rule.when or conditions[name], rule.floor, rule.ceiling, rule.is_conflict)
            for name, rule in self.rules.items()
        )


def read_matching(path: Path = FILE, *, known: Collection[str]) -> Matching:
    """The file, checked; `known` names the rules that need not say `when`. Raises MatchingInvalid."""
    try:
        found = Matching.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise MatchingInvalid(f"{path.name} cannot be read: {error}. Correct it and run again.") from error
    except ValidationError as error:
        raise MatchingInvalid(_explain(path, error)) from error
    for name, rule in found.rules.items():
        if rule.when is None and name not in known:
            raise MatchingInvalid(
                f"{path.name}: rules.{name} is not a shipped rule{_nearest(name, known)}. Give a rule of your own `when`."
            )
    return found


def json_schema() -> dict[str, Any]:
    """The form of the file as JSON Schema, for editors that complete and check while typing."""
    return Matching.model_json_schema()


@contextmanager
def blamed_on_file(part: str) -> Iterator[None]:
    """Turn what the engine says against SQL of the file into MatchingInvalid."""
    try:
        yield
    except (duckdb.BinderException, duckdb.ParserException, duckdb.ConversionException) as error:
        raise MatchingInvalid(
            f"{FILE.name}: the engine does not understand `{part}`: {str(error).splitlines()[0]} Correct the SQL and run again."
        ) from error


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"{path.name} is not as it should be:"]
    for item in error.errors():
        place = ".".join(str(step) for step in item["loc"])
        if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            lines.append(f"  {place}: unknown key{_nearest(str(item['loc'][-1]), _keys(item['loc']))}")
        else:
            lines.append(f"  {place or 'the file'}: {item['msg'].removeprefix('Value error, ')}")
    return "\n".join([*lines, "Correct the file and run again."])


def _keys(place: tuple[int | str, ...]) -> list[str]:
    """The keys that could stand where an unknown one does."""
    if len(place) == 1:
        return list(Matching.model_fields)
    owner = {"limits": Limits, "floors": Floors, "blocking": Blocking, "rules": Rule}[str(place[0])]
    return [field.name for field in fields(owner)]


def _nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f", did you mean `{near[0]}`?" if near else f"; there are {', '.join(known)}"
