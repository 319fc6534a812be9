"""A runner in a process of its own, to be killed in the middle: `python killed_runner.py FOLDER RUN_ID MANIFEST`."""

import json
import sys
from datetime import datetime
from pathlib import Path

from reverse_etl.connecting import load_accounts
from reverse_etl.declarations import SyncDeclaration
from reverse_etl.runner import run_syncs
from warehouse.connections import open_state, open_warehouse
from warehouse.settings import Settings

if __name__ == "__main__":
    folder, run_id, declarations = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    settings = Settings(data_dir=folder / "data")
    syncs = [SyncDeclaration.model_validate(item) for item in json.loads(declarations)]
    run_syncs(
        lambda: open_warehouse(settings, with_state=True),
        lambda: open_state(settings),
        syncs,
        load_accounts(folder / "outbox"),
        run_id,
        datetime(2026, 10, 31, 12),
    )
