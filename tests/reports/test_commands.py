"""`cdp metric` and `cdp report` as people type them: tables, comma-separated values, a file, and sentences for mistakes."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys

import pytest

from cli.main import main


@pytest.fixture
def cdp(shop_file, tmp_path, monkeypatch, capsys):
    """Runs `cdp …` on the small shop: all that was printed; the exit status must be `status`."""
    (tmp_path / "published").mkdir()
    shutil.copy(shop_file, tmp_path / "published" / "warehouse.duckdb")
    monkeypatch.setenv("CDP_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*arguments, status=0):
        monkeypatch.setattr(sys, "argv", ["cdp", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert ended.value.code == status, printed
        return printed.out + printed.err

    return run


def test_all_metrics_are_listed_with_what_they_mean(cdp):
    printed = cdp("metric")
    assert "repeat_rate" in printed and "again / all" in printed and "per cent" in printed
    assert "--by channel, country, segment:" in printed


def test_a_metric_by_dimension_the_largest_first(cdp):
    lines = cdp("metric", "revenue", "--by", "channel", "--since", "2026-01").splitlines()
    assert lines[0] == "Revenue, 1 Jan 2026 – 31 Mar 2026 (UTC), in GBP"
    assert [line.split() for line in lines[3:6]] == [
        ["store", "£2,064.50"], ["web", "£30.00"], ["all", "£2,094.50"],
    ]  # fmt: skip


def test_names_may_be_written_as_people_read_them(cdp):
    assert cdp("metric", "Repeat rate", "--by", "Channel") == cdp("metric", "repeat_rate", "--by", "channel")
    assert cdp("metric", "New-Customers").startswith("New customers, ")


def test_a_metric_by_month_ends_with_the_whole_period_counted_anew(cdp):
    lines = cdp("metric", "returning_customers", "--since", "2026-01").splitlines()
    assert [line.split() for line in lines[3:7]] == [
        ["2026-01", "1"],
        ["2026-02", "1"],
        ["2026-03", "0"],
        ["all", "1"],
    ]


def test_values_come_as_csv(cdp):
    printed = cdp(
        "metric", "repeat_rate", "--by", "channel", "--grain", "month", "--since", "2026-01", "--csv"
    )
    assert list(csv.reader(io.StringIO(printed))) == [
        ["month", "channel", "repeat_rate"],
        ["2026-01", "web", "1.0"], ["2026-02", "store", "0.5"], ["2026-03", "store", ""],
    ]  # fmt: skip
    whole = cdp("metric", "orders", "--by", "channel", "--since", "2026", "--csv")
    assert "2026-01-01,2026-03-31,store,3\n" in whole
    assert cdp("metric", "--csv").startswith("metric,unit,better,formula,--by\n")


def test_a_period_begins_where_anything_is_known(cdp):
    printed = cdp("metric", "revenue", "--since", "2020")
    assert "1 Jan 2025 – 31 Mar 2026" in printed and printed.endswith("Nothing is known of earlier days.\n")
    assert "Nothing is known" not in cdp("metric", "revenue", "--since", "2025-02")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["metric", "revenu"], "did you mean 'revenue'?"),
        (["metric", "revenue", "--by", "colour"], "It has: channel, country, segment."),
        (["metric", "revenue", "--since", "soon"], "'soon' is no date"),
        (["metric", "revenue", "--until", "2024"], "Nothing is known of the time before 1 Jan 2025."),
        (["report", "--since", "2030"], "newest published day"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(cdp, arguments, told):
    printed = cdp(*arguments, status=1)
    assert told in " ".join(printed.split()) and "Traceback" not in printed


def test_without_a_published_run_both_say_what_to_do(cdp, tmp_path):
    (tmp_path / "published" / "warehouse.duckdb").unlink()
    assert "Run `cdp run` first" in cdp("metric", status=1)
    assert "Run `cdp run` first" in cdp("report", status=1)


def test_the_report_is_one_file_where_it_was_asked_for(cdp, tmp_path):
    assert "Written to pages/owner.html" in cdp("report", "--since", "2026-01", "--out", "pages/owner.html")
    page = (tmp_path / "pages" / "owner.html").read_text(encoding="utf-8")
    assert "1 Jan 2026 – 31 Mar 2026" in page and "No alert is open" in page
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["owner.html"]


def test_totals_are_compared_with_why_they_differ_and_what_to_do(cdp):
    lines = cdp("reconcile", status=1).splitlines()
    assert lines[0] == "Totals of the sources and ours, everything up to 2026-03-31 23:59 UTC"
    assert [line.rstrip().split(maxsplit=6) for line in lines[2:4]] == [
        ["till", "orders,", "delivered", "4", "3", "−1", "−1 unexplained"],
        ["shop", "revenue,", "stated", "£2,100.00", "£2,094.50", "−£5.50", "cancelled or refunded"],
    ]
    assert (
        "unexplained: `cdp sources status till`, then compare orders by day with the tool's own report."
        in lines
    )


def test_a_source_whose_totals_are_explained_ends_well_and_every_format_says_the_same(cdp):
    (told,) = json.loads(cdp("reconcile", "shop", "--format", "json"))
    assert (told["theirs"], told["ours"], told["difference"], told["unexplained"]) == (2100, 2094.5, -5.5, 0)
    (row,) = csv.DictReader(io.StringIO(cdp("reconcile", "shop", "--format", "csv")))
    assert row == {name: str(value) for name, value in told.items()}


def test_a_source_without_totals_is_told_how_to_get_them(cdp):
    assert "declare `control_totals`" in cdp("reconcile", "nobody", status=2)
