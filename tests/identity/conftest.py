"""Lets the tests of this room import the two modules of test data beside them; fixtures live in the tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
