"""Weighs pairs of records: Splink's match weight per field, then the cap, floors and ceilings of the model.

Which pairs are weighed is the business of `blocking.py` and `clusters.py`; the numbers come from `train.py`.
"""

from __future__ import annotations

import logging
import math
import warnings
from typing import Any

import duckdb

from identity import model, rules

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of an outdated extension of Splink's SQL parser
    from splink import DuckDBAPI, Linker
    from splink.internals.exceptions import EMTrainingException, SplinkException

Settings = dict[str, Any]
TRAINING_ERRORS = (EMTrainingException, SplinkException)

logging.getLogger("splink").setLevel(
    logging.ERROR
)  # it warns of every level that a small business never shows


def make_linker(connection: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[Linker, DuckDBAPI]:
    """A quiet Splink linker over the scratch table `records`, with the frozen term frequencies registered."""
    api = DuckDBAPI(connection)
    linker = Linker(api.register("records"), settings, log_level=None, validate_settings=False)
    for field in model.TERM_FREQUENCY_FIELDS:
        linker.table_management.register_term_frequency_lookup(api.register(f"tf_{field}"), field)
    return linker, api


def predict(
    connection: duckdb.DuckDBPyConnection, settings: Settings, pairs: str, threshold: float | None = None
) -> str:
    """Splink's prediction for the pairs in table `pairs`; returns the name of the table it made."""
    linker, api = make_linker(connection, settings)
    linker.table_management.register_blocked_pairs_for_predict(api.register(pairs))
    frame = linker.inference.predict(threshold_match_weight=threshold, warning_mode="never")
    return frame.physical_name


def score(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    pairs: str,
    target: str,
    threshold: float | None = None,
) -> None:
    """Create table `target`: one row per pair of `pairs`, with its weight in bits and how it came about.

    Columns: id_l, id_r, weight, linkage_weight, rule, prior_weight, cap_weight, and per comparison g_<name> (label
    of the level, null when a value was missing) and w_<name> (its weight). Pairs whose model weight is below
    `threshold` are left out.
    """
    predicted = predict(connection, settings, pairs, threshold)
    connection.execute(f"create or replace table {target} as {_scoring_sql(connection, predicted, settings)}")
    connection.execute(f"drop table {predicted}")


def prior_weight(settings: Settings) -> float:
    """The weight, in bits, that a pair starts with."""
    prior = float(settings["probability_two_random_records_match"])
    return math.log2(prior / (1 - prior))


def _scoring_sql(connection: duckdb.DuckDBPyConnection, predicted: str, settings: Settings) -> str:
    prior = prior_weight(settings)
    weights = {comparison.name: f"w_{comparison.name}" for comparison in model.COMPARISONS}
    household = _sum([weights[c.name] for c in model.COMPARISONS if c.kind == "household"])
    person = _sum([weights[c.name] for c in model.COMPARISONS if c.kind == "person"])
    disagreement = _sum([f"least({weight}, 0)" for weight in weights.values()])
    limits = rules.LIMITS
    return f"""
    with parts as (
        select p.id_l, p.id_r, {_parts(connection, predicted)},
            greatest(l.email_name_count, r.email_name_count) as email_name_count,
            greatest(l.phone_name_count, r.phone_name_count) as phone_name_count,
            l.mailbox = r.mailbox as same_mailbox, coalesce(l.email <> r.email, false) as emails_differ
        from {predicted} p join records l on l.id = p.id_l join records r on r.id = p.id_r
    ),
    summed as (
        select *, {prior}::double as prior_weight, {household} as household, {person} as person,
            {disagreement} as disagreement
        from parts
    ),
    capped as (
        select *, least(0, {limits.household_cap} - prior_weight - household) as cap_weight from summed
    ),
    ruled as (
        select *, prior_weight + household + cap_weight + person as model_weight,
            {_extreme("greatest", "floor")} as floor_weight, {_extreme("least", "ceiling")} as ceiling_weight,
            {_rule_name()} as rule
        from capped
    ),
    weighed as (
        select *, least(greatest(model_weight, coalesce(floor_weight, model_weight)),
            coalesce(ceiling_weight, 1e9)) as weight
        from ruled
    )
    -- Nothing to compare is no evidence against: where no conflict holds, only what differs counts when clusters meet.
    select id_l, id_r, weight,
        greatest({limits.weight_floor}, least({limits.weight_ceiling}, case
            when weight >= 0 or coalesce(ceiling_weight, 0) < -1 then weight
            else greatest(weight, least(disagreement, 0)) end)) as linkage_weight,
        rule, prior_weight, cap_weight,
        {", ".join(f"g_{c.name}, w_{c.name}" for c in model.COMPARISONS)}
    from weighed
    """


def _parts(connection: duckdb.DuckDBPyConnection, predicted: str) -> str:
    described = connection.execute(f"describe {predicted}").fetchall()
    columns = {str(row[0]) for row in described}
    parts = []
    for comparison in model.COMPARISONS:
        adjustment = f"mw_tf_adj_{comparison.name}"
        weight = f"p.mw_{comparison.name}" + (f" + p.{adjustment}" if adjustment in columns else "")
        top = len(comparison.levels) - 1
        labels = " ".join(
            f"when {top - rank} then '{level.label}'" for rank, level in enumerate(comparison.levels)
        )
        parts.append(f"case p.gamma_{comparison.name} {labels} end as g_{comparison.name}")
        parts.append(f"{weight} as w_{comparison.name}")
    return ", ".join(parts)


def _extreme(function: str, side: str) -> str:
    terms = [
        f"case when {rule.condition} then {getattr(rule, side)}::double end"
        for rule in rules.PAIR_RULES
        if getattr(rule, side) is not None
    ]
    return f"{function}({', '.join(terms)})"


def _rule_name() -> str:
    """The rule that a person would name first: a conflict before a link, else the model."""
    ordered = [rule for rule in rules.PAIR_RULES if rule.ceiling is not None]
    ordered += [rule for rule in rules.PAIR_RULES if rule.floor is not None]
    cases = " ".join(f"when {rule.condition} then '{rule.name}'" for rule in ordered)
    return f"case {cases} else 'model' end"


def _sum(terms: list[str]) -> str:
    return f"({' + '.join(terms)})"
