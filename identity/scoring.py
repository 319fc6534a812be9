"""Weighs pairs of records: Splink's match weight per field, then the cap, floors and ceilings of the model.

Which pairs are weighed is the business of `blocking.py` and `neighbourhoods.py`; the numbers come from `train.py`.
"""

from __future__ import annotations

import logging
import math
import warnings
from typing import Any

import duckdb

from identity import model, rules
from identity.matching import blamed_on_file

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of an outdated extension of Splink's SQL parser
    from splink import DuckDBAPI, Linker
    from splink.internals.exceptions import EMTrainingException, SplinkException

Settings = dict[str, Any]
TRUSTED_BELOW = -4.0  # bits that a difference weighs where a field is seldom wrong
KNOWN_BY = 3  # a name carried by more persons than this is a name, not a misspelling of one, unless …
MISSPELT = 0.02  # … by only so small a share of those who carry the other: in a large business slips add up
TRAINING_ERRORS = (EMTrainingException, SplinkException, ValueError)  # the last for a share that fell to zero

logging.getLogger("splink").setLevel(
    logging.ERROR
)  # it warns of every level that a small business never shows


def make_linker(connection: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[Linker, DuckDBAPI]:
    """A quiet Splink linker over `training_records`, with their term frequencies registered: for training only."""
    api = DuckDBAPI(connection)
    linker = Linker(api.register("training_records"), settings, log_level=None, validate_settings=False)
    for field in model.TERM_FREQUENCY_FIELDS:
        linker.table_management.register_term_frequency_lookup(api.register(f"tf_{field}"), field)
    return linker, api


def score(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    pairs: str,
    target: str,
    threshold: float | None = None,
) -> None:
    """Create table `target`: one row per pair of `pairs(id_l, id_r)`, with its weight in bits and how it came about.

    Columns: id_l, id_r, weight, linkage_weight, is_conflict, rule, prior_weight, cap_weight, and per comparison
    g_<name> (label of the level, null when a value was missing) and w_<name> (its weight). Pairs whose model weight
    is below `threshold` are left out. The weights are those of Splink's prediction, to the last digits (a test
    compares them); they are worked out here because Splink keeps the texts of every pair, at three times the CPU.
    """
    query = _scoring_sql(connection, pairs, settings, threshold)
    with blamed_on_file("rules"):
        connection.execute(f"create or replace table {target} as {query}")


def prior_weight(settings: Settings) -> float:
    """The weight, in bits, that a pair starts with."""
    prior = float(settings["probability_two_random_records_match"])
    return math.log2(prior / (1 - prior))


def _scoring_sql(
    connection: duckdb.DuckDBPyConnection, pairs: str, settings: Settings, threshold: float | None
) -> str:
    prior = prior_weight(settings)
    weights = {comparison.name: f"w_{comparison.name}" for comparison in model.COMPARISONS}
    household = _sum([weights[c.name] for c in model.COMPARISONS if c.kind == "household"])
    person = _sum([weights[c.name] for c in model.COMPARISONS if c.kind == "person"])
    disagreement = _sum([f"least({weight}, 0)" for weight in weights.values()])
    labels = ", ".join(_label_sql(comparison) for comparison in model.COMPARISONS)
    screen = f"where prior_weight + household + person >= {threshold}" if threshold is not None else ""
    limits = rules.LIMITS
    return f"""
    with sides as (
        select p.id_l, p.id_r, {sides(connection)},
            {", ".join(f"tf_{field}.frequency as frequency_{field}" for field in model.TERM_FREQUENCY_FIELDS)},
            least(coalesce(tf_first_name.frequency, 0), coalesce(other.frequency, 0))
                > greatest({KNOWN_BY * settings["unknown_frequency"]},
                    greatest(tf_first_name.frequency, other.frequency) * {MISSPELT}) as both_known
        from {pairs} p join records l on l.id = p.id_l join records r on r.id = p.id_r
        {" ".join(f"left join tf_{f} on tf_{f}.value = l.{f}" for f in model.TERM_FREQUENCY_FIELDS)}
        left join tf_first_name other on other.value = r.first_name
    ),
    levels as (
        select id_l, id_r, {", ".join(f"frequency_{field}" for field in model.TERM_FREQUENCY_FIELDS)},
            {", ".join(level_sql(comparison) for comparison in model.COMPARISONS)},
            greatest(email_name_count_l, email_name_count_r) as email_name_count,
            greatest(phone_name_count_l, phone_name_count_r) as phone_name_count,
            mailbox_l = mailbox_r as same_mailbox, coalesce(email_l <> email_r, false) as emails_differ,
            first_is_latin_l <> first_is_latin_r as in_two_scripts,
            coalesce(({_means_another("l", "r")}) or ({_means_another("r", "l")}), false) as initial_of_another,
            coalesce({_trusts_first_names(settings)} and both_known and not starts_with(first_name_l, first_name_r)
                and not starts_with(first_name_r, first_name_l), false) as two_given_names
        from sides
    ),
    parts as (select *, {", ".join(_weights_sql(settings))} from levels),
    summed as (
        select * replace ({labels}), {prior}::double as prior_weight, {household} as household, {person} as person,
            {disagreement} as disagreement
        from parts
    ),
    capped as (
        select *, least(0, {limits.household_cap} - prior_weight - household) as cap_weight from summed {screen}
    ),
    ruled as (
        select *, prior_weight + household + cap_weight + person as model_weight,
            {_extreme("greatest", "floor")} as floor_weight, {_extreme("least", "ceiling")} as ceiling_weight,
            {_rule_name()} as rule, {_conflict()} as is_conflict
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
        is_conflict, rule, prior_weight, cap_weight,
        {", ".join(f"g_{c.name}, w_{c.name}" for c in model.COMPARISONS)}
    from weighed
    """


def levels_of(comparison: dict[str, Any]) -> list[dict[str, Any]]:
    """The levels of a comparison in Splink's settings, best first, without the one for missing values."""
    return [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]


def sides(connection: duckdb.DuckDBPyConnection) -> str:
    """Every column of `records l` and `records r` as <column>_l and <column>_r: what the levels of the model read."""
    columns = [str(row[0]) for row in connection.execute("describe records").fetchall()]
    return ", ".join(
        f"{side}.{name} as {name}_{side}" for name in columns if name != "id" for side in ("l", "r")
    )


def level_sql(comparison: model.Comparison) -> str:
    """The level two sides agree at, as g_<name>: the best is the highest number, the last one 0, a missing value -1."""
    top = len(comparison.levels) - 1
    cases = " ".join(
        f"when {level.sql} then {top - rank}" for rank, level in enumerate(comparison.levels[:-1])
    )
    return f"case when {comparison.is_missing} then -1 {cases} else 0 end as g_{comparison.name}"


def _weights_sql(settings: Settings) -> list[str]:
    """What each level is worth in bits: log2(m / u), and where a value's own frequency is known, that instead of u."""
    parts = []
    for comparison, trained in zip(model.COMPARISONS, settings["comparisons"], strict=True):
        levels = levels_of(trained)
        cases = []
        for rank, (level, entry) in enumerate(zip(comparison.levels, levels, strict=True)):
            weight = f"{math.log2(float(entry['m_probability']) / float(entry['u_probability']))}::double"
            if level.term_frequency:
                usual = math.log2(float(entry["u_probability"]))
                rare = f"coalesce(frequency_{level.term_frequency}, {settings['unknown_frequency']})"
                weight = f"{weight} + ({usual}::double - log2({rare}))"
            cases.append(f"when {len(levels) - 1 - rank} then {weight}")
        parts.append(f"case g_{comparison.name} {' '.join(cases)} else 0 end as w_{comparison.name}")
    return parts


def _means_another(side: str, other: str) -> str:
    """An initial that the record's own mailbox spells out as another name than the other record's: d, dean.hamilton@."""
    initial, core, last = f"first_name_{side}", f"email_core_{side}", f"last_name_{side}"
    return (
        f"length({initial}) = 1 and length(first_name_{other}) > 2 and starts_with({core}, {initial}) and ends_with({core}, {last})"
        f" and length({core}) >= length({last}) + 3 and left({core}, 2) <> left(first_name_{other}, 2)"
    )


def _trusts_first_names(settings: Settings) -> bool:
    """Whether a wholly different first name is rare enough among matches for two given names to mean two people."""
    first_name = next(c for c in settings["comparisons"] if c["output_column_name"] == "first_name")
    different = first_name["comparison_levels"][-1]
    return math.log2(float(different["m_probability"]) / float(different["u_probability"])) < TRUSTED_BELOW


def _label_sql(comparison: model.Comparison) -> str:
    top = len(comparison.levels) - 1
    labels = " ".join(
        f"when {top - rank} then '{level.label}'" for rank, level in enumerate(comparison.levels)
    )
    return f"case g_{comparison.name} {labels} end as g_{comparison.name}"


def _extreme(function: str, side: str) -> str:
    terms = [
        f"case when {rule.condition} then {getattr(rule, side)}::double end"
        for rule in rules.PAIR_RULES
        if getattr(rule, side) is not None
    ]
    return f"{function}({', '.join(terms or ['null::double'])})"


def _rule_name() -> str:
    """The rule that a person would name first: a conflict before a link, else the model."""
    ordered = [rule for rule in rules.PAIR_RULES if rule.ceiling is not None]
    ordered += [rule for rule in rules.PAIR_RULES if rule.floor is not None]
    cases = " ".join(f"when {rule.condition} then '{rule.name}'" for rule in ordered)
    return f"case {cases} else 'model' end"


def _conflict() -> str:
    return " or ".join(f"coalesce({rule.condition}, false)" for rule in rules.PAIR_RULES if rule.is_conflict)


def _sum(terms: list[str]) -> str:
    return f"({' + '.join(terms)})"
