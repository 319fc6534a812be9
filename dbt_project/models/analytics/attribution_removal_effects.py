"""How much less would be bought without each channel: removal effects of a first-order Markov chain, solved exactly.

Method: Anderl, Becker, von Wangenheim, Schumann (2016), "Mapping the customer journey", International Journal of
Research in Marketing 33(3), https://doi.org/10.1016/j.ijresmar.2016.03.001
"""

import numpy as np
import pandas as pd


def model(dbt, session):  # noqa: ANN001, ANN201, ARG001
    """One row per channel, from attribution_transitions."""
    return removal_effects(dbt.ref("attribution_transitions").df())


def removal_effects(transitions: pd.DataFrame) -> pd.DataFrame:
    """Columns channel, removal_effect (share of purchases lost without it, 0-1), from (from_state, to_state, transition_count)."""
    ends = ("(purchase)", "(nothing)")
    channels = sorted(set(transitions.from_state) | set(transitions.to_state) - set(ends))
    channels = [name for name in channels if name not in ("(start)", *ends)]
    states = ["(start)", *channels]
    counts = (
        transitions.groupby(["from_state", "to_state"])["transition_count"]
        .sum()
        .unstack(fill_value=0)
        .reindex(index=states, columns=[*states, *ends], fill_value=0)
    )
    shares = counts.to_numpy(dtype=float)
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
    inner, bought = shares[:, : len(states)], shares[:, len(states)]

    def purchase_probability(without: int | None) -> float:
        kept = np.array([place for place in range(len(states)) if place != without])
        matrix = np.eye(len(kept)) - inner[np.ix_(kept, kept)]
        return float(np.linalg.solve(matrix, bought[kept])[0])

    whole = purchase_probability(None)
    effects = [1 - purchase_probability(place) / whole if whole else 0.0 for place in range(1, len(states))]
    return pd.DataFrame(
        {"channel": pd.Series(channels, dtype="str"), "removal_effect": np.array(effects, dtype=float)}
    )
