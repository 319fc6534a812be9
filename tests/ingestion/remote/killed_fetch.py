"""A fetch in a process of its own, to be killed in the middle: `python killed_fetch.py LANDING LOCATION`."""

import json
import os
import sys
from pathlib import Path

from remote_source import make_source

from ingestion.remote import fetch

if __name__ == "__main__":
    print("ready", flush=True)
    fetch(make_source(json.loads(sys.argv[2])), Path(sys.argv[1]), environ=os.environ)
