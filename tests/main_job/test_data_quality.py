"""The pretend shop's data judged and added up: every source reconciles, and quality is kept from day to day."""

from __future__ import annotations

from datetime import date


def test_every_total_of_the_sources_is_ours_or_explained(first_run):
    rows = first_run.installation.rows(
        "select source, measure, compared_with, class, unexplained_difference from metrics.reconciliation"
    )
    assert {(source, measure, with_) for source, measure, with_, *_ in rows} >= {
        ("shopify", "orders", "delivered"),
        ("shopify", "revenue", "delivered"),
        ("shopify", "revenue", "stated"),
        ("square", "revenue", "delivered"),
        ("square", "revenue", "stated"),
        ("google_ads", "spend", "delivered"),
        ("zendesk", "tickets", "delivered"),
    }
    assert [row for row in rows if row[4] != 0] == []
    assert {row[3] for row in rows} == {"equal", "cancelled or refunded", "duplicates united", "guest orders"}


def test_a_sources_total_is_the_sum_in_its_files(first_run):
    """Read once more, by nothing of the platform."""
    installation = first_run.installation
    items = installation.data_dir / "landing" / "square" / "items*.csv"
    amount = "replace(replace(replace(replace(\"{}\", '£', ''), ',', ''), '(', '-'), ')', '')::decimal(18, 2)"
    net, tax = amount.format("Net Sales"), amount.format("Tax")
    files = installation.rows(
        f"select count(distinct \"Transaction ID\"), sum({net} + {tax}) from read_csv('{items}', all_varchar = true)"
    )
    ours = installation.rows(
        "select max(total) filter (measure = 'orders'), max(total) filter (measure = 'revenue') "
        "from raw.control_totals where source = 'square' and not is_stated"
    )
    assert ours == files


def test_stand_ins_are_found_where_the_shop_has_them(first_run):
    problems = dict(
        first_run.installation.rows(
            "select source || ' ' || field, commonest_problem from quality.data_quality_fields where invalid_count > 0"
        )
    )
    assert problems["square_customers birth_date"] == "a stand-in"
    assert problems["square_customers street"] == "a stand-in"
    assert "shopify_customers name" not in problems


def test_records_decay_in_every_way(first_run):
    signs = first_run.installation.rows(
        "select sign, count(*), count(nullif(reason, '')) from quality.data_decay group by sign order by sign"
    )
    assert [sign for sign, *_ in signs] == ["moved", "other phone", "stale email", "undeliverable email"]
    assert all(count == reasons > 0 for _, count, reasons in signs)
    bounced = "select email from staging.stg_mailchimp__members where status = 'cleaned'"
    assert first_run.installation.warehouse(
        f"select count(*) from intermediate.int_identity__records as r where email in ({bounced}) and not exists "
        "(from quality.data_decay as d where d.record_id = r.record_id and d.sign = 'undeliverable email')"
    ) == [(0,)]


def test_todays_quality_is_kept_in_the_state(first_run):
    installation = first_run.installation
    columns = "source, field, record_count, filled_count, valid_count, score"
    today = installation.rows(f"select {columns} from quality.data_quality_fields order by all")
    assert today
    assert (
        installation.state(f"select {columns} from platform.data_quality_history order by all")
        == installation.rows(f"select {columns} from quality.data_quality_daily order by all")
        == today
    )
    assert installation.state("select distinct as_of_date from platform.data_quality_history") == [
        (date(2026, 10, 31),)
    ]


def test_the_summary_says_how_good_the_data_is(first_run):
    printed = " ".join(first_run.printed.split())
    assert "Quality score 0." in printed and "Weakest: " in printed
    assert "totals of the sources compared with ours" in printed and ", 0 not." in printed
