"""Shops that this project was not made for, added as CONTRIBUTING says, against sums taken straight from their files."""

from __future__ import annotations

import bisect
from decimal import Decimal
from pathlib import Path

import duckdb

from reports.metric_values import find_metric, read_values
from reports.periods import Period

HERE = Path(__file__).parent
MODELS = "dbt_project/models"
INT_ORDERS_YML = f"{MODELS}/intermediate/orders/_orders__models.yml"
RECONCILED = "dbt_project/tests/orders_reconcile_with_staging.sql"


def add_music_shop(copy) -> None:
    """The steps of CONTRIBUTING: the shop's country, 'Add a source'."""
    kept = HERE / "music_shop"
    copy.edit("dbt_project.yml", "shop_currency: GBP", "shop_currency: USD")
    copy.edit("dbt_project.yml", "shop_country: GB", "shop_country: US")
    # 1 the files
    copy.add(kept / "music_shop.yml", "ingestion/sources/music_shop.yml")
    # 2 the raw table
    copy.edit(
        f"{MODELS}/staging/_staging__sources.yml",
        "      - name: loyalty_members\n",
        "      - name: music_shop_purchases\n"
        "        description: One row per delivered purchase of the music shop.\n"
        "      - name: loyalty_members\n",
    )
    # 3 staging
    for name in ("stg_music_shop__purchases.sql", "_music_shop__models.yml"):
        copy.add(kept / name, f"{MODELS}/staging/music_shop/{name}")
    # 4 people
    copy.edit(
        f"{MODELS}/intermediate/identity/int_identity__delivered_records.sql",
        "),\n\ncontact_sources as (",
        "    union all\n"
        "    select {{ record_columns('music_shop_customers', 'music_shop_customer_id', seen_at='purchased_at') }}\n"
        "    from {{ newest_of(ref('stg_music_shop__purchases'), 'purchased_at') }}\n"
        "),\n\ncontact_sources as (",
    )
    # 5 orders
    copy.add(kept / "int_orders__music_shop.sql", f"{MODELS}/intermediate/orders/int_orders__music_shop.sql")
    copy.edit(
        f"{MODELS}/intermediate/orders/int_orders__united.sql",
        "    select * from {{ ref('int_orders__square') }}\n",
        "    select * from {{ ref('int_orders__square') }}\n"
        "    union all\n"
        "    select * from {{ ref('int_orders__music_shop') }}\n",
    )
    copy.edit(
        INT_ORDERS_YML,
        "  - name: int_orders__united\n",
        "  - name: int_orders__music_shop\n"
        "    description: One row per purchase of the music shop, in the shape of the orders mart.\n"
        "    config: {materialized: view}  # read once\n\n"
        "  - name: int_orders__united\n",
    )
    copy.edit(
        RECONCILED,
        "    from {{ ref('stg_square__items') }}\n",
        "    from {{ ref('stg_square__items') }}\n"
        "    union all\n"
        "    select 'music_shop' as source, count(*), sum(total_amount), 0\n"
        "    from {{ ref('stg_music_shop__purchases') }}\n",
    )


def add_grocer(copy) -> None:
    """The same steps for a source with people, products, and baskets with lines; several files in one."""
    kept = HERE / "grocer"
    copy.edit("dbt_project.yml", "shop_currency: GBP", "shop_currency: USD")
    # 1 the files
    copy.add(kept / "grocer.yml", "ingestion/sources/grocer.yml")
    # 2 the raw tables
    copy.edit(
        f"{MODELS}/staging/_staging__sources.yml",
        "      - name: loyalty_members\n",
        "      - name: grocer_transactions\n"
        "        description: One row per delivered product of a basket.\n"
        "      - name: grocer_products\n"
        "        description: One row per delivered product.\n"
        "      - name: grocer_households\n"
        "        description: One row per delivered answer to the questionnaire.\n"
        "      - name: loyalty_members\n",
    )
    # 3 staging
    for name in ("stg_grocer__items", "stg_grocer__products", "stg_grocer__households"):
        copy.add(kept / f"{name}.sql", f"{MODELS}/staging/grocer/{name}.sql")
    copy.add(kept / "_grocer__models.yml", f"{MODELS}/staging/grocer/_grocer__models.yml")
    # 4 people
    copy.edit(
        f"{MODELS}/intermediate/identity/int_identity__delivered_records.sql",
        "),\n\ncontact_sources as (",
        "    union all\n"
        "    select {{ record_columns('grocer_households', 'household_id') }}\n"
        "    from {{ ref('stg_grocer__households') }}\n"
        "),\n\ncontact_sources as (",
    )
    # 5 orders, their lines, products
    copy.add(kept / "int_orders__grocer.sql", f"{MODELS}/intermediate/orders/int_orders__grocer.sql")
    copy.edit(
        f"{MODELS}/intermediate/orders/int_orders__united.sql",
        "    select * from {{ ref('int_orders__square') }}\n",
        "    select * from {{ ref('int_orders__square') }}\n"
        "    union all\n"
        "    select * from {{ ref('int_orders__grocer') }}\n",
    )
    copy.edit(
        INT_ORDERS_YML,
        "  - name: int_orders__united\n",
        "  - name: int_orders__grocer\n"
        "    description: One row per basket of the grocer, in the shape of the orders mart.\n"
        "    config: {materialized: view}  # read once\n\n"
        "  - name: int_orders__united\n",
    )
    copy.edit(
        f"{MODELS}/marts/order_items.sql",
        "    from {{ ref('stg_square__items') }}\n",
        "    from {{ ref('stg_square__items') }}\n" + (kept / "order_items.sql").read_text(),
    )
    copy.edit(
        f"{MODELS}/marts/products.sql",
        "    from {{ ref('stg_shopify__products') }}\n",
        "    from {{ ref('stg_shopify__products') }}\n" + (kept / "products.sql").read_text(),
    )
    copy.edit(
        RECONCILED,
        "    from {{ ref('stg_square__items') }}\n",
        "    from {{ ref('stg_square__items') }}\n"
        "    union all\n"
        "    select 'grocer' as source, count(distinct order_id), sum(net_amount), 0\n"
        "    from {{ ref('stg_grocer__items') }}\n",
    )


def add_metric(copy) -> None:
    """'Add a metric': one block."""
    copy.edit(
        f"{MODELS}/metrics/definitions/_definitions__models.yml",
        "  - name: average_order_value\n",
        "  - name: orders_per_customer\n"
        "    label: Orders per customer\n"
        "    description: Orders / customers with an order in the period.\n"
        "    type: ratio\n"
        "    type_params: {numerator: orders, denominator: buying_customers}\n"
        "    config: {meta: {grain: day, unit: ratio, better: up, area: customers}}\n\n"
        "  - name: average_order_value\n",
    )


PER_CUSTOMER = """
    select split_part(record_id, ':', 2) as number, frequency_orders, monetary_amount, first_order_at, last_order_at,
           recency_days, rfm_score
    from marts.customer_rfm
    join marts.customers using (customer_id)
    join identity.identity_clusters using (customer_id)
    order by number
"""


def per_customer(purchases: duckdb.DuckDBPyRelation, as_of: str) -> list[tuple[object, ...]]:
    """The rows of PER_CUSTOMER from one row per purchase (customer, moment, dollars)."""
    rows = purchases.aggregate(
        f"customer, count(*), sum(dollars), min(moment), max(moment), date_diff('day', max(moment), date '{as_of}')"
    )
    return [(*row, rfm_score(row[5], row[1], row[2])) for row in sorted(rows.fetchall())]


def rfm_score(days: int, orders: int, dollars: float) -> str:
    """The thresholds of dbt_project.yml, written down a second time."""
    recency = 5 - bisect.bisect_left([30, 90, 180, 365], days)
    frequency = 1 + bisect.bisect_right([2, 3, 6, 10], orders)
    monetary = 1 + bisect.bisect_right([100, 250, 500, 1000], dollars)
    return f"{recency}{frequency}{monetary}"


def check(copy, purchases: duckdb.DuckDBPyRelation, as_of: str) -> tuple[object, ...]:
    """Nothing failed, and customers, orders, revenue and RFM are those of the file; returns the sums."""
    assert copy.rows("from state.dbt_results where status not in ('pass', 'success')") == []
    assert copy.rows("select status, sum(rows_rejected)::int from raw.loads group by all") == [("loaded", 0)]
    expected = per_customer(purchases, as_of)
    assert copy.rows(PER_CUSTOMER) == expected
    found = copy.rows(
        "select count(distinct customer_id), count(*), sum(net_revenue_amount), string_agg(distinct currency) from marts.orders"
    )[0]
    assert found == (len(expected), *purchases.aggregate("count(*), sum(dollars)").fetchall()[0], "USD")
    assert copy.rows("select count(*) from marts.customers") == [(len(expected),)]
    return found[:3]


COHORTS = """
    select cohort_month_date::date as cohort, months_since, sum(cohort_size), sum(active_count), sum(order_count),
        sum(revenue_amount), sum(revenue_so_far_amount)
    from analytics.cohort_retention group by all having sum(active_count) > 0 order by all
"""


def cohorts(purchases: duckdb.DuckDBPyRelation) -> list[tuple[object, ...]]:
    """The rows of COHORTS from one row per purchase (customer, moment, dollars)."""
    return duckdb.sql(
        """
        with bought as (select customer, date_trunc('month', moment)::date as month, dollars from purchases),
        first as (select customer, min(month) as cohort from bought group by all),
        sizes as (select cohort, count(*) as size from first group by all),
        active as (
            select cohort, date_diff('month', cohort, month) as later, count(distinct customer) as people,
                count(*) as orders, sum(dollars) as spent
            from bought join first using (customer) group by all
        )
        select cohort, later, size, people, orders, spent, sum(spent) over (partition by cohort order by later)
        from active join sizes using (cohort) order by all
        """
    ).fetchall()


def check_figures(copy, purchases: duckdb.DuckDBPyRelation) -> None:
    """Revenue, orders, customers and the repeat rate by month and in all, and every cohort, are those of the file."""
    assert copy.rows(COHORTS) == cohorts(purchases)
    figures = """
        count(*), sum(dollars), count(distinct customer), count(distinct customer) filter (number = 1),
        count(distinct customer) filter (number > 1) / count(distinct customer)
    """
    numbered = (
        "(select *, row_number() over (partition by customer order by moment) as number from purchases)"
    )
    whole = duckdb.sql(f"select {figures} from {numbered}").fetchall()
    by_month = duckdb.sql(
        f"select date_trunc('month', moment)::date, {figures} from {numbered} group by all order by all"
    ).fetchall()
    first, last = duckdb.sql("select min(moment)::date, max(moment)::date from purchases").fetchall()[0]
    names = ("orders", "revenue", "buying_customers", "new_customers", "repeat_rate")
    with duckdb.connect(copy.data_dir / "published" / "warehouse.duckdb", read_only=True) as published:

        def told(name: str, **how: str) -> list[float | None]:
            period = Period(first, last)
            return [v.value for v in read_values(published, find_metric(published, name), period, **how)]

        for place, name in enumerate(names):
            assert told(name) == [float(whole[0][place])], name
            assert told(name, grain="month") == [float(row[place + 1]) for row in by_month], name
        assert told("orders_per_customer") == [whole[0][0] / whole[0][2]]
        assert told("customers_to_date") == [whole[0][2]]
        assert told("customer_acquisition_cost") == [None], "nothing was spent, so nobody cost nothing"
    assert copy.rows(
        "select sum(numerator)::decimal(18, 2) from metrics.metrics_daily where metric = 'revenue'"
    ) == [(whole[0][1],)]


def test_a_music_shop_that_knows_only_numbers(copy, data):
    delivered = data("music_shop") / "CDNOW_master.txt"
    add_music_shop(copy)
    add_metric(copy)
    copy.deliver(delivered, "music_shop")
    copy.run(as_of="1998-06-30")
    # by fixed positions: another way of reading than the platform's
    lines = duckdb.read_csv(str(delivered), columns={"line": "varchar"}, header=False, skiprows=1, sep="\x01")
    purchases = lines.project(
        "line[2:6] as customer, strptime(line[8:15], '%Y%m%d') as moment, trim(line[19:])::decimal(18, 2) as dollars"
    )
    assert check(copy, purchases, "1998-06-30") == (23_570, 69_659, Decimal("2500315.63"))
    check_figures(copy, purchases)


def test_a_grocer_with_baskets_and_products_without_names(copy, data):
    folder = data("grocer")
    add_grocer(copy)
    add_metric(copy)
    for name in ("transactions_sample", "products", "demographics"):
        copy.deliver(folder / f"{name}.parquet", "grocer")
    copy.run(as_of="2018-01-02")
    lines = duckdb.read_parquet(str(folder / "transactions_sample.parquet"))
    baskets = lines.aggregate(
        "household_id as customer, min(transaction_timestamp) as moment, sum(sales_value::decimal(18, 2)) as dollars",
        "household_id, basket_id",
    )
    assert check(copy, baskets, "2018-01-02") == (2_377, 47_243, Decimal("233935.24"))
    check_figures(copy, baskets)
    products = duckdb.read_parquet(str(folder / "products.parquet")).set_alias("products")
    sold = lines.set_alias("lines").join(products, "lines.product_id = products.product_id", how="left")
    assert (
        copy.rows(
            "select category, count(*), sum(line_total_amount) from marts.order_items group by all order by all"
        )
        == sold.aggregate("product_category, count(*), sum(sales_value::decimal(18, 2))")
        .order("all")
        .fetchall()
    )
