"""A published file of one small shop, written by hand: few enough rows to add up in one's head."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from reports.page import open_view
from reports.periods import chosen_period
from reports.published import read_as_of

AS_OF = datetime(2026, 3, 31, 23, 59, 59)

TABLES = """
    create schema state; create schema raw; create schema marts; create schema metrics; create schema analytics;
    create schema segments; create schema quality;
    create table state.run_context (run_id text, as_of timestamp);
    insert into state.run_context values ('r', '2026-03-31 23:59:59');

    create table raw.loads (load_id bigint, source text, status text, rows_loaded bigint, rows_rejected bigint,
        loaded_at timestamp, max_event_at timestamp);
    create table marts.customers (customer_id text, lifecycle_stage text, currency text);
    create table marts.customer_rfm (customer_id text, rfm_group text);
    create table metrics.metric_definitions (metric text, place integer, title text, unit text, better text,
        formula text, area text, expression text, needs_data text, needs_input text);
    create table metrics.metric_measures (measure text, dimension text, table_name text, time_expression text,
        aggregation text, expression text, dimension_expression text, customer_expression text);
    create table metrics.metrics_current (metric text, place integer, title text, unit text, better text,
        current_value double, previous_value double, change double, change_rate double, missing_input text);
    create table metrics.measured_orders (order_id text, measured_on date, customer_id text, channel text,
        revenue decimal(18, 2), is_purchase boolean, number integer);
    create table metrics.measured_customers (customer_id text, country text);
    create table metrics.time_spine as select unnest(generate_series(date '2025-01-01', date '2026-03-31', interval 1 day))::date as date_day;
    create table metrics.measured_inputs (day date, market_size double);
    create table metrics.reconciliation (source text, measure text, currency text, compared_with text,
        their_total decimal(18, 4), our_total decimal(18, 4), difference decimal(18, 4), class text, explanation text,
        unexplained_difference decimal(18, 4) default 0);
    create table analytics.cohort_retention (cohort_month_date timestamp, acquisition_channel text,
        months_since bigint, cohort_size bigint, active_count bigint, is_complete boolean);
    create table analytics.funnel_steps (month_start_date timestamp, channel text, step_number integer, step text,
        session_count bigint);
    create table analytics.attribution (attribution_model text, order_id text, order_date date, channel text,
        revenue_amount decimal(18, 2));
    create table analytics.channel_roi (month_start_date timestamp, attribution_model text, channel text,
        currency text, revenue_amount decimal(18, 2), order_count double, new_customer_count double,
        spend_amount decimal(18, 2));
    create table analytics.campaign_performance (kind text, channel text, campaign text, first_date date, last_date date,
        shown_count bigint, open_rate double, click_rate double, order_count double, revenue_amount decimal(18, 2),
        spend_amount decimal(18, 2));
    create table analytics.product_sales (month_start_date timestamp, sku text, product_name text, category text,
        unit_count decimal(18, 3), revenue_amount decimal(18, 2), margin_amount decimal(18, 2));
    create table analytics.trends (measure text, dimension text, dimension_value text, week_start_date date,
        value double, usual_value double, score double, verdict text);
    create table analytics.purchase_journeys (journey text, path_count bigint, purchase_count bigint,
        purchase_rate double);
    create table analytics.churn_journeys (journey text, path_count bigint, lost_count bigint, lost_rate double);
    create table segments.segment_membership (customer_id text, segment_name text);
    create table segments.segment_sizes (segment_name text, title text, member_count bigint,
        is_within_band boolean);
    create table quality.data_quality_records (record_id text, source text, filled_count bigint,
        valid_count bigint, score double, completeness double, freshness double);
"""
DEFINITIONS = """
    insert into metrics.metric_definitions values
        ('revenue', 1, 'Revenue', 'money', 'up', 'what customers paid', 'money', 'coalesce(revenue, 0)', null, null),
        ('orders', 2, 'Orders', 'count', 'up', 'orders', 'money', 'coalesce(purchases, 0)', null, null),
        ('new_customers', 3, 'New customers', 'count', 'up', 'first orders', 'customers', 'coalesce(new_customers, 0)', null, null),
        ('returning_customers', 4, 'Returning customers', 'count', 'up', 'later orders', 'customers',
            'coalesce(returning_customers, 0)', null, null),
        ('repeat_rate', 5, 'Repeat rate', 'rate', 'up', 'again / all', 'customers',
            '(coalesce(returning_customers, 0) / nullif(coalesce(buying_customers, 0), 0))', 'orders of known customers', null),
        ('customers_to_date', 6, 'Customers so far', 'count', 'up', 'all until then', 'customers',
            'coalesce(first_purchases__to_date, 0)', null, null),
        ('revenue_growth', 7, 'Growth', 'rate', 'up', 'more than a month before', 'money',
            '(revenue / nullif(coalesce(revenue__1_month_before, 0), 0) - 1)', 'revenue a month before', null),
        ('market_share', 8, 'Market share', 'rate', 'up', 'ours / all', 'money', '(revenue / nullif(market_size, 0))',
            null, 'market_size');
    insert into metrics.metric_measures
        select m.measure, d.dimension, 'metrics.measured_orders', 'measured_on', m.aggregation, m.expression,
            d.dimension_expression, 'customer_id'
        from (values
            ('revenue', 'sum', 'revenue'),
            ('purchases', 'sum', 'case when is_purchase then 1 else 0 end'),
            ('first_purchases', 'sum', 'case when number = 1 then 1 else 0 end'),
            ('buying_customers', 'count_distinct', 'case when number is not null then customer_id end'),
            ('new_customers', 'count_distinct', 'case when number = 1 then customer_id end'),
            ('returning_customers', 'count_distinct', 'case when number > 1 then customer_id end')
        ) as m(measure, aggregation, expression)
        cross join (values
            ('all', '''all'''), ('channel', 'channel'), ('segment', 'segment_name'),
            ('country', 'coalesce(customer__country, ''unknown'')')
        ) as d(dimension, dimension_expression)
        union all
        select 'market_size', 'all', 'metrics.measured_inputs', 'day', 'sum', 'market_size', '''all''', null;
"""
# anna: 5 Jan (new), 20 Jan and 2 Feb (returning), ben: 3 Feb (new), a guest 9 Feb, a return on 4 Mar; nothing before
ORDERS = """
    insert into metrics.measured_orders values
        ('o1', '2026-01-05', 'anna', 'web', 10, true, 1),
        ('o2', '2026-01-20', 'anna', 'web', 20, true, 2),
        ('o3', '2026-02-02', 'anna', 'store', 30, true, 3),
        ('o4', '2026-02-03', 'ben', 'store', 40, true, 1),
        ('o5', '2026-02-09', null, 'store', 2000, true, null),
        ('o6', '2026-03-04', null, 'store', -5.5, false, null);
    insert into metrics.measured_customers values ('anna', 'GB'), ('ben', 'FR'), ('cleo', 'FR');
    insert into segments.segment_membership values ('anna', 'vip'), ('anna', 'tea'), ('ben', 'tea');
"""
REST = """
    insert into raw.loads values
        (1, 'shop', 'loaded', 6, 1, '2026-03-31', '2026-03-04'),
        (2, 'till', 'loaded', 1234, 0, '2026-03-31', null);
    insert into marts.customers values ('anna', 'active', 'GBP'), ('ben', 'at_risk', 'GBP'), ('cleo', 'lead', 'GBP');
    insert into marts.customer_rfm values ('anna', 'loyal'), ('ben', 'new');
    insert into metrics.metrics_current values
        ('revenue', 1, 'Revenue', 'money', 'up', 1234.5, 1000, 234.5, 0.2345, null),
        ('repeat_rate', 5, 'Repeat rate', 'rate', 'up', 0.25, 0.5, -0.25, -0.5, null),
        ('market_share', 8, 'Market share', 'rate', 'up', null, null, null, null, 'market_size'),
        ('customers_to_date', 6, 'Customers so far', 'count', 'up', null, 10, null, null, null);
    insert into metrics.reconciliation values
        ('shop', 'revenue', 'GBP', 'stated', 2100, 2094.5, -5.5, 'cancelled or refunded', 'cancelled or refunded -5.50', 0),
        ('till', 'orders', null, 'delivered', 4, 3, -1, 'unexplained', null, -1);
    insert into analytics.cohort_retention values
        ('2026-01-01', 'email', 0, 1, 1, true), ('2026-01-01', 'email', 1, 1, 1, true),
        ('2026-01-01', 'store', 0, 3, 3, true), ('2026-01-01', 'store', 1, 3, 0, true),
        ('2026-01-01', 'email', 2, 1, 1, false), ('2025-03-01', 'email', 1, 5, 5, true);
    insert into analytics.funnel_steps values
        ('2026-01-01', 'email', 1, 'visited', 80), ('2026-01-01', 'email', 2, 'bought', 20),
        ('2026-02-01', 'direct', 1, 'visited', 20), ('2026-02-01', 'direct', 2, 'bought', 5),
        ('2024-01-01', 'email', 1, 'visited', 999);
    insert into analytics.attribution values
        ('linear', 'o1', '2026-01-05', 'email', 4), ('linear', 'o1', '2026-01-05', 'direct', 6),
        ('first_touch', 'o1', '2026-01-05', 'email', 10), ('linear', 'o0', '2024-01-05', 'email', 99);
    insert into analytics.channel_roi values
        ('2026-01-01', 'last_non_direct', 'paid search', 'GBP', 150, 3, 2, 100),
        ('2026-02-01', 'last_non_direct', 'paid search', 'GBP', 50, 1, 0, 60),
        ('2026-02-01', 'last_non_direct', 'email', 'GBP', 70, 2, 1, 0),
        ('2026-02-01', 'linear', 'email', 'GBP', 9999, 2, 1, 0);
    insert into analytics.campaign_performance values
        ('ads', 'paid search', 'Brand', '2026-01-01', '2026-02-01', 1000, null, 0.05, 2.5, 150, 100),
        ('email', 'email', 'News', '2026-02-01', '2026-02-01', 40, 0.5, 0.1, 1, 30, null),
        ('email', 'email', 'Long ago', '2024-02-01', '2024-02-01', 40, 0.5, 0.1, 1, 30, null);
    insert into analytics.product_sales values
        ('2026-01-01', 'tea', 'Tea', 'Drinks', 3, 15, 9), ('2026-02-01', 'tea', 'Tea', 'Drinks', 1, 5, 3),
        ('2026-02-01', 'mug', 'Mug', 'Mugs', 1, 14, null), ('2024-02-01', 'mug', 'Mug', 'Mugs', 1, 999, null);
    insert into analytics.trends values
        ('revenue', 'category', 'Tea', '2026-03-23', 900, 300, 6, 'surge'),
        ('visits', 'all', 'all', '2026-03-16', 3, 40, -5, 'slump'), ('visits', 'all', 'all', '2026-03-09', 40, 40, 0, 'steady');
    insert into analytics.purchase_journeys values ('email → direct', 8, 6, 0.75), ('direct', 9, 0, 0);
    insert into analytics.churn_journeys values ('order → support ticket', 5, 4, 0.8);
    insert into segments.segment_sizes values ('tea', 'Tea lovers', 2, true), ('vip', 'VIP', 1, false);
    insert into quality.data_quality_records values
        ('a', 'shop_customers', 4, 4, 1.0, 1.0, 1.0), ('b', 'shop_customers', 4, 2, 0.5, 0.5, 1.0);
"""


def write_published(path: Path, *parts: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(path) as connection:
        for part in parts:
            connection.execute(part)
    return path


@pytest.fixture(scope="session")
def shop_file(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    return write_published(folder / "published" / "warehouse.duckdb", TABLES, DEFINITIONS, ORDERS, REST)


@pytest.fixture(scope="session")
def shop(shop_file):
    with duckdb.connect(shop_file, read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def view(shop):
    return open_view(shop, chosen_period(None, None, "month", today=AS_OF.date()))


@pytest.fixture
def empty_view(tmp_path):
    """Every table is there, and nothing in any but the run's day."""
    path = write_published(tmp_path / "empty.duckdb", TABLES)
    with duckdb.connect(path, read_only=True) as connection:
        yield open_view(connection, chosen_period(None, None, "month", today=read_as_of(connection).date()))


@pytest.fixture
def bare_view(tmp_path):
    """A file of an earlier version: hardly a table of those that a page shows."""
    path = write_published(
        tmp_path / "bare.duckdb",
        "create schema state; create table state.run_context as select timestamp '2026-03-31' as as_of;"
        "create schema marts; create table marts.customers as select 'GBP' as currency;",
    )
    with duckdb.connect(path, read_only=True) as connection:
        yield open_view(connection, chosen_period(None, None, "month", today=AS_OF.date()))


@pytest.fixture
def hostile():
    return "<script>alert('x')</script>&\"<img src=http://evil.example/x.png>"


@pytest.fixture
def hostile_view(shop_file, tmp_path, hostile):
    """The shop, where every text that a source or a person may choose is an attack on the page."""
    path = tmp_path / "hostile.duckdb"
    path.write_bytes(shop_file.read_bytes())
    with duckdb.connect(path) as connection:
        for table, column in (
            *(
                ("raw.loads", "source"),
                ("marts.customers", "lifecycle_stage"),
                ("marts.customer_rfm", "rfm_group"),
            ),
            *(("metrics.reconciliation", "source"), ("metrics.reconciliation", "explanation")),
            *(("metrics.metrics_current", "title"), ("analytics.funnel_steps", "step")),
            *(("analytics.attribution", "channel"), ("analytics.channel_roi", "channel")),
            *(("segments.segment_sizes", "title"), ("quality.data_quality_records", "source")),
            *(("metrics.metric_definitions", "formula"), ("metrics.metrics_current", "unit")),
            *(("analytics.campaign_performance", "campaign"), ("analytics.product_sales", "product_name")),
            *(("analytics.trends", "dimension_value"), ("analytics.churn_journeys", "journey")),
        ):
            connection.execute(f"update {table} set {column} = ?", [hostile])
        yield open_view(connection, chosen_period(None, None, "month", today=AS_OF.date()))
