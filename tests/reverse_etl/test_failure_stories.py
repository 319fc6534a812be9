"""Things that went wrong for others who send audiences to tools, told in our words: each can not happen here.

Each is told by whole runs, and judged by what reached the pretend tool. Where a story is about a tool that is not among ours
(7, 21), the same mistake is looked for at every tool that would allow it, and the rule that forbids it is checked beside.
"""

import hashlib
import json
import random
import re
import sqlite3
from contextlib import closing
from dataclasses import replace

import httpx
import pytest

from reverse_etl import never_sent
from reverse_etl.accounts import Account, Accounts
from reverse_etl.contract import Action, Lane, Operation, Request, Response, Status, Target
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.destinations.answers import for_all
from reverse_etl.destinations.klaviyo import Profiles
from reverse_etl.destinations.mailchimp import CONTACT_SPEC, Contacts, SegmentMemberships
from reverse_etl.destinations.meta import AUDIENCE_SPEC, CustomAudience
from reverse_etl.errors import ForbiddenRequest

TEN = [(f"c_{number}", f"p{number}@x.org") for number in range(10)]
IDS = [customer for customer, _ in TEN]
EMAILS = {email for _, email in TEN}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def ten(world):
    """Ten people who agreed to everything, in every sync model."""
    for table in ("contacts", "lapsed", "vips"):
        world.people(table, TEN)
    world.consent(*IDS)
    world.consent(*IDS, channel="ads")
    return world


def at_a_tool(world, sql):
    """Somebody does something there by hand, or looks; returns the rows."""
    with closing(sqlite3.connect(world.doubles.state_path)) as connection, connection:
        return connection.execute(sql).fetchall()


def forget_everything(world):
    """The state store is lost."""
    with world.state() as state:
        for table in ("acked", "op_journal", "dead_letters", "targets", "sync_runs"):
            state.execute(f"delete from activation.{table}")
        state.execute("delete from platform.consent_log")


def reasons(world):
    with world.state() as state:
        return dict(state.execute("select record_key, reason from activation.dead_letters").fetchall())


def test_story_01_a_resync_subscribed_thousands_again_who_had_opted_out(seeded, contacts):
    """A shop re-synced and everybody who had unsubscribed got the welcome series.

    Rule: the subscription of somebody the tool knows is never written (`status_if_new` only), and an opt-out seen
    there is final, even after our own memory is lost.
    """
    people = [("c_in", "in@x.org"), ("c_out", "out@x.org"), ("c_dead", "dead@x.org"), ("c_new", "new@x.org")]
    seeded.people("contacts", people)
    seeded.consent(*[customer for customer, _ in people])
    seeded.run(contacts)
    forget_everything(seeded)
    result = seeded.run(contacts)
    assert (result.added, result.rejected) == (2, {"unsubscribed at destination": 2})
    statuses = {email: member["status"] for email, member in seeded.mailchimp()["members"].items()}
    assert (statuses["out@x.org"], statuses["dead@x.org"]) == ("unsubscribed", "cleaned")
    assert seeded.subscribed() == {"in@x.org", "new@x.org"}
    assert all("status" not in row["body"] for row in seeded.writes() if row["method"] == "PUT")


def test_story_02_ten_refused_rows_were_skipped_for_ever_without_a_reason(world, contacts):
    """Ten rows were refused in the first run; every later run called them unchanged and never sent them.

    Rule: state advances per record and only on acknowledgement; a refused row keeps its reason, and goes out as soon
    as it changes.
    """
    world.people("contacts", [(customer, f"{customer}@fake.test") for customer in IDS])
    world.consent(*IDS)
    assert sum(world.run(contacts).rejected.values()) == 10
    with world.state() as state:
        assert state.execute("select count(*) from activation.acked").fetchone() == (0,)
    later = world.run(contacts)
    assert (later.unchanged, later.refused) == (
        0,
        {"was refused by the destination before and has not changed since": 10},
    )
    assert all("looks fake or invalid" in reason for reason in reasons(world).values())
    world.people("contacts", TEN)
    assert world.run(contacts).added == 10
    assert reasons(world) == {}


def test_story_03_one_bad_phone_number_made_a_whole_batch_fail(ten, audience, monkeypatch):
    """`+0000000000` in one row, and ten thousand people were not uploaded.

    Rule: identifiers are checked before batching, and a batch that is refused all the same is halved until the bad row
    stands alone.
    """
    from sandbox.doubles import meta

    ten.people("vips", [(customer, email, "+0000000000") for customer, email in TEN])
    monkeypatch.setattr(meta, "_is_valid", lambda person: person["EMAIL"] != sha256("p3@x.org"))
    result = ten.run(audience)
    assert (result.added, sum(result.rejected.values())) == (9, 1)
    assert all(not row.get("PHONE") for row in ten.audience("VIPs"))
    assert list(reasons(ten)) == ["c_3"]


@pytest.mark.parametrize("table", ["lapsed", "vips"])
def test_story_04_a_success_answer_had_processed_nobody(ten, contacts, lapsed, audience, table):
    """The tool answered 200 and did nothing; the sync was green and the audience empty.

    Rule: a success that mentions no record is no acknowledgement: it counts as a failure and goes out again.
    """
    sync, tool = (lapsed, "mailchimp") if table == "lapsed" else (audience, "meta")
    ten.run(contacts)
    part = "/segments/" if table == "lapsed" else "/users"
    ten.fault(tool=tool, kind="nothing_processed", times=1, path_part=part, method="POST")
    result = ten.run(sync)
    assert (result.status, result.added, result.failed) == ("problems", 0, 10)
    assert ten.run(sync).added == 10


@pytest.mark.parametrize("how", ["archived", "deleted"])
def test_story_05_contacts_deleted_by_hand_came_back_with_the_next_sync(ten, contacts, archive, how):
    """Somebody at the shop deleted a contact in the tool, and the nightly job put it back.

    Rule: what somebody else removed there is not put back: neither while nothing changed, nor when the row changes.
    """
    ten.run(contacts)
    if how == "archived":
        archive(ten, "p3@x.org")
    else:
        at_a_tool(ten, "delete from mailchimp_members where email = 'p3@x.org'")
    assert ten.run(contacts).operations == 0
    for name in ("Anna", "Annie"):
        ten.people("contacts", [(customer, email, None, name) for customer, email in TEN])
        result = ten.run(contacts)
        assert (result.updated, sum(result.rejected.values())) == (9, 1)
    assert ten.subscribed() == EMAILS - {"p3@x.org"}


def test_story_05_a_contact_we_archived_without_hearing_the_answer_is_still_ours_to_put_back(ten, contacts):
    """The other half of not putting back: our own removal must not be taken for somebody else's after a lost answer."""
    ten.run(contacts)
    ten.people("contacts", TEN[1:])
    ten.fault(tool="mailchimp", kind="drop_after_commit", times=3, method="DELETE")
    assert ten.run(contacts).status in ("sent", "problems")
    ten.run(contacts)
    assert ten.subscribed() == EMAILS - {"p0@x.org"}
    ten.people("contacts", TEN)
    ten.run(contacts)
    assert ten.subscribed() == EMAILS


def request_of(path="/x", **body):
    return Request("POST", path, json=body)


def klaviyo_calls(world):
    """Method and path of what changed something at Klaviyo, numbers of lists left out."""
    return {
        (row["method"], re.sub(r"/\d+/", "/N/", row["path"].removeprefix("/klaviyo")))
        for row in world.writes()
        if row["tool"] == "klaviyo"
    }


LIST_CALL = "/api/lists/N/relationships/profiles"


def test_story_06_leaving_a_list_unsubscribed_people_from_everything_and_joining_one_undid_their_opt_out(
    ten, declare
):
    """Klaviyo's unsubscribe job unsubscribes globally who is not in the list, and its subscribe job lifts suppressions.

    Rule: a membership sync uses the list's membership calls only. Who leaves stays a profile that may be written to;
    who had unsubscribed stays unsubscribed, though every table here says that they agreed.
    """
    everybody = declare("everybody", "klaviyo", "profile", "contacts", "Everybody", fields={"email": "email"})
    lapsed = declare("lapsed", "klaviyo", "list_membership", "lapsed", "Lapsed", fields={"email": "email"})
    assert [result.status for result in ten.run(everybody, lapsed)] == ["sent", "sent"]
    at_a_tool(ten, "update klaviyo_profiles set suppressed = 1 where email in ('p8@x.org', 'p9@x.org')")
    ten.people("lapsed", TEN[3:])
    ten.run(everybody, lapsed)
    ten.people("lapsed", [*TEN[1:], ("c_10", "p10@x.org")])
    ten.people("contacts", [(*row, None, "Changed") for row in TEN])
    ten.run(everybody, lapsed, retrying=True)
    assert klaviyo_calls(ten) == {
        ("POST", "/api/lists"),
        ("POST", "/api/profile-bulk-import-jobs"),
        ("POST", LIST_CALL),
        ("DELETE", LIST_CALL),
    }
    lists = ten.ask("/_state")["klaviyo"]["lists"]
    assert {row["email"] for row in lists["Lapsed"]} == {f"p{number}@x.org" for number in range(1, 8)}
    assert {row["email"] for row in lists["Everybody"]} == EMAILS - {"p8@x.org", "p9@x.org"}
    assert at_a_tool(ten, "select email from klaviyo_profiles where suppressed order by 1") == [
        ("p8@x.org",),
        ("p9@x.org",),
    ]


@pytest.mark.parametrize(
    "job", ["subscription-bulk-delete", "subscription-bulk-create", "suppression-bulk-delete"]
)
def test_story_06_a_module_that_would_use_those_jobs_is_stopped_before_the_network(
    ten, declare, monkeypatch, job
):
    """Klaviyo's own facts forbid them, whoever encodes a request."""
    sync = declare("everybody", "klaviyo", "profile", "contacts", "Everybody", fields={"email": "email"})
    encode = Profiles.encode
    monkeypatch.setattr(
        Profiles,
        "encode",
        lambda *given: [replace(call, path=f"/api/profile-{job}-jobs") for call in encode(*given)],
    )
    with pytest.raises(ForbiddenRequest, match="may never be sent from here"):
        ten.run(sync)
    assert klaviyo_calls(ten) == {("POST", "/api/lists")}


# tool → how its lists are filled, what they rest on, where the double shows both, and who is out there
LISTS = {
    "klaviyo": ("list_membership", "profile", ("lists", "profiles"), "klaviyo_profiles where suppressed"),
    "hubspot": ("list_membership", "contact", ("lists", "contacts"), "hubspot_contacts where opted_out"),
    "sendgrid": ("contact", "contact", ("lists", "contacts"), "sendgrid_suppressions"),
    "customerio": (
        "segment_membership",
        "person",
        ("segments", "people"),
        "customerio_people where unsubscribed",
    ),
}


@pytest.mark.parametrize("tool", LISTS)
def test_story_07_leaving_one_list_was_a_global_unsubscribe(ten, declare, tool):
    """Iterable's `channelUnsubscribe: true` on leaving a list is "essentially a global unsubscribe".

    Rule: leaving a list takes a person out of that list: they stay a contact, in every other list, and unsubscribed
    from nothing.
    """
    membership, contact, (lists, people), out = LISTS[tool]
    names = ("1", "2") if tool == "customerio" else ("Lapsed", "VIPs")
    under = declare("under", tool, contact, "contacts", "Everybody", fields={"email": "email"})
    one, other = (
        declare(f"in_{table}", tool, membership, table, name, fields={"email": "email"})
        for table, name in zip(("lapsed", "vips"), names, strict=True)
    )
    assert {result.status for result in ten.run(under, one, other)} == {"sent"}
    ten.people("lapsed", TEN[3:])
    assert {result.sync: result.removed for result in ten.run(under, one, other)} == {
        "under": 0,
        "in_lapsed": 3,
        "in_vips": 0,
    }
    shown = ten.ask("/_state")[tool]
    person = "id" if tool == "customerio" else "email"
    wanted = [row[0 if tool == "customerio" else 1] for row in TEN]
    assert {row[person] for row in shown[lists][names[0]]} == set(wanted[3:])
    assert {row[person] for row in shown[lists][names[1]]} == set(wanted)
    assert {row[person] for row in shown[people]["all"]} == set(wanted)
    assert at_a_tool(ten, f"select * from {out}") == []


def test_story_07_leaving_a_segment_of_mailchimp_leaves_the_subscription(ten, contacts, lapsed):
    """The same at Mailchimp, whose segments are part of one audience."""
    ten.run(contacts, lapsed)
    ten.people("lapsed", TEN[3:])
    assert ten.run(lapsed).removed == 3
    assert ten.subscribed() == EMAILS


def test_story_07_a_field_that_may_have_one_value_only_is_checked_wherever_it_stands():
    """What a tool such as Iterable would state in its facts."""
    spec = replace(AUDIENCE_SPEC, allowed_values={"channelUnsubscribe": frozenset({False})})
    never_sent.check(request_of(listId=1, channelUnsubscribe=False), spec)
    with pytest.raises(ForbiddenRequest, match="channelUnsubscribe as True"):
        never_sent.check(request_of(subscribers=[{"email": "p0@x.org", "channelUnsubscribe": True}]), spec)


def test_story_07_what_is_forbidden_never_leaves_and_nothing_of_it_is_acknowledged(
    ten, audience, monkeypatch
):
    """The check stands between the module and the network."""
    monkeypatch.setattr(
        CustomAudience, "spec", replace(AUDIENCE_SPEC, forbidden_fields=frozenset({"payload"}))
    )
    with pytest.raises(ForbiddenRequest, match="written the field payload"):
        ten.run(audience)
    assert not any("/users" in row["path"] for row in ten.writes())
    monkeypatch.undo()
    assert ten.run(audience).added == 10


def test_story_08_a_changed_mapping_emptied_the_audience_first(ten, audience):
    """A field was added, the tool deleted everybody and started again, and the ads had to learn anew.

    Rule: the difference is planned, never delete-then-add: a changed mapping updates people where they are.
    """
    ten.run(audience.model_copy(update={"fields": {"EMAIL": "email"}}))
    before = len(ten.writes())
    result = ten.run(audience)
    assert (result.updated, result.removed, result.added) == (10, 0, 0)
    assert {row["method"] for row in ten.writes()[before:]} == {"POST"}


def test_story_08_new_normalising_rules_fill_the_audience_before_they_empty_it(ten, audience, monkeypatch):
    """When every identifier changes, the new ones are in before the old ones leave."""
    ten.run(audience)
    shouting = AUDIENCE_SPEC.match_keys[0].normalise
    key = replace(AUDIENCE_SPEC.match_keys[0], normalise=lambda column: f"sha256('v2' || {shouting(column)})")
    rules = {**AUDIENCE_SPEC.rules, "EMAIL": (("EMAIL", key.normalise),)}
    spec = replace(
        AUDIENCE_SPEC, norm_version="2", rules=rules, match_keys=(key, *AUDIENCE_SPEC.match_keys[1:])
    )
    monkeypatch.setattr(CustomAudience, "spec", spec)
    before = len(ten.writes())
    result = ten.run(audience)
    assert (result.added, result.removed) == (10, 10)
    assert [row["method"] for row in ten.writes()[before:]] == ["POST", "DELETE"]
    assert len(ten.audience("VIPs")) == 10


def test_story_09_a_full_resync_left_the_leavers_in_the_audience(ten, audience):
    """ "Resync everything" only added; who had left in between stayed targeted for ever.

    Rule: a resync is a comparison of both sides with what was acknowledged, so leavers leave in it.
    """
    ten.run(audience.model_copy(update={"fields": {"EMAIL": "email"}}))
    ten.people("vips", TEN[:7])
    result = ten.run(audience)
    assert (result.updated, result.removed) == (7, 3)
    assert {row["EMAIL"] for row in ten.audience("VIPs")} == {sha256(email) for _, email in TEN[:7]}


def test_story_10_what_a_cancelled_sync_had_not_sent_was_never_sent(ten, contacts, monkeypatch):
    """Somebody pressed Cancel; the rows that had been read but not sent were gone for good.

    Rule: nothing is done until it is acknowledged: what a cancelled run did not send stays planned.
    """
    monkeypatch.setattr(Contacts, "spec", replace(CONTACT_SPEC, wave=4))

    def cancel(_stage, done, _total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ten.run(contacts, progress=cancel)
    assert len(ten.subscribed()) == 4
    assert ten.run(contacts).added == 6
    assert ten.subscribed() == EMAILS


class Hook:
    """A pretend message tool: every call reaches a person, so a second one is felt."""

    spec = replace(
        CONTACT_SPEC, destination="hook", object="message", inspects=False, repeats_safely=False, wave=5
    )

    def classify(self, response):
        return CustomAudience().classify(response)

    def open_target(self, name, _account_id, _fields, /):
        return name
        yield

    def inspect(self, _operations, _target, /):
        return []

    def encode(self, operations, _target):
        return [Request("POST", f"/{op.remote_id}/{op.action}", op_ids=(op.op_id,)) for op in operations]

    def decode(self, _request, _response, operations, /):
        return for_all(operations, Status.ACCEPTED)


class Phone:
    """What the people behind the hook received, and how the next calls go wrong: by call number."""

    def __init__(self):
        self.received, self.faults, self.calls = [], {}, 0

    def answer(self, request):
        self.calls += 1
        fault = self.faults.get(self.calls)
        if fault == "unreachable":
            raise httpx.ConnectError("refused")
        if fault == "busy":
            return httpx.Response(429)
        self.received.append(request.url.path)
        if fault == "no answer":
            raise httpx.ReadTimeout("slow")
        return httpx.Response(500 if fault == "failed" else 200)


@pytest.fixture
def hook(ten, declare, monkeypatch):
    """A sync to the pretend message tool, and what was received there."""
    monkeypatch.setitem(DESTINATIONS, ("hook", "message"), Hook())
    phone = Phone()
    mounted = httpx.MockTransport(phone.answer)
    account = Account("hook", "http://hook.invalid", "1", mounted=mounted)
    ten.accounts = Accounts({"hook": account})
    return declare("hooks", "hook", "message", "vips", "welcome", fields={"email": "email"}), phone


@pytest.mark.parametrize("fault", ["no answer", "failed"])
def test_story_11_a_retry_after_a_time_out_sent_the_message_twice(ten, hook, fault):
    """The tool had sent the message but answered too late; the retry sent it again.

    Rule: "unknown" is a state of its own. Where a second delivery would be felt, what had no answer is never sent
    again by itself, whatever happens to the row; a person sees it and decides.
    """
    sync, phone = hook
    phone.faults = {3: fault}
    result = ten.run(sync)
    assert (result.added, result.failed, len(phone.received)) == (9, 1, 10)
    ten.people("vips", [(customer, email, None, "Changed") for customer, email in TEN])
    again = ten.run(sync)
    assert len(phone.received) == len(set(phone.received)) == 10
    assert list(again.refused) == [
        "had no answer last time, and sending again might reach this person twice: a person must decide"
    ]
    ten.people("vips", [])
    ten.run(sync, confirmed=True)
    assert len(phone.received) == len(set(phone.received)) == 20


@pytest.mark.parametrize("fault", ["unreachable", "busy"])
def test_story_11_what_surely_never_arrived_is_sent_again(ten, hook, fault):
    """The other half: a message that cannot have been delivered must not be lost either."""
    sync, phone = hook
    phone.faults = dict.fromkeys(range(3, 9), fault)
    ten.run(sync)
    ten.run(sync)
    ten.run(sync)
    assert len(phone.received) == len(set(phone.received)) == 10


def test_story_11_a_crash_between_call_and_answer_does_not_send_the_message_again(ten, hook, monkeypatch):
    """As after a time-out, so after a crash: the journal knows that it was sent."""
    from reverse_etl.journal import Journal

    sync, phone = hook

    def crash(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "settle", crash)
        with pytest.raises(KeyboardInterrupt):
            ten.run(sync)
    ten.run(sync)
    assert len(phone.received) == len(set(phone.received)) == 10


def test_story_12_rows_in_the_air_were_lost_once_the_watermark_had_passed_them(ten, contacts, monkeypatch):
    """Later rows had arrived, the watermark moved on, and the failed ones in the middle were never looked at again.

    Rule: there is no watermark: what is not acknowledged record by record is still to be done.
    """
    monkeypatch.setattr(Contacts, "spec", replace(CONTACT_SPEC, concurrency=1))
    middle = hashlib.md5(b"p4@x.org").hexdigest()
    ten.fault(tool="mailchimp", kind="server_error", times=3, method="PUT", path_part=middle)
    assert (ten.run(contacts).added, ten.subscribed()) == (9, EMAILS - {"p4@x.org"})
    assert ten.run(contacts).added == 1
    assert ten.subscribed() == EMAILS


@pytest.mark.parametrize("seed", range(20))
def test_story_13_errors_of_a_batch_were_written_to_the_wrong_people(seed):
    """The tool named its errors by position, the position had shifted, and the wrong rows were called bad.

    Rule: every outcome belongs to an operation's id, found by what the tool says about it and in whatever order.
    """
    chance = random.Random(seed)
    operations = [
        Operation(f"op{n}", Action.ADD, Lane.REGULAR, f"c{n}", f"r{n}", {"email_address": f"p{n}@x.org"}, {})
        for n in range(50)
    ]
    bad = set(chance.sample(range(50), 12))
    errors = [{"email_addresses": [f"P{n}@x.org"], "error": f"bad {n}"} for n in bad]
    chance.shuffle(errors)
    body = {"members_added": [{}], "errors": errors}
    plugin = SegmentMemberships()
    target = Target("k", "S", "l", "1")
    (request,) = plugin.encode(operations, target)
    outcomes = {outcome.op_id: outcome for outcome in plugin.decode(request, Response(200, body), operations)}
    assert {op_id for op_id, outcome in outcomes.items() if outcome.status is Status.REJECTED} == {
        f"op{n}" for n in bad
    }
    assert all(outcomes[f"op{n}"].reason == f"Mailchimp: bad {n}" for n in bad)


def test_story_13_who_is_named_in_an_answer_is_who_is_refused_in_a_whole_run(ten, lapsed, contacts):
    """Four of ten are no contacts yet: exactly they are refused, and exactly the others are in."""
    ten.people("contacts", TEN[4:])
    ten.run(contacts)
    result = ten.run(lapsed)
    assert (result.added, sum(result.rejected.values())) == (6, 4)
    assert set(reasons(ten)) == set(IDS[:4])
    assert ten.segment("Lapsed buyers") == {email for _, email in TEN[4:]}


def test_story_13_an_answer_that_forgets_an_operation_acknowledges_nothing(
    ten, lapsed, contacts, monkeypatch
):
    """A destination module that loses count is stopped before anything is acknowledged."""
    from reverse_etl.errors import AnswerMismatch

    ten.run(contacts)
    decode = SegmentMemberships.decode
    monkeypatch.setattr(SegmentMemberships, "decode", lambda self, *arguments: decode(self, *arguments)[1:])
    with pytest.raises(AnswerMismatch):
        ten.run(lapsed)
    monkeypatch.undo()
    assert ten.run(lapsed).added == 10


def test_story_14_the_tool_wrote_the_address_differently_and_the_mirror_archived_the_contact(
    ten, lapsed, contacts
):
    """The tool reformatted the key; the mirror did not know it again, took it for stale and archived it.

    Rule: the comparison is with what we sent and the tool acknowledged, never with how the tool shows it.
    """
    ten.run(contacts, lapsed)
    at_a_tool(ten, "update mailchimp_members set email = upper(email)")
    before = len(ten.writes())
    assert [result.operations for result in ten.run(contacts, lapsed)] == [0, 0]
    ten.people("lapsed", TEN[1:])
    assert ten.run(lapsed).removed == 1
    assert len(ten.writes()) == before + 1


def test_story_15_a_mirror_removed_people_whom_others_had_added(crowd, lapsed):
    """ "54 of 55" rows of an audience belonged to other writers, and a mirror deleted them.

    Rule: only what we added is ever removed.
    """
    crowd.people("lapsed", [("c_0", "p000@x.org"), ("c_1", "p001@x.org")])
    crowd.consent("c_0", "c_1")
    crowd.run(lapsed)
    at_a_tool(
        crowd,
        "insert or ignore into mailchimp_segment_members select 1, hash from mailchimp_members where email >= 'p100'",
    )
    crowd.people("lapsed", [])
    assert crowd.run(lapsed, confirmed=True).removed == 2
    assert len(crowd.segment("Lapsed buyers")) == 50


def test_story_16_waiting_for_a_rate_limit_used_up_the_retries(ten, audience):
    """Five times "slow down", and the five attempts were gone before anything had been tried.

    Rule: being asked to slow down costs time, never an attempt: twenty of them and two failures still end well.
    """
    ten.fault(tool="meta", kind="rate_limited", times=10, method="POST", path_part="/users", retry_after=0)
    ten.fault(tool="meta", kind="server_error", times=2, method="POST", path_part="/users")
    ten.fault(tool="meta", kind="rate_limited", times=10, method="POST", path_part="/users", retry_after=0)
    assert ten.run(audience).added == 10


def test_story_17_an_error_later_on_rolled_back_the_marks_of_what_had_failed(world, contacts, monkeypatch):
    """The marks of failed rows stood in the transaction that a later error rolled back: they failed for ever.

    Rule: every step of the journal is a transaction of its own, finished before the next call.
    """
    monkeypatch.setattr(Contacts, "spec", replace(CONTACT_SPEC, wave=5))
    world.people("contacts", [*TEN[:4], ("c_3_bad", "bad@fake.test"), *TEN[4:]])
    world.consent("c_3_bad", *IDS)

    def fail(_stage, done, _total):
        if done == 10:
            raise RuntimeError("the machine is out of memory")

    with pytest.raises(RuntimeError):
        world.run(contacts, progress=fail)
    sent = len(world.writes())
    result = world.run(contacts)
    assert list(reasons(world)) == ["c_3_bad"]
    assert (result.added, result.refused) == (
        1,
        {"was refused by the destination before and has not changed since": 1},
    )
    assert len(world.writes()) == sent + 1


def test_story_18_hashed_and_plain_values_were_mixed_hashed_twice_or_sent_plain(ten, audience):
    """Some rows were hashed before they came, were hashed again and matched nobody; others went out in plain text.

    Rule: what looks like a digest is refused, everything else is normalised and hashed once, in one place.
    """
    ten.people("vips", [("c_0", sha256("p0@x.org")), ("c_1", sha256("p1@x.org").upper()), *TEN[2:]])
    result = ten.run(audience)
    assert (result.added, result.refused) == (8, {"has no usable address or number for this destination": 2})
    sent = json.dumps(ten.writes())
    assert "x.org" not in sent
    assert not any(sha256(sha256(email)) in sent for email in EMAILS)
    assert {row["EMAIL"] for row in ten.audience("VIPs")} == {sha256(email) for _, email in TEN[2:]}


def test_story_19_zero_and_false_were_dropped_and_numbers_changed_their_form(world, contacts):
    """`false` and `0` counted as empty and were left out; a number became another text each night.

    Rule: only null is empty, and it clears the field; every other value has one text, the same every time.
    """
    with world.warehouse() as connection:
        connection.execute(
            "create table syncs.contacts as select * from (values "
            "('c_0', 'p0@x.org', 0, false, 0.1::double + 0.2::double, 'x'), "
            "('c_1', 'p1@x.org', null, true, 1e0::double, null)) "
            "as people(customer_id, email, orders, is_vip, score, note)"
        )
    world.consent("c_0", "c_1")
    fields = {"email_address": "email", "ORDERS": "orders", "VIP": "is_vip", "SCORE": "score", "NOTE": "note"}
    sync = contacts.model_copy(update={"fields": fields})
    world.run(sync)
    held = {email: member["merge_fields"] for email, member in world.mailchimp()["members"].items()}
    assert held["p0@x.org"] == {"ORDERS": "0", "VIP": "false", "SCORE": "0.3", "NOTE": "x"}
    assert held["p1@x.org"] == {"ORDERS": "", "VIP": "true", "SCORE": "1.0", "NOTE": ""}
    with world.warehouse() as connection:
        connection.execute("update syncs.contacts set score = 0.3 where customer_id = 'c_0'")
    assert world.run(sync).operations == 0
    with world.warehouse() as connection:
        connection.execute("update syncs.contacts set note = null where customer_id = 'c_0'")
    assert world.run(sync).updated == 1
    assert world.mailchimp()["members"]["p0@x.org"]["merge_fields"]["NOTE"] == ""


def test_story_20_a_pushed_status_unsubscribed_people_for_good(seeded, contacts):
    """A column named status was sent along, and unsubscribed people in a way that no call can undo.

    Rule: a subscription is not ours to write: not by a mapped column, not by an update, not by a removal; the dry run
    shows every request beforehand.
    """
    people = [("c_in", "in@x.org", None, "unsubscribed"), ("c_new", "new@x.org", None, "unsubscribed")]
    seeded.people("contacts", people)
    seeded.consent("c_in", "c_new")
    sync = contacts.model_copy(update={"fields": {"email_address": "email", "status": "first_name"}})
    shown = [request.json for request in seeded.plan(sync).requests()]
    assert len(shown) == 2
    assert all(body.keys() == {"email_address", "status_if_new", "merge_fields"} for body in shown)
    seeded.run(sync)
    assert seeded.subscribed() == {"in@x.org", "new@x.org"}
    seeded.people("contacts", [])
    seeded.run(sync, confirmed=True)
    held = {email: member["status"] for email, member in seeded.mailchimp()["members"].items()}
    assert (held["in@x.org"], held["new@x.org"]) == ("subscribed", "archived")


HUNDRED = [(f"c_{number}", f"p{number}@x.org") for number in range(120)]


@pytest.fixture
def ads(world, declare):
    """Audiences of the ad tools of 120 people, as large as the tools ask for."""
    world.people("vips", HUNDRED)
    world.consent(*(customer for customer, _ in [*HUNDRED, ("c_new", "")]), channel="ads")
    return {
        "meta": declare("ads", "meta", "custom_audience", "vips", "VIPs", fields={"EMAIL": "email"}, channel="ads"),
        "google": declare("ads", "google", "user_list", "vips", "VIPs", fields={"email": "email"}, channel="ads"),
    }  # fmt: skip


def in_the_audience(world, tool):
    kind, field = {"meta": ("audiences", "EMAIL"), "google": ("user lists", "email")}[tool]
    return {row[field] for row in world.ask("/_state")[tool][kind]["VIPs"]}


@pytest.mark.parametrize("tool", ["meta", "google"])
def test_story_21_an_audience_was_replaced_because_replacing_is_the_default(world, ads, tool):
    """TikTok's file audiences replace everything unless told otherwise, once a day, and fail below 1,000 people.

    Rule: what changes is sent and nothing else, by calls that only add or only delete; nobody leaves for another's coming.
    """
    assert world.run(ads[tool]).added == 120
    before = len(world.writes())
    world.people("vips", [*HUNDRED[1:], ("c_new", "new@x.org")])
    result = world.run(ads[tool])
    assert (result.added, result.removed) == (1, 1)
    calls = world.writes()[before:]
    joins, leaves = ({"POST"}, {"DELETE"}) if tool == "meta" else ({"ingest"}, {"remove"})
    said = [row["method"] if tool == "meta" else row["path"].rpartition(":")[2] for row in calls]
    assert said == [*joins, *leaves]
    assert all(str(row["body"]).count(sha256("p5@x.org")) == 0 for row in calls)
    assert in_the_audience(world, tool) == {
        sha256(email) for _, email in [*HUNDRED[1:], ("c_new", "new@x.org")]
    }


@pytest.mark.parametrize(
    ("tool", "path"), [("meta", "/v25.0/1/usersreplace"), ("google", "/v1/audienceMembers:removeAll")]
)
def test_story_21_a_call_that_replaces_is_stopped_before_the_network(world, ads, monkeypatch, tool, path):
    """Meta and Google have such calls too; each tool's facts forbid them."""
    plugin = type(ads[tool].plugin)
    encode = plugin.encode
    with monkeypatch.context() as patched:
        patched.setattr(
            plugin, "encode", lambda *given: [replace(call, path=path) for call in encode(*given)]
        )
        with pytest.raises(ForbiddenRequest, match="may never be sent from here"):
            world.run(ads[tool])
    assert not any(sha256("p5@x.org") in str(row["body"]) for row in world.writes())


def test_story_21_an_action_is_always_said():
    """What a tool whose default replaces would state in its facts."""
    spec = replace(AUDIENCE_SPEC, allowed_values={"action": frozenset({"add", "delete"})})
    never_sent.check(request_of("/open_api/v1.3/segment/mapping/", action="add"), spec)
    with pytest.raises(ForbiddenRequest):
        never_sent.check(request_of("/open_api/v1.3/segment/mapping/", action="REPLACE"), spec)


@pytest.mark.parametrize("tool", ["meta", "google"])
def test_story_21_an_audience_that_would_become_too_small_is_held(world, ads, tool):
    """The other half: nothing is added to an audience below the tool's minimum."""
    world.people("vips", HUNDRED[:99])
    result = world.run(ads[tool])
    assert (result.status, result.added) == ("held", 0)
    assert "the audience must have at least 100" in result.held_reason
    assert not any(sha256("p5@x.org") in str(row["body"]) for row in world.writes())


def test_every_story_has_a_test_of_its_own_name():
    """All 21 stories, by number."""
    told = {name.split("_")[2] for name in globals() if name.startswith("test_story_")}
    assert told == {f"{number:02}" for number in range(1, 22)}
