"""The matching model in the form that Splink takes.

What is compared, and what agreement is worth, stands in `model.py`; training runs in `train.py`.
"""

from __future__ import annotations

from typing import Any

from identity.model import COMPARISONS, Comparison, Level


def splink_settings(prior: float) -> dict[str, Any]:
    """A Splink 5 settings dictionary with the shipped shares and no blocking rules (pairs are registered)."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "id",
        "probability_two_random_records_match": prior,
        "comparisons": [_splink_comparison(comparison) for comparison in COMPARISONS],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": True,  # Splink drops the levels (gamma) with them
        "retain_intermediate_calculation_columns": True,
    }


def _splink_comparison(comparison: Comparison) -> dict[str, Any]:
    missing = {"sql_condition": comparison.is_missing, "label_for_charts": "missing", "is_null_level": True}
    return {
        "output_column_name": comparison.name,
        "comparison_levels": [missing, *(_splink_level(level) for level in comparison.levels)],
    }


def _splink_level(level: Level) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "sql_condition": level.sql,
        "label_for_charts": level.label,
        "m_probability": level.m,
        "u_probability": level.u,
    }
    if level.term_frequency:
        entry["tf_adjustment_column"] = level.term_frequency
    return entry
