"""The weights that scoring works out are those of Splink's own prediction with the same model."""

from __future__ import annotations

from pathlib import Path

import pytest
from identity_people import NOW, put, shop, stores

from identity import cache, changes, model, records, scoring, train
from identity.workspace import workspace


def test_weights_are_what_splink_predicts(tmp_path: Path) -> None:
    with stores(tmp_path) as connection, workspace(connection) as warehouse:
        connection.execute("use warehouse")
        put(connection, shop(120))
        connection.execute("use identity_scratch")
        records.read(connection, warehouse)
        changes.find(connection, warehouse, cache.find(connection, warehouse, run_id=None, expected=None))
        frozen = train.train(connection, state="state_store", run_id="r1", as_of=NOW, record_count=250)
        connection.execute(
            "create table pairs as select l.id as id_l, r.id as id_r from records l join records r on l.id < r.id"
        )
        expected = _predicted_by_splink(connection, frozen)
        records.load_frequencies(connection, "state_store", frozen.version)
        scoring.score(connection, frozen.settings_for(250), "pairs", "scored")
        total = " + ".join(f"w_{comparison.name}" for comparison in model.COMPARISONS)
        found = dict(
            connection.execute(f"select (id_l, id_r), prior_weight + {total} from scored").fetchall()
        )
    assert found.keys() == expected.keys()
    assert len(found) > 10_000
    assert max(abs(found[pair] - expected[pair]) for pair in found) < 1e-6
    assert sum(weight > 0 for weight in found.values()) > 50


def _predicted_by_splink(connection, frozen: train.FrozenModel) -> dict[tuple[int, int], float]:  # type: ignore[no-untyped-def]
    connection.execute("create or replace table training_records as from records")
    connection.execute(
        "create or replace table frequencies as select field, value, frequency"
        f" from state_store.identity.model_term_frequencies where model_version = {frozen.version}"
    )
    records.build_frequency_lookups(connection, frozen.record_count)
    linker, api = scoring.make_linker(connection, frozen.settings)
    connection.execute(
        "create or replace table blocked as select id_l as join_key_l, id_r as join_key_r, '0' as match_key from pairs"
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register("blocked"))
    frame = linker.inference.predict(threshold_match_weight=None, warning_mode="never")
    rows = connection.execute(f"select (id_l, id_r), match_weight from {frame.physical_name}").fetchall()
    assert rows, pytest.fail("Splink predicted nothing")
    return dict(rows)
