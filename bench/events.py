"""Writes pretend web events as CSV and as JSON lines: what the measurements of loading read.

About 800 bytes an event, with nested objects, quotes inside quotes and a character outside ASCII in every line.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

COLUMNS = (
    "messageId",
    "type",
    "event",
    "anonymousId",
    "userId",
    "timestamp",
    "sentAt",
    "receivedAt",
    "originalTimestamp",
    "context",
    "properties",
)

_AT = "strftime(timestamp '2025-01-01' + to_milliseconds(i * 17351 + {late}), '%Y-%m-%dT%H:%M:%S.%gZ')"
_EVENTS = f"""
select
    md5('event' || i) as "messageId",
    ['track', 'page', 'identify', 'track'][1 + i % 4] as type,
    ['Product Viewed', 'Order Completed', 'Product Added', 'Checkout Started', null][1 + (h % 5)::int] as event,
    left(md5('device' || h % 300000), 16) as "anonymousId",
    case when h % 3 = 0 then 'user_' || h % 300000 end as "userId",
    {_AT.format(late=0)} as "timestamp",
    {_AT.format(late=40)} as "sentAt",
    {_AT.format(late=900)} as "receivedAt",
    {_AT.format(late=0)} as "originalTimestamp",
    {{
        'ip': '203.0.113.' || i % 255,
        'userAgent': 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/' || h % 1000 || ' Chrome/129',
        'library': {{'name': 'analytics.js', 'version': '2.' || i % 9}},
        'page': {{
            'url': 'https://shop.example/products/item-' || h % 5000 || '?utm_source=newsletter&utm_campaign=' || i % 40,
            'path': '/products/item-' || h % 5000,
            'title': 'Item "' || h % 5000 || '" – café',
            'referrer': 'https://search.example/'
        }},
        'locale': 'en-GB'
    }} as context,
    {{
        'product_id': 'sku-' || h % 5000, 'price': (h % 10000) / 100, 'quantity': 1 + i % 3, 'currency': 'GBP',
        'category': 'Garden, ' || i % 20
    }} as properties
from (select i, hash(i) as h from range(getvariable('how_many')) as numbers(i))
"""


def write_events(folder: Path, rows: int) -> tuple[Path, Path]:
    """The CSV and the JSONL file with the same `rows` events; existing ones are taken as they are."""
    files = folder / f"events_{rows}.csv", folder / f"events_{rows}.jsonl"
    if not all(path.exists() for path in files):
        texts = f"(select * replace (to_json(context) as context, to_json(properties) as properties) from ({_EVENTS}))"
        with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
            connection.execute("set variable how_many = ?::bigint", [rows])
            connection.execute(f"copy {texts} to '{files[0]}' (format csv, header)")
            connection.execute(f"copy ({_EVENTS}) to '{files[1]}' (format json)")
    return files
