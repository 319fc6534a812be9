"""Which modules read which format, in the order in which they are tried.

How a format is read is in the format's module; what is read is written by `intake.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ingestion.csv_files import read_as_delivered, read_sifted
from ingestion.declarations import Format
from ingestion.feeds import Feed, Request
from ingestion.json_files import read_document
from ingestion.json_lines import read_lines_as_delivered, read_lines_sifted, read_lines_surveyed
from ingestion.parquet_files import read_columns
from ingestion.xlsx_files import read_cells

Reader = Callable[[Request], Feed]

# quick first: the engine on the delivered bytes. The last one decides, and what it cannot reconcile is refused
READERS: dict[Format, Sequence[Reader]] = {
    "csv": (read_as_delivered, read_sifted),
    "jsonl": (read_lines_as_delivered, read_lines_surveyed, read_lines_sifted),
    "json": (read_document,),
    "xlsx": (read_cells,),
    "parquet": (read_columns,),
}
