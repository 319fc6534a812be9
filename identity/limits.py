"""Other limits than the shipped ones, for the time of a block: what previews and threshold sweeps try out.

What the limits mean is said in `rules.py`; every module of the engine reads them there when it needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from difflib import get_close_matches

from identity import rules
from identity.errors import LimitInvalid


def parse_limits(assignments: Iterable[str]) -> rules.Limits:
    """The limits with some of them set anew: `["cut=2", "email_names=4"]`. Raises LimitInvalid."""
    kinds = {field.name: type(getattr(rules.LIMITS, field.name)) for field in fields(rules.Limits)}
    changes: dict[str, float] = {}
    for assignment in assignments:
        name, _, text = (part.strip() for part in assignment.partition("="))
        if name not in kinds:
            near = get_close_matches(name, kinds, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(kinds)}."
            raise LimitInvalid(f"There is no limit {name!r} to set. {hint}")
        try:
            changes[name] = kinds[name](text)
        except ValueError as error:
            kind = "a whole number" if kinds[name] is int else "a number"
            raise LimitInvalid(
                f"{name} must be {kind}, not {text!r}; it is {getattr(rules.LIMITS, name)} now."
            ) from error
    return replace(rules.LIMITS, **changes)  # type: ignore[arg-type]  # whole numbers where int is wanted, above


def differences(limits: rules.Limits) -> dict[str, tuple[float, float]]:
    """Limit → (present value, value in `limits`), of those that differ."""
    now = asdict(rules.LIMITS)
    return {name: (now[name], value) for name, value in asdict(limits).items() if value != now[name]}


@contextmanager
def changed_limits(limits: rules.Limits) -> Iterator[None]:
    """Let everything that is resolved inside the block obey `limits`. Not for several threads at once."""
    before = rules.LIMITS
    rules.LIMITS = limits
    try:
        yield
    finally:
        rules.LIMITS = before
