"""The shop's advertising and newsletters: which campaigns ran when, and which of them brings a visit.

Campaign lists belong here; what people do with a newsletter belongs in `exports.mailchimp`.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from sandbox.shop import ShopPlan

# (platform, campaign id, name, type, first and last month it runs each year, pounds a day)
AD_CAMPAIGNS: tuple[tuple[str, str, str, str, int, int, int], ...] = (
    ("google", "20114455001", "Brand search", "Search", 1, 12, 9),
    ("google", "20114455002", "Christmas gifts", "Performance Max", 11, 12, 38),
    ("google", "20114455003", "Spring throws", "Shopping", 3, 4, 16),
    ("facebook", "23850011220010", "Prospecting lookalike", "", 9, 12, 22),
    ("facebook", "23850011220020", "Retargeting", "", 2, 6, 11),
)
SUBJECTS = (
    ("Winter warmers", "Cosy corners, new throws"), ("Tea of the month", "A cup for slow mornings"),
    ("Spring preview", "First look: spring linens"), ("Mothers day", "Little gifts for mum"),
    ("Studio visit", "Meet the potter"), ("Summer edit", "Light knits and picnic rugs"),
    ("Members week", "Your members' week starts now"), ("Back to desk", "Notebooks and fresh starts"),
    ("Autumn launch", "The autumn collection is here"), ("Candle week", "Three candles, one small price"),
    ("Black Friday", "Our only sale of the year"), ("Last post", "Last post dates for Christmas"),
)  # fmt: skip
NEWSLETTER_MONTHS = 12  # campaigns before this are no longer in the email tool's export


def advertise(connection: duckdb.DuckDBPyConnection, plan: ShopPlan) -> None:
    """Create `newsletters` (one row per email campaign) and `channels` (one row per way a visit begins)."""
    _load(connection, "newsletters", _newsletters(plan))
    channels: list[dict[str, object]] = [
        {"no": 0, "source": "google", "medium": "cpc", "campaign": "brand_search", "referrer": "https://www.google.com/"},
        {"no": 1, "source": "google", "medium": "cpc", "campaign": "christmas_gifts", "referrer": "https://www.google.com/"},
        {"no": 2, "source": "facebook", "medium": "paid_social", "campaign": "prospecting_lookalike",
         "referrer": "https://www.facebook.com/"},
        {"no": 3, "source": "facebook", "medium": "paid_social", "campaign": "retargeting",
         "referrer": "https://www.facebook.com/"},
        {"no": 4, "source": "newsletter", "medium": "email", "campaign": "newsletter", "referrer": None},
        {"no": 5, "source": None, "medium": None, "campaign": None, "referrer": "https://www.google.com/"},
        {"no": 6, "source": None, "medium": None, "campaign": None, "referrer": None},
    ]  # fmt: skip
    _load(connection, "channels", channels)


def _newsletters(plan: ShopPlan) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for ago in range(NEWSLETTER_MONTHS, 0, -1):
        month_index = plan.end.year * 12 + plan.end.month - ago
        year, month = divmod(month_index, 12)
        title, subject = SUBJECTS[month]
        rows.append({
            "no": NEWSLETTER_MONTHS - ago, "campaign_id": f"{0xC0FFEE00 + year * 12 + month:x}",
            "title": f"{title} {year}", "subject": subject,
            "sent_at": plan.end.replace(year=year, month=month + 1, day=9, hour=9, minute=30, second=0),
        })  # fmt: skip
    return rows


def _load(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, object]]) -> None:
    connection.register("campaign_rows", pa.Table.from_pylist(rows))
    connection.execute(f"create table {table} as select * from campaign_rows")
    connection.unregister("campaign_rows")
