"""Other limits and fewer rules than the shipped ones, for the time of a block: what previews and threshold sweeps try out.

What they mean is said in `rules.py`; every module of the engine reads them there when it needs them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from difflib import get_close_matches

from identity import rules
from identity.errors import LimitInvalid
from identity.matching import Limits


def parse_limits(assignments: Iterable[str]) -> Limits:
    """The limits with some of them set anew: `["cut=2", "email_names=4"]`. Raises LimitInvalid."""
    kinds = {field.name: type(getattr(rules.LIMITS, field.name)) for field in fields(Limits)}
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


def differences(limits: Limits) -> dict[str, tuple[float, float]]:
    """Limit → (present value, value in `limits`), of those that differ."""
    now = asdict(rules.LIMITS)
    return {name: (now[name], value) for name, value in asdict(limits).items() if value != now[name]}


def check_rules(names: Iterable[str]) -> None:
    """Raises LimitInvalid where one of the names is no rule, or nothing would be left that holds people apart."""
    known = {rule.name: rule for rule in rules.PAIR_RULES}
    left_out = set(names)
    for name in sorted(left_out - set(known)):
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
        raise LimitInvalid(f"There is no rule {name!r} to leave out. {hint}")
    if all(name in left_out for name, rule in known.items() if rule.is_conflict):
        raise LimitInvalid("At least one conflict rule must stay: without any, nothing holds clusters apart.")


@contextmanager
def trial(limits: Limits, without: Collection[str] = ()) -> Iterator[None]:
    """Let everything that is resolved inside the block obey `limits`, and no pair rule named in `without`.

    Not for several threads at once.
    """
    before = rules.LIMITS, rules.PAIR_RULES
    rules.LIMITS = limits
    rules.PAIR_RULES = tuple(rule for rule in rules.PAIR_RULES if rule.name not in without)
    try:
        yield
    finally:
        rules.LIMITS, rules.PAIR_RULES = before
