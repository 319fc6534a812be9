"""Learns the model's parameters once, on the business's own records, and keeps them versioned in the state store.

What is learnt about is said in `model.py`. A night uses the newest stored version and never trains another.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from identity import model, records, scoring
from identity.labels import Labels, learn_from
from identity.model_chart import weights_chart
from identity.prior import estimate_mates
from identity.splink_form import splink_settings
from identity.workspace import count_rows, first_row
from warehouse.connections import transaction

SAMPLE_RECORDS = 1_100  # all pairs of these (600,000) tell how often strangers agree
EM_PAIRS = 150_000
EQUAL_RECORDS = 5  # so many of the records that are equal in everything take part
TRAINING_PAIRS = 100  # fewer pairs than this cannot train a round
SHIPPED_SHARE = (
    0.1  # how much of a trained share stays with the shipped one: no level is ever quite impossible
)
NO_LABELS = Labels()
STRANGERS_BELOW = -4.0  # bits under the shipped model; pairs above may be the same person


@dataclass(frozen=True)
class FrozenModel:
    """A stored model: complete Splink settings, and how it came about."""

    version: int
    method: str
    record_count: int
    settings: dict[str, Any]

    def settings_for(self, record_count: int) -> dict[str, Any]:
        """The settings for so many records: the prior falls by one bit for every whole doubling since the training.

        In whole steps, because a pair's weight must not change with every night's arrivals.
        """
        doublings = max(0, (max(record_count, 1) // max(self.record_count, 1)).bit_length() - 1)
        prior = float(self.settings["probability_two_random_records_match"]) / 2**doublings
        # a value that was not seen twice counts as seen once among the records of the training
        unknown = 1.0 / max(self.record_count, 1)
        return {**self.settings, "probability_two_random_records_match": prior, "unknown_frequency": unknown}


def load_model(connection: duckdb.DuckDBPyConnection, state: str) -> FrozenModel | None:
    """The newest stored model, or None when there is none for the present definition."""
    row = first_row(
        connection,
        f"select model_version, fingerprint, method, record_count, settings from {state}.identity.models"
        " order by model_version desc limit 1",
    )
    if row is None or row[1] != model.fingerprint():
        return None
    return FrozenModel(int(row[0]), str(row[2]), int(row[3]), json.loads(row[4]))


def has_outgrown(frozen: FrozenModel, record_count: int) -> bool:
    """Whether the shipped shares were taken for want of records, and there are now enough to learn from."""
    return frozen.method == "shipped" and record_count >= model.TRAINING_MINIMUM


def train(
    connection: duckdb.DuckDBPyConnection,
    *,
    state: str,
    run_id: str,
    as_of: datetime,
    record_count: int,
    labels: Labels = NO_LABELS,
) -> FrozenModel:
    """Estimate and store a new model version from the scratch tables `records` and `present`, and people's decisions.

    With fewer than TRAINING_MINIMUM records the shipped shares are stored instead (method `shipped`).
    """
    records.repeat(connection, EQUAL_RECORDS)
    records.count_frequencies(connection)
    records.build_frequency_lookups(connection, record_count)
    settings = splink_settings(_prior(record_count))
    decided = {"same": len(labels.same), "different": len(labels.different)}
    diagnostics: dict[str, Any] = {"records": record_count, "rounds": [], "labels": decided}
    method = "shipped"
    if record_count >= model.TRAINING_MINIMUM:
        method = "trained"
        _count_strangers(connection, settings)
        _learn_matches(connection, settings, diagnostics)
        learn_from(connection, settings, labels)
        _order_weights(settings)
        _round_shares(settings)
        mates = estimate_mates(connection, settings, record_count)
        settings["probability_two_random_records_match"] = _prior(record_count, mates)
        diagnostics["mates_per_record"] = mates
    diagnostics["charts"] = {"weights": weights_chart(settings)}
    connection.execute("drop table training_records")
    return _store(connection, state, run_id, as_of, record_count, method, settings, diagnostics)


def _prior(record_count: int, mates: float = model.SHIPPED_PRIOR_MATES) -> float:
    # matches per record over possible partners; matches stay about constant as a business grows, partners do not
    return min(0.05, mates / max(record_count - 1, 1))


def _count_strangers(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> None:
    """Replace the shares among non-matches by counts over all pairs of a sample, leaving probable matches out.

    Counted here and not by Splink, whose prediction keeps the texts of every pair: 15 CPU-s became 3 on 600,000 pairs.
    """
    names = [f"g_{comparison.name}" for comparison in model.COMPARISONS]
    total = " + ".join(f"({_shipped_weight(comparison)})" for comparison in model.COMPARISONS)
    rows = connection.execute(
        f"""
        with sample as (select * from training_records order by md5(record_id), id limit {SAMPLE_RECORDS}),
        pairs as (select {scoring.sides(connection)} from sample l join sample r on l.id < r.id),
        levels as (select {", ".join(scoring.level_sql(comparison) for comparison in model.COMPARISONS)} from pairs),
        strangers as (select * from levels where {scoring.prior_weight(settings)} + {total} < {STRANGERS_BELOW})
        select grouping_id({", ".join(names)}), coalesce({", ".join(names)}), count(*) from strangers
        group by grouping sets ({", ".join(f"({name})" for name in names)})
        """
    ).fetchall()
    for position, comparison in enumerate(settings["comparisons"]):
        # one bit per name, set where the name is not grouped by
        mask = (1 << len(names)) - 1 - (1 << (len(names) - 1 - position))
        counts = {gamma: count for grouped, gamma, count in rows if grouped == mask}
        _set_shares(comparison, "u_probability", counts, pseudo_count=20_000)


def _shipped_weight(comparison: model.Comparison) -> str:
    top = len(comparison.levels) - 1
    cases = " ".join(
        f"when {top - rank} then {math.log2(level.m / level.u)}"
        for rank, level in enumerate(comparison.levels)
    )
    return f"case g_{comparison.name} {cases} else 0 end"


def _learn_matches(
    connection: duckdb.DuckDBPyConnection, settings: dict[str, Any], diagnostics: dict[str, Any]
) -> None:
    """Replace the shares among matches by Splink's expectation maximisation, the median over the training rules."""
    linker, _ = scoring.make_linker(connection, settings)
    for rule in model.TRAINING_RULES:
        pairs = f"(select 1 from training_records l join training_records r on {rule} and l.id < r.id limit {TRAINING_PAIRS})"
        if count_rows(connection, pairs) < TRAINING_PAIRS:
            diagnostics["rounds"].append({"rule": rule, "outcome": "too few pairs"})
            continue
        before = linker.misc.save_model_to_json()
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True, max_pairs=EM_PAIRS
            )
            diagnostics["rounds"].append({"rule": rule, "outcome": "trained"})
        except scoring.TRAINING_ERRORS as error:
            diagnostics["rounds"].append({"rule": rule, "outcome": str(error).splitlines()[0]})
            linker, _ = scoring.make_linker(
                connection, before
            )  # a failed round leaves the model with fewer comparisons
    trained = linker.misc.save_model_to_json()
    for target, source in zip(settings["comparisons"], trained["comparisons"], strict=True):
        _blend_matches(target, source)
    diagnostics["trained_parameters"] = trained["comparisons"]


def _blend_matches(target: dict[str, Any], source: dict[str, Any]) -> None:
    for level, trained in zip(scoring.levels_of(target), scoring.levels_of(source), strict=True):
        share = trained.get("m_probability", level["m_probability"])
        level["m_probability"] = (1 - SHIPPED_SHARE) * float(share) + SHIPPED_SHARE * float(
            level["m_probability"]
        )


def _set_shares(comparison: dict[str, Any], key: str, counts: dict[int, int], *, pseudo_count: float) -> None:
    """Counts per level, steadied by as many imagined pairs spread as the shipped shares are."""
    levels = list(scoring.levels_of(comparison))
    total = sum(count for gamma, count in counts.items() if gamma >= 0) + pseudo_count
    for rank, level in enumerate(levels):
        level[key] = (counts.get(len(levels) - 1 - rank, 0) + pseudo_count * float(level[key])) / total


def _order_weights(settings: dict[str, Any]) -> None:
    """Better agreement must never weigh less than worse: where noise says so, the worse level's m is brought down."""
    for comparison, definition in zip(settings["comparisons"], model.COMPARISONS, strict=True):
        ceiling = float("inf")
        for level, defined in zip(scoring.levels_of(comparison), definition.levels, strict=True):
            ratio = min(float(level["m_probability"]) / float(level["u_probability"]), ceiling)
            level["m_probability"] = min(1.0, ratio * float(level["u_probability"]))
            if defined.is_graded:
                ceiling = ratio


def _round_shares(settings: dict[str, Any]) -> None:
    """Eight digits: sums over threads differ beyond them, and the same records must give the same model."""
    for comparison in settings["comparisons"]:
        for level in scoring.levels_of(comparison):
            for key in ("m_probability", "u_probability"):
                level[key] = float(f"{level[key]:.8g}")


def _store(
    connection: duckdb.DuckDBPyConnection,
    state: str,
    run_id: str,
    as_of: datetime,
    record_count: int,
    method: str,
    settings: dict[str, Any],
    diagnostics: dict[str, Any],
) -> FrozenModel:
    query = f"select coalesce(max(model_version), 0) + 1 from {state}.identity.models"
    ((version,),) = connection.execute(query).fetchall()
    with transaction(connection):
        connection.execute(
            f"insert into {state}.identity.models values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                version,
                model.fingerprint(),
                method,
                as_of,
                run_id,
                record_count,
                json.dumps(settings),
                json.dumps(diagnostics),
            ],
        )
        connection.execute(
            f"insert into {state}.identity.model_term_frequencies select {version}, field, value, frequency from frequencies"
        )
    return FrozenModel(version, method, record_count, settings)
