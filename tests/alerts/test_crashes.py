"""Killed with SIGKILL between sending and recording: what may be told twice carries the same key, the rest is not repeated."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wrong_things import late

FOLDER = Path(__file__).parent


@pytest.fixture
def kill_while(shop):
    """Runs a round in another process and kills it as soon as `arrived()` is true."""

    def run(arrived) -> None:
        paths = os.pathsep.join([str(FOLDER), str(FOLDER.parents[1])])
        environment = {**os.environ, **shop.environ, "PYTHONPATH": paths}
        command = [sys.executable, str(FOLDER / "killed_round.py"), str(shop.settings.data_dir.parent)]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not arrived() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.poll() is None
        process.kill()
        process.wait()

    return run


def test_a_webhook_is_called_again_with_the_same_key(shop, receiver, kill_while):
    receiver.hold.clear()
    kill_while(lambda: receiver.calls)
    assert shop.notices("webhook") == [("late:source:shopify:1", "raised", "sending", 1)]
    receiver.hold.set()
    assert shop.round(late()).problems == []
    assert [headers["Idempotency-Key"] for headers, _ in receiver.calls] == [
        "late:source:shopify:1:raised"
    ] * 2
    assert shop.notices("webhook") == [("late:source:shopify:1", "raised", "sent", 2)]
    assert shop.round(late()).told == []


def test_a_mail_is_not_written_again(shop, postbox, kill_while):
    postbox.holds = True
    kill_while(lambda: postbox.mails)
    postbox.holds = False
    assert shop.round(late()).problems == [
        "mail: “Source shopify is late” was not told: the run ended while it was being sent. It is not sent again."
    ]
    assert shop.notices("mail") == [("late:source:shopify:1", "raised", "unknown", 1)]
    assert shop.round(late()).told == []
    shop.round()
    assert postbox.told == ["Source shopify is late", "Source shopify is no longer late"]


def test_a_round_killed_before_anything_was_sent_tells_it_later(shop, receiver, monkeypatch):
    def die(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("alerts.ledger.begin", die)
        with pytest.raises(KeyboardInterrupt):
            shop.round(late())
    assert receiver.calls == []
    report = shop.round(late())
    assert (report.raised, len(report.told)) == ((), 2)
    assert receiver.told == ["Source shopify is late"]
