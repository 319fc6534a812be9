"""The pretend shop with all its traps, straight from the sandbox: floors of quality, and traps that nobody may fall into."""

from __future__ import annotations

import importlib
import re

import pytest

from warehouse.settings import PROJECT_DIR


def test_the_pretend_shop_is_resolved_well_and_nobody_falls_into_its_traps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    monkeypatch.syspath_prepend(PROJECT_DIR)  # bench/ is not installed
    matching = importlib.import_module("bench.matching")
    monkeypatch.setattr(matching, "RESULTS", tmp_path / "bench" / "results")
    matching.main(1_200)
    printed = capsys.readouterr().out
    figures = {
        row[0]: dict(zip(matching.SHARES, map(float, row[1:]), strict=False))
        for row in (line.split("\t") for line in printed.splitlines())
        if len(row) > 2 and "customers" not in row[0]
    }
    strict, found, loose = (figures[name] for name in ("resolved strictly", "resolved", "resolved loosely"))
    assert found["precision"] >= 0.985 and found["recall"] >= 0.93
    assert strict["precision"] >= max(0.995, found["precision"])
    assert strict["recall"] < found["recall"] < loose["recall"]
    assert found["f1"] > figures["exact email or phone"]["f1"] + 0.05
    assert re.search(r"wrong merges: 0 twins, 0 placeholder,", printed)
    listed = (tmp_path / "bench" / "results" / "matching_1200" / "over_merges.tsv").read_text().splitlines()
    assert len(listed) - 1 == sum(
        int(count) for count in re.findall(r"(\d+) [a-z]", printed.splitlines()[-2])
    )
