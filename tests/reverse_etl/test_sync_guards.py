"""Gates that hold a whole sync, and the lane of opt-outs that none of them can block."""

from datetime import datetime

import pytest

MANY = [(f"c_{number:03}", f"p{number:03}@x.org") for number in range(150)]
IDS = [customer for customer, _ in MANY]


@pytest.fixture
def full(crowd, lapsed):
    """150 people in a Mailchimp segment, all acknowledged."""
    crowd.people("lapsed", MANY)
    crowd.consent(*IDS)
    assert crowd.run(lapsed).added == 150
    return crowd


def test_blocked_data_holds_the_sync_with_its_reason(world, lapsed):
    world.people("lapsed", MANY)
    world.consent(*IDS)
    result = world.run(lapsed, blocked={"mailchimp_lapsed": "2 tests of segment_lapsed_buyers failed"})
    assert (result.status, result.operations, result.waiting) == ("held", 0, 150)
    assert "2 tests of segment_lapsed_buyers failed" in result.held_reason
    assert world.writes() == []


def test_an_emptied_segment_is_held_and_an_opt_out_still_leaves(full, lapsed):
    full.people("lapsed", [])
    full.consent("c_007", status="denied")
    result = full.run(lapsed)
    assert (result.status, result.removed, result.waiting) == ("held", 1, 149)
    assert "came out empty" in result.held_reason
    assert full.segment("Lapsed buyers") == {email for customer, email in MANY if customer != "c_007"}


def test_an_opt_out_leaves_even_when_the_data_is_blocked(full, lapsed):
    full.people("lapsed", MANY[1:])
    full.consent("c_007", status="denied")
    result = full.run(lapsed, blocked={"mailchimp_lapsed": "its source is two days old"})
    assert (result.status, result.removed) == ("held", 1)
    assert full.segment("Lapsed buyers") == {email for customer, email in MANY if customer != "c_007"}


@pytest.mark.parametrize("lane", ["customer", "suppression", "log"])
def test_opt_outs_pass_the_guard_however_they_were_stated(full, lapsed, lane):
    full.people("lapsed", MANY[:20])
    if lane == "customer":
        full.consent("c_100", status="denied")
    elif lane == "suppression":
        full.suppress("email", "p100@x.org")
    else:
        full.say("email", "P100@x.org", at=datetime(2026, 10, 30))
    result = full.run(lapsed)
    assert (result.status, result.removed) == ("held", 1)
    assert "129 of 150 people would leave at once" in result.held_reason
    assert "p100@x.org" not in full.segment("Lapsed buyers")


def test_confirmation_opens_the_change_guard(full, lapsed):
    full.people("lapsed", MANY[:20])
    assert full.run(lapsed).status == "held"
    result = full.run(lapsed, confirmed=True)
    assert (result.status, result.removed) == ("sent", 130)
    assert len(full.segment("Lapsed buyers")) == 20


def test_lost_consent_records_do_not_empty_an_audience(full, lapsed):
    with full.warehouse() as connection:
        connection.execute("delete from marts.consents")
    result = full.run(lapsed)
    assert (result.status, result.removed) == ("held", 0)
    assert result.refused == {"has not given consent for this purpose and channel": 150}
    assert len(full.segment("Lapsed buyers")) == 150


def test_a_large_first_sync_waits_for_confirmation(world, declare):
    sync = declare("big", "mailchimp", "segment_membership", "lapsed", "Big", confirm_above=100)
    world.people("lapsed", MANY)
    world.consent(*IDS)
    assert "first sync would send 150 people" in world.run(sync).held_reason
    assert world.plan(sync, confirmed=True).size == 150


def test_below_the_minimum_nobody_is_added_but_leavers_go(world, declare):
    sync = declare("vips", "meta", "custom_audience", "vips", "VIPs", channel="ads", minimum_size=100)
    world.people("vips", MANY[:120])
    world.consent(*IDS, channel="ads")
    assert world.run(sync).added == 120
    world.people("vips", MANY[30:125])
    result = world.run(sync)
    assert (result.status, result.added, result.removed, result.waiting) == ("held", 0, 30, 5)
    assert "only 95 people may be sent" in result.held_reason
    assert len(world.audience("VIPs")) == 90


def test_metas_own_minimum_applies_without_a_declared_one(world, declare):
    sync = declare("vips", "meta", "custom_audience", "vips", "VIPs", channel="ads")
    world.people("vips", MANY[:99])
    world.consent(*IDS, channel="ads")
    assert "must have at least 100" in world.run(sync).held_reason
    assert world.audience("VIPs") == []


def test_a_changed_mapping_does_not_resend_everybody_unasked(world, declare):
    old = declare(
        "c", "mailchimp", "contact", "contacts", "C", fields={"email_address": "email"}, confirm_above=200
    )
    fields = {"email_address": "email", "FNAME": "first_name"}
    new = declare("c", "mailchimp", "contact", "contacts", "C", fields=fields, confirm_above=10)
    world.people("contacts", MANY[:12])
    world.consent(*IDS)
    assert world.run(old).added == 12
    assert "field mapping" in world.run(new).held_reason


def test_another_target_is_held_and_says_who_would_stay_behind(full, lapsed):
    moved = lapsed.model_copy(update={"target": "Win back"})
    result = full.run(moved)
    assert "150 people are still in the old one" in result.held_reason
    assert full.segment("Win back") == set()


def test_a_held_file_is_rewritten_without_the_opt_out(world, vip_file):
    world.people("vips", MANY)
    world.consent(*IDS)
    world.run(vip_file)
    world.people("vips", [])
    world.consent("c_003", status="denied")
    result = world.run(vip_file)
    lines = (world.outbox / "vips.csv").read_text().splitlines()
    assert (result.status, result.removed, len(lines)) == ("held", 1, 150)
    assert lines[0] == "customer_id,email,name"
    assert not any("p003" in line for line in lines)


def test_an_unbuilt_model_holds_only_its_own_sync(world, lapsed, contacts):
    world.people("contacts", MANY[:3])
    world.consent(*IDS)
    held, sent = sorted(world.run(lapsed, contacts), key=lambda result: result.status)
    assert "have not been built" in held.held_reason
    assert sent.added == 3


def test_tables_of_another_version_hold_the_sync_with_a_sentence(world, contacts):
    world.people("contacts", MANY[:3])
    world.consent(*IDS)
    with world.stores.warehouse() as connection:
        connection.execute("alter table marts.consents drop column opted_in_at")
    held = world.run(contacts)
    assert held.status == "held" and held.added == 0
    assert "built by another version of this software; `cdp run` builds them anew" in held.held_reason


def test_a_destination_without_account_is_reported_and_the_run_goes_on(world, lapsed, vip_file):
    from reverse_etl.connecting import load_accounts

    world.people("vips", MANY[:2])
    world.consent(*IDS)
    world.accounts = load_accounts(world.outbox, {})
    files, mailchimp = world.run(lapsed, vip_file)
    assert files.added == 2
    assert mailchimp.status == "not configured"
    assert "set CDP_MAILCHIMP_API_KEY and CDP_MAILCHIMP_LIST_ID" in mailchimp.message
