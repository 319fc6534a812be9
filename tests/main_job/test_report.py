"""The owner's page and the metric command on a real run: every table they read is published, and the figures are the marts'."""

from __future__ import annotations

import csv
import io

import duckdb


def test_every_part_of_the_report_has_something_to_show(first_run, tmp_path):
    finished = first_run.installation.cdp("report", "--out", str(tmp_path / "report.html"))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The published tables lack" not in page
    assert page.count("<svg") == 2 * 9, "nine charts in two widths"


def test_metrics_by_dimension_are_those_of_the_orders(first_run):
    installation = first_run.installation
    finished = installation.cdp("metric", "revenue", "--by", "channel", "--since", "2000", "--csv")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    told = {
        row["channel"]: round(float(row["revenue"]), 2)
        for row in csv.DictReader(io.StringIO(finished.stdout))
    }
    with duckdb.connect(
        installation.data_dir / "published" / "warehouse.duckdb", read_only=True
    ) as connection:
        expected = connection.execute(
            "select sales_channel, sum(net_revenue_amount)::double from marts.orders group by all"
        ).fetchall()
    assert told == dict(expected)
