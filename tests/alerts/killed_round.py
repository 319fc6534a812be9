"""A round in a process of its own, to be killed in the middle: `python killed_round.py FOLDER`, settings as CDP_ALERT_*."""

import os
import sys
from pathlib import Path

from wrong_things import NOW, late

from alerts import notify
from warehouse.connections import open_state
from warehouse.settings import Settings

if __name__ == "__main__":
    settings = Settings(data_dir=Path(sys.argv[1]) / "data")
    notify(lambda: open_state(settings), [late()], environ=os.environ, now=NOW)
