"""What people see: the dry run, the log, the runs and the refused rows."""

import hashlib
import json

from reverse_etl.log import read_log, read_refusals, read_runs

ANNA, BEN = ("c_a", "anna@example.com"), ("c_b", "ben@example.com")


def test_a_dry_run_shows_exactly_what_is_sent_and_sends_nothing(world, audience, contacts):
    for table in ("vips", "contacts"):
        world.people(table, [ANNA, BEN])
    world.consent("c_a", "c_b")
    world.consent("c_a", "c_b", channel="ads")
    shown = [request.json for sync in (contacts, audience) for request in world.plan(sync).requests()]
    assert world.ask("/_requests") == []
    assert (
        str(world.plan(contacts).counts)
        == "2 people may be sent: 2 to add, 0 to update, 0 unchanged; 0 to remove"
    )
    world.run(contacts, audience)
    sent = [row["body"] for row in world.writes() if row["method"] == "PUT" or row["path"].endswith("/users")]
    without_session = [
        {name: part for name, part in body.items() if name != "session"} for body in (*shown, *sent)
    ]
    assert sorted(map(json.dumps, without_session[:3])) == sorted(map(json.dumps, without_session[3:]))


def test_every_operation_and_refusal_is_on_record_without_personal_data(world, contacts):
    world.people("contacts", [ANNA, BEN])
    world.consent("c_a")
    world.run(contacts)
    with world.state() as state:
        (operation,) = read_log(state, "mailchimp_contacts", 10)
        (run,) = read_runs(state, "mailchimp_contacts")
        (refused,) = read_refusals(state)
        journal = state.execute("select state, identifiers from activation.op_journal").fetchall()
        assert read_log(state, "another", 10) == []
    assert (operation["record_key"], operation["action"], operation["status"]) == ("c_a", "add", "accepted")
    assert operation["started_at"] <= operation["finished_at"]
    assert (run["status"], run["added"], run["desired"], run["unchanged"]) == ("sent", 1, 1, 0)
    assert json.loads(run["refused"]) == {"has not given consent for this purpose and channel": 1}
    assert (refused["record_key"], refused["reason"]) == ("c_b", "no_consent")
    assert journal == [("accepted", None)]
    assert "example.com" not in json.dumps([operation, run, refused], default=str)


def test_removals_use_what_was_last_sent(world, audience):
    world.people("vips", [(*ANNA, "+442079460018")])
    world.consent("c_a", channel="ads")
    world.run(audience)
    world.people("vips", [])
    plan = world.plan(audience, confirmed=True)
    (request,) = plan.requests()
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in ("anna@example.com", "442079460018")]
    assert request.method == "DELETE"
    assert request.json["payload"] == {"schema": ["EMAIL", "PHONE"], "data": [hashes]}


def test_a_result_is_plain_data(world, contacts):
    world.people("contacts", [ANNA])
    world.consent("c_a")
    result = world.run(contacts)
    assert json.loads(json.dumps(result.to_dict()))["added"] == 1
    assert result.operations == 1
