"""dbt inside our process: what another process is writing beside it, and what it leaves open."""

from __future__ import annotations

import os
import subprocess
import sys

TWICE = """
from orchestration import dbt_process
first = dict(dbt_process.manifest())
dbt_process._parsed.cache_clear()
assert dbt_process.manifest()["nodes"].keys() == first["nodes"].keys()
"""


def test_files_that_another_process_has_half_written_do_not_matter_and_nothing_stays_open(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    for name in ("manifest.json", "partial_parse.msgpack"):
        (target / name).write_text('{"nodes": {"model.cdp.cust')
    environment = {**os.environ, "CDP_DATA_DIR": str(tmp_path), "DBT_TARGET_PATH": str(target)}
    command = [sys.executable, "-W", "always::ResourceWarning", "-c", TWICE]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert "unclosed file" not in finished.stderr
