"""The comparison on labelled sets: the baselines are what they say they are."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_DIR


@pytest.fixture(autouse=True)
def _bench_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROJECT_DIR)  # bench/ is not installed


def test_exact_matching_joins_equal_ids_and_equal_names_born_alike(tmp_path: Path) -> None:
    file = tmp_path / "records.csv"
    file.write_text(
        "rec_id,first_name,surname,email,dob,truth_id\n"
        "1,Anna,Smith,a@example.org,1980-01-02,p\n"
        "2,Anne,Smith,a@example.org,,p\n"
        "3,anna,smith,,1980-01-02,p\n"
        "4,Anna,Smith,,1981-01-02,q\n"
        "5,,,,,q\n"
        "6,,,,,r\n"
    )
    ways = importlib.import_module("bench.labelled_ways")
    ways.prepare(file, tmp_path)
    ways.exact(file, tmp_path)
    with (tmp_path / "exact.csv").open(newline="") as found:
        clusters = dict(csv.reader(found))
    assert clusters["records:1"] == clusters["records:2"] == clusters["records:3"]
    assert len(set(clusters.values())) == 4
    with (tmp_path / "truth.csv").open(newline="") as found:
        assert dict(csv.reader(found))["records:4"] == "q"


def test_documented_models_are_taken_where_there_are_some() -> None:
    tutorial_for = importlib.import_module("bench.splink_tutorials").tutorial_for
    names = {"first_name", "surname", "dob", "city", "email"}
    assert tutorial_for(names, (), 1_000).name == "tutorial"
    febrl = {"given_name", "surname", "date_of_birth", "soc_sec_id", "street_number", "postcode"}
    assert tutorial_for(febrl, (), 5_000).name == "febrl3 example"
    small, large = (
        tutorial_for((), ("first_name", "last_name", "birth_date", "email"), n) for n in (1_000, 50_000)
    )
    assert small.name == "by kind of column"
    assert len(small.comparisons) == len(large.comparisons) == 4
    assert len(small.blocking) == 4
    assert len(large.blocking) == 4
    assert len(small.training) == 2
