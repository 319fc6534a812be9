"""`cdp trace` as people type it: the tree, rows for other tools, the map as a file, and sentences for mistakes."""

from __future__ import annotations

import csv
import io
import json


def test_both_ways_of_a_column_as_a_tree(project, cdp_trace):
    told = cdp_trace("customers.email").stdout
    assert told.index("comes from") < told.index("raw.shopify_customers.email")
    below = told[told.index("goes to") :]
    assert "sync_mailchimp_contacts.email" in below and "mailchimp: email_address" in below
    assert "user.contact.email" in told


def test_rows_for_other_tools(project, cdp_trace):
    rows = json.loads(cdp_trace("mailchimp.FNAME", "--up", "--format", "json").stdout)
    assert {row["direction"] for row in rows} == {"up"}
    assert rows[0]["step"] == "mailchimp_contacts.FNAME" and rows[1]["next_to"] == "mailchimp_contacts.FNAME"
    assert "raw.shopify_customers.first_name" in {row["step"] for row in rows}
    text = cdp_trace("raw.shopify_customers.email", "--down", "--format", "csv").stdout
    steps = [row["step"] for row in csv.DictReader(io.StringIO(text))]
    assert "meta_lapsed_buyers.EMAIL" in steps


def test_the_map_before_anything_has_run(project, cdp_trace, tmp_path):
    page, rows = tmp_path / "map.html", tmp_path / "map.csv"
    assert cdp_trace("--map", str(page)).returncode == 0
    assert "nothing has been published yet" in page.read_text()
    assert cdp_trace("--map", str(rows)).returncode == 0
    assert "sync_mailchimp_contacts" in {
        row["table"] for row in csv.DictReader(io.StringIO(rows.read_text()))
    }


def test_mistakes_are_answered_with_a_sentence(project, cdp_trace):
    wrong = cdp_trace("customers.emial")
    assert wrong.returncode == 1 and "Did you mean email?" in wrong.stderr and "Traceback" not in wrong.stderr
    assert cdp_trace().returncode == 2
