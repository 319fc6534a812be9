"""A sync that was held, guarded, cancelled or refused says so where people look: Dagster, the summary, `cdp sync status`."""

import dagster as dg
import pytest

from cli.summary import _why
from orchestration.defs.destination_syncs import _events
from reverse_etl.results import SyncResult

HELD = SyncResult(
    "s", "meta", "VIPs", "held", waiting=3, held_reason="Held because the segment came out empty."
)
REFUSED = SyncResult("s", "meta", "VIPs", "problems", added=2, rejected={"the tool says no": 1})
CANCELLED = SyncResult(
    "s", "meta", "VIPs", "cancelled", waiting=4, message="ann cancelled this run (wrong list)."
)
NOT_CONFIGURED = SyncResult("s", "meta", "VIPs", "not configured", message="Meta is not connected.")


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (HELD, "Held because the segment came out empty."),
        (CANCELLED, "ann cancelled this run (wrong list)."),
        (NOT_CONFIGURED, "Meta is not connected."),
        (REFUSED, "1 refused by the tool: the tool says no"),
    ],
)
def test_what_did_not_go_out_is_a_failed_check_with_its_sentence(result, told):
    (check,) = _events(result)
    assert isinstance(check, dg.AssetCheckResult)
    assert not check.passed
    assert told in check.description
    assert check.metadata["held back"].value == result.waiting
    row = {**result.to_dict(), "rejected": '{"the tool says no": 1}' if result is REFUSED else "{}"}
    assert told in _why(row)


def test_what_went_out_is_a_materialisation_and_a_passed_check():
    made, check = _events(SyncResult("s", "meta", "VIPs", "sent", added=2, unchanged=5))
    assert made.metadata["dagster/row_count"] == 7
    assert check.passed
