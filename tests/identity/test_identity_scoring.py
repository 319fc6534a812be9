"""The weights that scoring works out are those of Splink's own prediction with the same model."""

from __future__ import annotations

from pathlib import Path

import pytest
from identity_people import NOW, put, record, shop, stores

from identity import cache, changes, model, records, scoring, train
from identity.splink_form import splink_settings
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


@pytest.mark.parametrize(("share", "is_another"), [(None, False), (0.001, False), (0.05, True)])
def test_a_name_is_another_one_only_where_enough_carry_it(
    tmp_path: Path, share: float | None, is_another: bool
) -> None:
    people = [
        record("shopify_customers", name, first_name=name, last_name="gates", email="gates77@example.com")
        for name in ("logan", "looan")
    ]
    with stores(tmp_path) as connection, workspace(connection) as warehouse:
        connection.execute("use warehouse")
        put(connection, people)
        connection.execute("use identity_scratch")
        records.read(connection, warehouse)
        changes.find(connection, warehouse, cache.find(connection, warehouse, run_id=None, expected=None))
        for field in model.TERM_FREQUENCY_FIELDS:
            connection.execute(f"create table tf_{field} (value varchar, frequency double)")
        connection.execute("insert into tf_first_name values ('logan', 0.1)")
        if share:
            connection.execute("insert into tf_first_name values ('looan', ?)", [share])
        connection.execute("create table pairs as select 1 as id_l, 2 as id_r")
        settings = {**splink_settings(1e-4), "unknown_frequency": 1e-4}
        scoring.score(connection, settings, "pairs", "scored")
        ((found,),) = connection.execute("select rule from scored").fetchall()
    assert (found == "two_given_names") == is_another


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
