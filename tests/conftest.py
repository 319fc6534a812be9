"""What holds for every test: the same code gets the same verdict each time; `make soak` tries other examples.

Nothing else belongs here; what tests share is in the room that they test.
"""

from __future__ import annotations

import os

from hypothesis import settings

# what a random example finds must not stop whoever comes by it with another change
settings.register_profile("suite", derandomize=True, database=None)
settings.register_profile("thorough", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
