"""What is told and when: raised once, recovered once, new again afterwards, whatever a channel does."""

import json
import logging
from contextlib import contextmanager
from datetime import timedelta

import pytest
from wrong_things import NOW, late

from alerts import KINDS
from alerts.conditions import merge
from warehouse.connections import open_state


def test_raised_once_over_three_rounds_then_recovered_once_then_new_again(shop, receiver, postbox, caplog):
    caplog.set_level(logging.INFO, "alerts")
    began = late()
    assert [alert.alert_id for alert in shop.round(began).raised] == ["late:source:shopify:1"]
    for _ in range(2):
        report = shop.round(began)
        assert (report.raised, report.recovered, report.told) == ((), (), [])
        assert [alert.alert_id for alert in report.still_open] == ["late:source:shopify:1"]
    assert [alert.alert_id for alert in shop.round().recovered] == ["late:source:shopify:1"]
    assert shop.round().told == []
    assert [alert.alert_id for alert in shop.round(began).raised] == ["late:source:shopify:2"]
    expected = ["Source shopify is late", "Source shopify is no longer late", "Source shopify is late"]
    assert receiver.told == postbox.told == expected
    assert [record.message.partition(".")[0] for record in caplog.records] == expected
    assert shop.ask("select count(*) from platform.alert_notices where status <> 'sent'") == [(0,)]
    first = shop.ask("select raised_at, seen_at, recovered_at from platform.alerts where alert_id like '%:1'")
    assert first == [(NOW, NOW + timedelta(days=2), NOW + timedelta(days=3))]


def test_several_things_at_once_are_told_apart(shop, receiver):
    shop.round(late(), late(kind="rejected"), late(subject="source:stripe"))
    report = shop.round(late(kind="rejected"), late(subject="source:zendesk", kind="failed"))
    assert {alert.alert_id for alert in report.recovered} == {"late:source:shopify:1", "late:source:stripe:1"}
    assert [alert.alert_id for alert in report.raised] == ["failed:source:zendesk:1"]
    assert len(receiver.calls) == 6


def test_the_sentence_is_kept_up_to_date_without_telling_again(shop, receiver):
    shop.round(late("2 days late."))
    shop.round(late("3 days late."))
    assert shop.ask("select sentence from platform.alerts") == [("3 days late.",)]
    assert len(receiver.calls) == 1


def test_a_failing_webhook_is_tried_again_by_the_next_round(shop, receiver):
    receiver.answers = [503]
    report = shop.round(late())
    assert report.problems == [
        "webhook: “Source shopify is late” was not told: 127.0.0.1 answered 503. It is tried again by the next run."
    ]
    assert shop.notices("log") == [("late:source:shopify:1", "raised", "sent", 1)]
    assert shop.notices("webhook") == [("late:source:shopify:1", "raised", "waiting", 1)]
    assert shop.round(late()).problems == []
    assert shop.notices("webhook") == [("late:source:shopify:1", "raised", "sent", 2)]
    assert shop.notices("log") == [("late:source:shopify:1", "raised", "sent", 1)]
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.calls}) == 1


def test_what_ended_before_it_could_be_told_is_told_as_one(shop, receiver):
    receiver.answers = [500]
    shop.round(late())
    shop.round()
    assert receiver.told == ["Source shopify is late", "Source shopify is no longer late"]
    assert [row[1:3] for row in shop.notices("webhook")] == [("raised", "superseded"), ("recovered", "sent")]
    assert shop.round().told == []


def test_a_channel_declared_later_learns_what_is_open(shop, receiver):
    url = shop.environ.pop("CDP_ALERT_WEBHOOK_URL")
    shop.round(late())
    shop.environ["CDP_ALERT_WEBHOOK_URL"] = url
    shop.round(late())
    assert receiver.told == ["Source shopify is late"]


def test_a_wrong_setting_is_told_and_made_good_later(shop, receiver):
    url = shop.environ["CDP_ALERT_WEBHOOK_URL"]
    shop.environ["CDP_ALERT_WEBHOOK_URL"] = "http://hooks.example.org/T0P-S3CRET"
    (problem,) = shop.round(late()).problems
    assert "CDP_ALERT_WEBHOOK_URL is not encrypted" in problem
    assert "S3CRET" not in problem
    shop.environ["CDP_ALERT_WEBHOOK_URL"] = url
    assert shop.round(late()).problems == []
    assert receiver.told == ["Source shopify is late"]


def test_a_dry_run_writes_and_sends_nothing(shop, receiver):
    report = shop.round(late(), dry_run=True)
    assert [alert.alert_id for alert in report.raised] == ["late:source:shopify:1"]
    assert [(item.notice.event, item.channel) for item in report.due] == [
        ("raised", "log"),
        ("raised", "webhook"),
    ]
    assert (report.told, receiver.calls) == ([], [])
    assert shop.ask("select count(*) from platform.alerts") == [(0,)]
    receiver.answers = [500]
    shop.round(late())
    report = shop.round(dry_run=True)
    assert [(item.notice.event, item.channel) for item in report.due] == [
        ("recovered", "log"),
        ("recovered", "webhook"),
    ]


def test_nothing_holds_the_state_while_a_network_is_waited_for(shop, receiver, monkeypatch):
    opened = []

    @contextmanager
    def watched():
        with open_state(shop.settings) as state:
            opened.append(state)
            yield state
            opened.remove(state)

    monkeypatch.setattr(shop, "open_state", watched)
    seen = []
    monkeypatch.setattr("alerts.channels.Webhook.send", lambda *_: seen.append(list(opened)))
    shop.round(late())
    assert seen == [[]]


def test_several_findings_about_one_thing_are_one_condition():
    (merged,) = merge([late("A."), late("B.", since=NOW - timedelta(days=9)), late("A.")])
    assert (merged.sentence, merged.since) == ("A. B. A.", NOW - timedelta(days=9))
    assert merge([late("A."), late("A.")]) == [late("A.")]


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="no kind of condition; known are late, "):
        late(kind="sad")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_what_began_what_ended_and_what_to_do(shop, receiver, kind):
    shop.round(late(kind=kind))
    shop.round()
    began, ended = (json.loads(body) for _, body in receiver.calls)
    assert began["headline"] == f"Source shopify {KINDS[kind].raised}"
    assert ended["headline"] == f"Source shopify {KINDS[kind].recovered}"
    assert began["headline"] != ended["headline"]
    assert f"What to do: {KINDS[kind].advice}" in began["text"]
    assert began["advice"].endswith(".")
