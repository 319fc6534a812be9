"""The ways to say who is who that `labelled.py` compares, each run as a process of its own: `<way> <file> <folder>`.

Every way reads the same file of records without its truth and leaves `<way>.csv` (record_id, cluster) in the folder.
`prepare` comes first and is no way: it leaves the records under our names of the columns, and the truth.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from bench.splink_tutorials import Tutorial

AS_OF = datetime(2026, 1, 1)


def prepare(file: Path, folder: Path) -> None:
    """records.parquet (as int_identity__records), truth.csv (record_id, person), columns.json (our name → theirs)."""
    from identity.labelled import load, name_columns, read_columns

    with duckdb.connect() as connection:
        columns, truth = name_columns(read_columns(connection, file), {})
        people = load(connection, file, columns, truth)
        connection.execute(
            f"copy intermediate.int_identity__records to '{folder / 'records.parquet'}' (format parquet)"
        )
    _write(folder / "truth.csv", people.items())
    (folder / "columns.json").write_text(json.dumps(columns))


def ours(file: Path, folder: Path) -> None:
    """This platform with its shipped settings, from the file itself; nothing but the columns is named."""
    from identity import resolve
    from identity.labelled import load, name_columns, read_columns
    from warehouse.scratch import open_scratch
    from warehouse.settings import Settings

    with open_scratch(Settings()) as connection:
        columns, truth = name_columns(read_columns(connection, file), {})
        load(connection, file, columns, truth)
        resolve(connection, run_id="bench", as_of=AS_OF)
        rows = connection.execute("select record_id, customer_id from identity.identity_clusters").fetchall()
    _write(folder / "ours.csv", rows)


def exact(file: Path, folder: Path) -> None:  # noqa: ARG001
    """Records joined by an equal email, phone or trusted id, or an equal whole name with an equal birth date."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    keys = (
        "'e' || email",
        "'p' || phone",
        "'l' || loyalty_id",
        "'w' || web_user_id",
        "'n' || first_name || '|' || last_name || '|' || birth_date",
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"create table r as select row_number() over () - 1 as n, * from '{folder / 'records.parquet'}'"
        )
        pairs = connection.execute(
            f"select n, min(n) over (partition by k) as m from (select n, unnest([{', '.join(keys)}]) as k from r)"
            " where k is not null"
        ).fetchnumpy()
        ids = [name for (name,) in connection.execute("select record_id from r order by n").fetchall()]
    joined = coo_matrix((np.ones(len(pairs["n"])), (pairs["n"], pairs["m"])), (len(ids), len(ids)))
    _write(folder / "exact.csv", zip(ids, connected_components(joined)[1].tolist(), strict=True))


def splink(file: Path, folder: Path) -> None:
    """Splink with the model of its own documentation for such data, clustered by connected components."""
    import logging
    import warnings

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    from bench.splink_tutorials import tutorial_for

    with duckdb.connect() as connection:
        connection.execute("set threads = 2; set memory_limit = '4GB'")
        reader = f"read_csv('{file}', all_varchar = true)" if file.suffix == ".csv" else f"'{file}'"
        raw = [str(row[0]) for row in connection.execute(f"describe from {reader}").fetchall()]
        ((count,),) = connection.execute(f"select count(*) from {reader}").fetchall()
        model = tutorial_for(raw, json.loads((folder / "columns.json").read_text()), count)
        if model.reads_roles:
            columns, reader = (
                "* replace (birth_date::varchar as birth_date)",
                f"'{folder / 'records.parquet'}'",
            )
        else:
            columns = f"{_record_id(file, raw)}, *"
        connection.execute(f"create table records as select {columns} from {reader}")
        _write(folder / "splink.csv", _cluster(connection, model))


def _cluster(connection: duckdb.DuckDBPyConnection, model: Tutorial) -> list[tuple[object, object]]:
    """(record_id, cluster) of table `records`, trained in the order of the tutorial."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    from bench.splink_tutorials import THRESHOLD

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=model.comparisons,
        blocking_rules_to_generate_predictions=model.blocking,
    )
    linker = Linker(DuckDBAPI(connection).register("records"), settings)
    training = linker.training
    training.estimate_probability_two_random_records_match(model.deterministic, recall=model.recall)
    training.estimate_u_using_random_sampling(max_pairs=model.u_pairs, seed=2)
    for rule in model.training:
        training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(
        linker.inference.predict(), threshold_match_probability=THRESHOLD
    )
    return connection.execute(f"select record_id, cluster_id from {found.physical_name}").fetchall()


def _record_id(file: Path, raw: list[str]) -> str:
    from identity.labelled import KEYS  # the same id as ours has, so that both are measured on one truth

    key = next(name for name in KEYS if name in raw)
    return f"'{file.stem}:' || {key} as record_id"


def _write(path: Path, rows: Iterable[tuple[object, object]]) -> None:
    with path.open("w", newline="") as target:
        csv.writer(target).writerows(rows)


WAYS: dict[str, Callable[[Path, Path], None]] = {way.__name__: way for way in (ours, exact, splink)}

if __name__ == "__main__":
    {**WAYS, "prepare": prepare}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
