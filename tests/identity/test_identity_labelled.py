"""Shipped settings on public labelled sets that this project did not make, with nothing but their columns named."""

from __future__ import annotations

from pathlib import Path

import identity_labelled as labelled
import pytest
from identity_people import NOW, stores

from identity import evaluate, resolve


@pytest.mark.parametrize(("name", "precision", "f1"), [("fake_1000", 0.99, 0.955), ("febrl3", 0.999, 0.9995)])
def test_labelled_sets_are_resolved_well(name: str, precision: float, f1: float, tmp_path: Path) -> None:
    if not (labelled.LABELLED_DIR / name).exists():
        pytest.skip(f"the labelled set {name} is not on this machine")
    truth = tmp_path / "truth.csv"
    with stores(tmp_path) as connection:
        labelled.load(connection, name, truth)
        report = resolve(connection, run_id="r1", as_of=NOW)
        found = {
            metric.metric: metric.value
            for metric in evaluate(connection, truth)
            if metric.method == "resolved"
        }
    assert report.model_method == "trained"
    assert found["precision"] >= precision
    assert found["f1"] >= f1
