"""Modes other than the mirror, what is sent instead of nothing, types, and a run that a person ends."""

import json
from dataclasses import replace

import pytest

from reverse_etl.controls import Controls
from reverse_etl.declarations import SyncDeclaration, read_syncs
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.destinations.mailchimp import CONTACT_SPEC, Contacts
from reverse_etl.errors import DeclarationError
from tests.reverse_etl.conftest import NOW

IN, OUT, NEW = ("c_in", "in@x.org"), ("c_out", "out@x.org"), ("c_new", "new@x.org")


@pytest.fixture
def three(seeded):
    """One contact who was there before us, one who had unsubscribed, one whom the tool does not know."""
    seeded.people("contacts", [(*IN, None, "Ina"), (*OUT, None, "Otto"), (*NEW, None, "Nell")])
    seeded.consent("c_in", "c_out", "c_new")
    return seeded


def in_mode(sync, mode):
    return sync.model_copy(update={"mode": mode})


def first_names(world):
    return {
        email: member["merge_fields"].get("FNAME") for email, member in world.mailchimp()["members"].items()
    }


def test_upsert_adds_and_updates_and_removes_nobody_but_who_opts_out(three, contacts):
    sync = in_mode(contacts, "upsert")
    assert three.run(sync).added == 2
    three.people("contacts", [])
    assert three.run(sync).operations == 0
    assert three.subscribed() == {"in@x.org", "new@x.org"}
    three.people("contacts", [("c_other", "other@x.org")])
    three.consent("c_other")
    three.consent("c_new", status="denied")
    result = three.run(sync)
    assert (result.added, result.removed) == (1, 1)
    assert three.subscribed() == {"in@x.org", "other@x.org"}


def test_update_only_changes_who_is_there_and_adds_nobody(three, contacts):
    sync = in_mode(contacts, "update_only")
    result = three.run(sync)
    assert (result.status, result.added, result.updated) == ("sent", 0, 1)
    assert result.refused == {"is not in the tool, and this sync only updates who is": 1}
    assert first_names(three)["in@x.org"] == "Ina"
    assert "new@x.org" not in first_names(three)
    three.people("contacts", [])
    assert three.run(sync).operations == 0
    assert three.subscribed() == {"in@x.org"}


def test_add_only_adds_who_is_not_there_and_changes_nobody(three, contacts):
    sync = in_mode(contacts, "add_only")
    three.run(sync)
    assert {row["body"]["email_address"] for row in three.writes() if row["method"] == "PUT"} == {"new@x.org"}
    three.people("contacts", [(*IN, None, "Changed"), (*NEW, None, "Changed")])
    assert three.run(sync).operations == 0
    assert first_names(three)["new@x.org"] == "Nell"
    assert first_names(three)["in@x.org"] != "Changed"


def test_an_addition_without_an_answer_is_removed_for_an_opt_out_even_if_nobody_asks_for_it_again(
    three, contacts
):
    sync = in_mode(contacts, "upsert")
    three.people("contacts", [NEW])
    three.fault(tool="mailchimp", kind="drop_after_commit", times=3, method="PUT")
    assert three.run(sync).failed == 1
    three.people("contacts", [])
    three.run(sync)
    with three.state() as state:
        assert state.execute("select state from activation.op_journal").fetchall() == [("superseded",)]
    three.consent("c_new", status="denied")
    assert three.run(sync).removed == 1
    assert three.subscribed() == {"in@x.org"}


def test_a_mode_that_a_destination_does_not_have_is_refused(vip_file):
    exposure = {
        "name": "files_vips",
        "depends_on": {"nodes": ["m"]},
        "config": {
            "meta": {
                "sync": {
                    "destination": "files",
                    "target": "vips",
                    "purpose": "marketing",
                    "channel": "email",
                    "mode": "upsert",
                }
            }
        },
    }
    manifest = {"exposures": {"e": exposure}, "nodes": {"m": {"name": "sync_files_vips", "schema": "syncs"}}}
    with pytest.raises(DeclarationError, match=r"can not be kept in mode upsert\. Its modes are mirror"):
        read_syncs(manifest)


@pytest.mark.parametrize(("destination", "channel"), [("mailchimp", "sms"), ("meta", "email")])
def test_a_tool_that_reaches_people_over_another_channel_is_refused(declare, destination, channel):
    """Else consent for text messages would open the way to mails, past everybody who left the newsletter."""
    object_ = {"mailchimp": "contact", "meta": "custom_audience"}[destination]
    sync = declare("s", destination, object_, "contacts", "T", fields={"email_address": "email"})
    settings = sync.model_dump(include={"destination", "object", "target", "purpose"}) | {"channel": channel}
    exposure = {"name": "s", "depends_on": {"nodes": ["m"]}, "config": {"meta": {"sync": settings}}}
    manifest = {"exposures": {"e": exposure}, "nodes": {"m": {"name": "sync_s", "schema": "syncs"}}}
    with pytest.raises(
        DeclarationError, match=f"not over {channel}: consent for {channel} says nothing about it"
    ):
        read_syncs(manifest)


def declared(sync, fields):
    return SyncDeclaration.model_validate({**sync.model_dump(), "fields": fields})


@pytest.fixture
def typed(world, monkeypatch):
    """A world whose contacts destination keeps types, and people with values of every kind."""
    plugin = Contacts()
    monkeypatch.setattr(Contacts, "spec", replace(CONTACT_SPEC, keeps_types=True))
    monkeypatch.setitem(DESTINATIONS, ("mailchimp", "contact"), plugin)
    with world.warehouse() as connection:
        connection.execute(
            "create table syncs.contacts as select * from (values "
            "('c_0', 'p0@x.org', 0, false, 19.90::decimal(18, 2), '7', ['a', 'b'], 'x'), "
            "('c_1', 'p1@x.org', null, null, null, null, null, null)) "
            "as people(customer_id, email, orders, is_vip, spend, code, tags, note)"
        )
    world.consent("c_0", "c_1")
    return world


def payloads(world, sync):
    return {
        operation.record_key: dict(operation.payload)
        for wave in world.plan(sync).waves(100)
        for operation in wave
    }


def test_numbers_and_booleans_stay_what_they_are_where_the_tool_keeps_types(typed, contacts):
    """Zero and false are values, not nothing; and a number is not text (story 19)."""
    fields = {
        "email": "email",
        "orders": "orders",
        "vip": "is_vip",
        "spend": "spend",
        "code": "code",
        "tags": "tags",
    }
    sent = payloads(typed, declared(contacts, fields))["c_0"]
    assert json.loads(json.dumps(sent)) == {
        "email_address": "p0@x.org", "orders": 0, "vip": False, "spend": 19.9, "code": "7", "tags": ["a", "b"],
    }  # fmt: skip
    as_text = {
        **fields,
        "orders": {"column": "orders", "type": "text"},
        "code": {"column": "code", "type": "number"},
    }
    sent = payloads(typed, declared(contacts, as_text))["c_0"]
    assert (sent["orders"], sent["code"]) == ("0", 7)


def test_each_field_says_what_is_sent_instead_of_nothing(typed, contacts):
    fields = {
        "email": "email",
        "orders": {"column": "orders", "default": -1},
        "vip": {"column": "is_vip", "default": False},
        "note": {"column": "note", "default": "none"},
        "spend": {"column": "spend", "if_null": "skip"},
        "code": "code",
    }
    sent = payloads(typed, declared(contacts, fields))
    assert sent["c_1"] == {
        "email_address": "p1@x.org",
        "orders": -1,
        "vip": False,
        "note": "none",
        "code": None,
    }
    assert sent["c_0"]["spend"] == 19.9


@pytest.mark.parametrize("rule", [{"default": "a@b.org"}, {"if_null": "skip"}])
def test_who_a_person_is_has_no_default(contacts, rule):
    settings = {
        **contacts.model_dump(include={"purpose", "channel", "destination", "object", "target"}),
        "fields": {"email": {"column": "email", **rule}},
    }
    exposure = {"name": "x", "depends_on": {"nodes": ["m"]}, "config": {"meta": {"sync": settings}}}
    manifest = {"exposures": {"e": exposure}, "nodes": {"m": {"name": "sync_x", "schema": "syncs"}}}
    with pytest.raises(DeclarationError, match="says who a person is"):
        read_syncs(manifest)


def test_what_a_cancelled_run_had_not_sent_is_sent_by_the_next(world, contacts, monkeypatch):
    monkeypatch.setattr(Contacts, "spec", replace(CONTACT_SPEC, wave=4))
    people = [(f"c_{number}", f"p{number}@x.org") for number in range(10)]
    world.people("contacts", people)
    world.consent(*[customer for customer, _ in people])
    controls = Controls(world.state, contacts.name, "ann", NOW)

    def cancel(_stage, done, _total):
        if done == 4:
            controls.cancel("wrong list")

    result = world.run(contacts, progress=cancel)
    assert (result.status, result.added, result.waiting) == ("cancelled", 4, 6)
    assert result.message.startswith("ann cancelled this run (wrong list).")
    assert world.run(contacts).added == 6


def test_a_cancelled_run_still_carries_out_opt_outs(world, contacts):
    world.people("contacts", [("c_0", "p0@x.org"), ("c_1", "p1@x.org")])
    world.consent("c_0", "c_1")
    world.run(contacts)
    world.consent("c_0", status="denied")
    world.people("contacts", [("c_0", "p0@x.org"), ("c_1", "p1@x.org", None, "New")])

    def cancel(_stage, done, _total):
        if done == 0:
            Controls(world.state, contacts.name, "ann", NOW).cancel("wait")

    result = world.run(contacts, progress=cancel)
    assert (result.removed, result.updated, result.waiting) == (1, 0, 1)
    assert world.subscribed() == {"p1@x.org"}
