"""What the shop sells: eight categories of fifteen products, each with a price, a cost, a maker and a stock level.

The product list belongs here; who buys what belongs in `purchases`.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

CATEGORIES: dict[str, tuple[str, tuple[int, int], str]] = {
    # category: (product nouns, price range in pounds, what buyers of it come back for)
    "Tea": (
        "Breakfast Blend|Earl Grey|Green Sencha|Chai|Peppermint|Rooibos|Jasmine Pearls|Lapsang",
        (5, 18),
        "Mugs",
    ),
    "Mugs": ("Stoneware Mug|Espresso Cup|Teapot|Tumbler|Milk Jug|Cup and Saucer", (9, 42), "Tea"),
    "Blankets": (
        "Lambswool Throw|Picnic Rug|Baby Blanket|Tartan Blanket|Cotton Throw",
        (29, 120),
        "Cushions",
    ),
    "Cushions": ("Linen Cushion|Velvet Cushion|Floor Cushion|Bolster|Seat Pad", (15, 55), "Candles"),
    "Candles": ("Soy Candle|Pillar Candle|Reed Diffuser|Tealight Set|Wax Melts", (7, 38), "Soaps"),
    "Soaps": ("Lavender Soap|Oat Soap|Hand Wash|Bath Salts|Shaving Bar", (4, 19), "Candles"),
    "Knitwear": ("Aran Jumper|Merino Scarf|Cable Hat|Fisherman Sock|Cardigan|Mittens", (12, 130), "Blankets"),
    "Stationery": ("Notebook|Letter Set|Fountain Pen|Desk Diary|Gift Wrap|Card Pack", (3, 48), "Tea"),
}
QUALITIES = ("Classic", "Heather", "Moss", "Harbour", "Ivory", "Slate", "Bracken", "Skye", "Thistle", "Dusk", "Amber",
             "Fern", "Rust", "Midnight", "Oat")  # fmt: skip
MAKERS = ("Thistle & Thread", "Glen Mill", "Harbour Pottery", "Wick & Wax", "Paper Lane")
PRODUCTS_PER_CATEGORY = len(QUALITIES)


def stock_shelves(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `products`: one row per product, price and cost in pence; `category_no` * 15 + `rank` is `product_no`."""
    connection.register("shelf", pa.Table.from_pylist(list(_products())))
    connection.execute("create table products as select * from shelf order by product_no")
    connection.unregister("shelf")


def _products() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for category_no, (category, (nouns, (low, high), _)) in enumerate(CATEGORIES.items()):
        for rank, quality in enumerate(QUALITIES):
            noun = nouns.split("|")[rank % (nouns.count("|") + 1)]
            price = (low + (high - low) * ((rank * 7) % 15) // 14) * 100 - (5 if rank % 2 else 0)
            title = f"{quality} {noun}"
            rows.append({
                "product_no": category_no * PRODUCTS_PER_CATEGORY + rank, "category_no": category_no,
                "rank": rank, "category": category, "companion_no": _companion(category), "title": title,
                "handle": title.lower().replace(" ", "-"), "price": price, "cost": price * 42 // 100,
                "compare_at": price * 5 // 4 // 100 * 100 if rank % 5 == 0 else None,
                "sku": f"{category[:3].upper()}-{category_no + 1}{rank + 1:02d}",
                "vendor": MAKERS[(category_no + rank // 5) % len(MAKERS)],
            })  # fmt: skip
    return rows


def _companion(category: str) -> int:
    return list(CATEGORIES).index(CATEGORIES[category][2])
