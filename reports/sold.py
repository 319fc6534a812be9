"""The parts of the report about what was sold, by what campaigns, and what customers do before they buy or leave.

How things are counted and compared is the models' business; here is what is shown of it.
"""

from __future__ import annotations

from dataclasses import replace

from reports.figures import NOTHING, count, money, per_cent
from reports.periods import in_words
from reports.published import Row, read_rows, to_date
from reports.sections import Section, Table, View, or_why_not

_SHOWN = 10
_PRODUCTS = f"""
    select min(product_name) as product, min(category) as category, sum(unit_count)::double as units,
        sum(revenue_amount)::double as revenue, sum(margin_amount)::double as margin
    from analytics.product_sales where month_start_date between $1 and $2
    group by sku order by revenue desc, sku limit {_SHOWN}
"""
_CAMPAIGNS = """
    select * from analytics.campaign_performance where last_date >= $1 and first_date <= $2
    order by kind, revenue_amount desc, campaign
"""
_TRENDS = f"""
    select * from analytics.trends where verdict in ('surge', 'slump') and week_start_date > $1::date - 35
        and measure <> 'item_revenue' and dimension not in ('channel', 'store')
    order by week_start_date desc, abs(score) desc, measure, dimension, dimension_value limit {_SHOWN}
"""
_JOURNEYS = f"""
    (select 'before a purchase' as ending, journey, path_count, purchase_rate as rate from analytics.purchase_journeys
     where purchase_count > 0 order by purchase_count desc, journey limit {_SHOWN // 2})
    union all
    (select 'before a customer was lost', journey, path_count, lost_rate from analytics.churn_journeys
     where lost_count > 0 order by lost_count desc, journey limit {_SHOWN // 2})
"""
_MEASURES = {"purchases": "orders", "units_sold": "pieces sold", "clicked_emails": "emails clicked"}


def product_section(view: View) -> Section:
    """What sells best."""
    section = Section(
        "What sells best",
        f"The {_SHOWN} products with the highest revenue, {view.period.in_months} (UTC): pieces, what was paid for them after "
        f"discount, without shipping and before returns, and what is left after their cost, in {view.currency}.",
    )
    section, rows = or_why_not(
        section,
        lambda: read_rows(view.connection, _PRODUCTS, [view.period.first_month, view.period.until]),
        "No product was sold in this period, or orders do not say what was bought.",
    )
    if not rows:
        return section
    headers = ["Product", "Category", "Pieces", "Revenue", "After cost"]
    shown = [
        [
            *(row["product"] or NOTHING, row["category"] or NOTHING, count(row["units"])),
            *(money(row["revenue"], view.currency), money(row["margin"], view.currency)),
        ]
        for row in rows
    ]
    return replace(section, table=Table(headers, shown, frozenset({2, 3, 4})))


def campaign_section(view: View) -> Section:
    """What campaigns did."""
    section = Section(
        "How campaigns did",
        f"Campaigns that ran or were sent {view.period} (UTC), from their beginning. Emails delivered or times an ad was shown; "
        "clicks; orders within days of a click in the email, or credited to a visit through the ad; their revenue and the ad "
        f"spend in {view.currency}.",
    )
    section, rows = or_why_not(
        section,
        lambda: read_rows(view.connection, _CAMPAIGNS, [view.period.since, view.period.until]),
        "No email was sent and no ad was shown in this period.",
    )
    if not rows:
        return section
    headers = ["Campaign", "Channel", "Shown", "Opened", "Clicked", "Orders", "Revenue", "Spend"]
    return replace(
        section,
        table=Table(headers, [_campaign(row, view.currency) for row in rows], frozenset(range(2, 8))),
    )


def _campaign(row: Row, currency: str) -> list[str]:
    spend = row["spend_amount"]
    return [
        *(row["campaign"], row["channel"], count(row["shown_count"])),
        *(per_cent(row["open_rate"]), per_cent(row["click_rate"], 1), count(row["order_count"])),
        money(float(row["revenue_amount"]), currency),
        money(float(spend), currency) if spend is not None else NOTHING,
    ]


def trend_section(view: View) -> Section:
    """What is far from usual."""
    section = Section(
        "What stands out",
        "Whole weeks (Monday to Sunday, UTC) of the five weeks until "
        f"{in_words(view.as_of.date())} that lie far above or below the twelve weeks before them, newest first; at most {_SHOWN}. "
        f"Amounts in {view.currency}, all else as numbers.",
    )
    section, rows = or_why_not(
        section,
        lambda: read_rows(view.connection, _TRENDS, [view.as_of.date()]),
        "Nothing: every week is like the twelve before it, or there are no twelve weeks yet.",
    )
    if not rows:
        return section
    headers = ["What", "Week from", "That week", "Usually", "Verdict"]
    return replace(
        section, table=Table(headers, [_trend(row, view.currency) for row in rows], frozenset({2, 3}))
    )


def _trend(row: Row, currency: str) -> list[str]:
    is_money = row["measure"] in ("revenue", "item_revenue")
    shown = (
        money(value, currency) if is_money else count(value) for value in (row["value"], row["usual_value"])
    )
    what = _MEASURES.get(row["measure"], row["measure"].replace("_", " "))
    if row["dimension"] != "all":
        what += f", {row['dimension'].replace('_', ' ')} {row['dimension_value']}"
    return [what, in_words(to_date(row["week_start_date"])), *shown, row["verdict"]]


def journey_section(view: View) -> Section:
    """What customers do before they buy, and before they are lost."""
    section = Section(
        "What comes before a purchase, and before a loss",
        "The most common paths of known customers, over all time until "
        f"{in_words(view.as_of.date())}: the channels of their visits before a purchase, and what they did after one until they "
        "were lost. How often the path was walked, and how often it ended so.",
    )
    section, rows = or_why_not(
        section,
        lambda: read_rows(view.connection, _JOURNEYS),
        "No path is known yet: nobody who bought was seen before, and nobody was lost.",
    )
    if not rows:
        return section
    shown = [[row["journey"], row["ending"], count(row["path_count"]), per_cent(row["rate"])] for row in rows]
    return replace(section, table=Table(["Path", "Ends", "Walked", "Ended so"], shown, frozenset({2, 3})))
