"""Random histories of people, consent, merges, settings, lost answers, jobs and crashes: at the end the tool is exact.

Planning one run costs 0.1 s of engine time however few people there are, so many histories share an installation:
each has people, addresses, answers and crashes of its own, and must end as it would alone.
"""

import os
import random
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverse_etl.accounts import Account, Accounts
from reverse_etl.closing import close_run
from reverse_etl.contract import Acknowledgement, Action, MatchKey, Outcome, Request, Response, Status, Target
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.destinations.answers import classify_by_status, handed_over
from reverse_etl.destinations.mailchimp import MEMBERSHIP_SPEC
from reverse_etl.destinations.unread import Unread
from reverse_etl.gates import Counts
from reverse_etl.jobs import collect
from reverse_etl.journal import Journal
from reverse_etl.left_behind import plan_left_behind
from reverse_etl.plan import Plan
from reverse_etl.planner import STATE_CATALOG, plan_sync, target_key
from reverse_etl.sender import Sender
from reverse_etl.transport import Patience

HISTORIES = int(os.environ.get("CDP_TEST_HISTORIES", "10000"))
AT_ONCE = 500
PERSONS = [f"c_{number}" for number in range(6)]
NAMES = ("ann", "bob", "cat", "dan", "eve")
FOREIGN = "somebody.else@x.org"
STEPS = 3
ONE_LOOK = Patience(job_budget=0.0)
FATES = ("done", "done", "lost before", "lost after", "refused")
JOB_FATES = (*FATES, "slow", "slower", "slow and refused")

people = st.dictionaries(st.sampled_from(PERSONS), st.sampled_from([*NAMES, None]))
consents = st.dictionaries(
    st.sampled_from(PERSONS), st.sampled_from(["granted", "granted", "denied", "unknown"])
)
suppressed = st.sets(st.sampled_from(NAMES), max_size=1)
merges = st.lists(st.tuples(st.sampled_from(PERSONS), st.sampled_from(PERSONS)), max_size=2)
fates = st.lists(st.sampled_from(JOB_FATES), min_size=1, max_size=5)
crashes = st.sampled_from([None, None, "before the call", "after the call"])
facts = st.tuples(people, consents, suppressed, merges)
steps = st.lists(st.tuples(facts, fates, crashes), min_size=STEPS, max_size=STEPS)


def draw(chance):
    """A history as the strategies above draw it, much quicker, and not to be made smaller when it fails."""
    return [(_facts(chance), _fates(chance), _crash(chance)) for _ in range(STEPS)], _facts(chance)


def _facts(chance):
    people = {person: chance.choice([*NAMES, None]) for person in PERSONS if chance.random() < 0.7}
    stated = ("granted", "granted", "granted", "denied", "unknown")
    consents = {person: chance.choice(stated) for person in PERSONS if chance.random() < 0.9}
    merges = [tuple(chance.sample(PERSONS, 2)) for _ in range(chance.choice([0, 0, 1, 2]))]
    return people, consents, set(chance.sample(NAMES, chance.randint(0, 1))), merges


def _fates(chance):
    return chance.choices(JOB_FATES, k=chance.randint(1, 5))


def _crash(chance):
    return chance.choice([None, None, "before the call", "after the call"])


def united(facts):
    """The customers that the persons are now: merged ones share an id, an address and the strictest consent."""
    people, consents, suppressed, merges = facts
    owner = {person: person for person in PERSONS}
    for absorbed, survivor in merges:
        owner = {person: owner[survivor] if now == owner[absorbed] else now for person, now in owner.items()}
    rows, stated = {}, {}
    for person in PERSONS:
        customer = owner[person]
        if person in people:
            rows[customer] = rows.get(customer) or people[person]
        said = {stated.get(customer, "unknown"), consents.get(person, "unknown")}
        stated[customer] = next(word for word in ("denied", "granted", "unknown") if word in said)
    return rows, stated, suppressed


def named(number, facts):
    """The customers of one history under names that no other history has."""
    rows, stated, suppressed = united(facts)
    address = {name: f"{name}{number}@x.org" for name in NAMES} | {None: None}
    return (
        {f"{customer}_{number}": address[name] for customer, name in rows.items()},
        {f"{customer}_{number}": status for customer, status in stated.items()},
        {address[name] for name in suppressed},
    )


class Tool(Unread):
    """A segment as a set of addresses; jobs end when they are polled often enough. Stands for transport and module."""

    def __init__(self, object_, **facts):
        self.spec = replace(MEMBERSHIP_SPEC, destination="pretend", object=object_, **facts)
        self.members, self.jobs, self.sent = {}, {}, {}
        self.is_counting = not self.spec.repeats_safely

    def classify(self, response):
        return classify_by_status(response)

    def poll(self, job, operations, _target, /):
        answer = yield Request("GET", job)
        return [answer.body.get(op.op_id) or handed_over([op], job)[0] for op in operations]

    def send_all(self, requests):
        for request in requests:
            yield request, Response(200, self._work(request.path))

    def _work(self, job):
        self.jobs[job]["left"] -= 1
        if self.jobs[job]["left"] > 0:
            return {}
        return {op.op_id: self.do(op, target, fate) for op, target, fate in self.jobs[job]["work"]}

    def note(self, operation, fate):
        """Where a second delivery is felt, nothing that may have arrived is sent again before its opposite was."""
        email = operation.identifiers["email_address"]
        assert not self.is_counting or self.sent.get(email) is not operation.action
        is_refused = "refused" in fate and operation.action is not Action.REMOVE
        self.sent[email] = None if is_refused else operation.action

    def hand_over(self, operation, target, fate, run):
        job = f"{target}:{run}:{fate.split()[0]}"
        job_of = self.jobs.setdefault(
            job, {"left": {"slow": 1, "slower": 3}.get(fate.split()[0], 0), "work": []}
        )
        job_of["work"].append((operation, target, fate))
        return handed_over([operation], job)[0]

    def do(self, operation, target, fate):
        if "refused" in fate and operation.action is not Action.REMOVE:
            return Outcome(operation.op_id, Status.REJECTED, "no", is_permanent=False)
        email, members = operation.identifiers["email_address"], self.members.setdefault(target, {FOREIGN})
        if fate != "lost before":
            (members.discard if operation.action is Action.REMOVE else members.add)(email)
        if fate.startswith("lost"):
            return Outcome(operation.op_id, Status.UNKNOWN, "no answer")
        return Outcome(operation.op_id, Status.ACCEPTED)


def _second_rules(column):
    return f"('v2.' || lower({column}))"


TOOLS = {
    "answers at once": {},
    "works in jobs": {"acknowledgement": Acknowledgement.JOB},
    "is felt": {"repeats_safely": False},
}
SECOND = {
    "norm_version": "2",
    "match_keys": (MatchKey("email_address", "email", _second_rules),),
    "rules": {"email_address": (("email_address", _second_rules),)},
}


class Installation:
    """One in-memory installation for all histories, and one tool. `changes` = its settings change between runs."""

    def __init__(self, stores, declaration, monkeypatch, kind, *, changes=True):
        self.stores, self.run, self.changes = stores, 0, changes
        self.spared = 0  # rows that a fingerprint spared working out anew
        self.tool = Tool(kind, **TOOLS[kind])
        monkeypatch.setitem(DESTINATIONS, ("pretend", kind), self.tool)
        self.first = declaration.model_copy(update={"destination": "pretend", "object": kind})
        self.sync, self.is_second = self.first, False
        self.accounts = Accounts({"pretend": Account("pretend", "http://pretend.invalid", "1")})
        with stores.warehouse() as connection:
            connection.execute("drop schema if exists syncs cascade; drop schema if exists marts cascade")
            connection.execute("create schema syncs; create schema marts")
            for table in ("acked", "op_journal", "dead_letters", "refusals", "sync_runs", "sync_log"):
                connection.execute(f"delete from state_store.activation.{table}")

    def set(self, worlds):
        """What the models say now: the facts of every history together."""
        people = {customer: email for facts in worlds for customer, email in facts[0].items()}
        consents = {customer: status for facts in worlds for customer, status in facts[1].items()}
        suppressed = [email for facts in worlds for email in facts[2]]
        with self.stores.warehouse() as connection:
            connection.execute("create or replace table syncs.s (customer_id text, email text, note text)")
            connection.execute(
                "create or replace table marts.consents "
                "(customer_id text, purpose text, channel text, status text, opted_in_at timestamp, rule text)"
            )
            connection.execute(
                "create or replace table marts.suppressions (identifier_type text, identifier_value text, channel text)"
            )
            connection.execute(
                "insert into syncs.s select unnest(?), unnest(?), 'x'", [list(people), list(people.values())]
            )
            connection.execute(
                "insert into marts.consents select unnest(?), 'marketing', 'email', unnest(?), "
                "timestamp '2026-01-01', 'stated'",
                [list(consents), list(consents.values())],
            )
            connection.execute(
                "insert into marts.suppressions select 'email', unnest(?), 'email'", [list(suppressed)]
            )

    def change_settings(self, chance):
        """Another mapping, another mode, other normalising rules or another target, and perhaps back again."""
        if not self.changes:
            return
        fields = {"email_address": "email"} | ({"NOTE": "note"} if chance.random() < 0.5 else {})
        self.sync = self.first.model_copy(
            update={
                "fields": fields,
                "target": chance.choice(["S", "S", "T"]),
                "mode": chance.choice(["mirror", "mirror", "upsert", "add_only"]),
            }
        )
        self.is_second = chance.random() < 0.3
        facts = {**TOOLS[self.first.object], **(SECOND if self.is_second else {})}
        self.tool.spec = replace(
            MEMBERSHIP_SPEC,
            destination="pretend",
            object=self.first.object,
            other=lambda column: column,
            **facts,
        )

    def step(self, worlds, disturbances=None):
        """One run, each history disturbed as told; checks that nobody who may not be sent is sent."""
        self.set(worlds)
        self.run += 1
        key = target_key(self.sync, self.accounts.find("pretend"))
        sender = Sender(self.tool, self.tool, Target(key, self.sync.target, "1", "1"))
        self._collect(Plan(self.sync, key, Counts()), sender)
        with self.stores.warehouse() as connection:
            options = {"confirmed": True, "run_id": f"r{self.run}"}
            anew = plan_sync(connection, self.sync, self.accounts, uses_fingerprints=False, **options)
            plan = plan_sync(connection, self.sync, self.accounts, **options)
            self.spared += connection.execute("select count(*) from plan_same").fetchone()[0]
            assert told_by(plan) == told_by(anew)
            old_targets = plan_left_behind(
                connection, [self.sync.name], [self.sync], self.accounts, STATE_CATALOG,
                run_id=f"r{self.run}", decided=self.sync,
            )  # fmt: skip
        for old in old_targets:
            assert all(op.lane == "withdrawal" for wave in old.waves(100_000) for op in wave)
            self._carry_out(old, sender, worlds, disturbances)
        journal = self._carry_out(plan, sender, worlds, disturbances)
        if disturbances is None or self.run % 2:
            row = {"run_id": f"r{self.run}", "sync": self.sync.name, **_RUN}
            close_run(journal, row, settle_locally=True)
        return plan

    def _carry_out(self, plan, sender, worlds, disturbances):
        journal = self._journal(plan)
        sent = journal.begin([operation for wave in plan.waves(100_000) for operation in wave])
        sent = by_lane(sent, lambda operation: (operation.action, operation.lane, operation.op_id))
        allowed = [may_be_sent(*facts) for facts in worlds]
        answered, outcomes = [], {}
        for place, operation in enumerate(sent):
            number = int(operation.record_key.rpartition("_")[2])
            fates, crash = disturbances[number] if disturbances else (["done"], None)
            fate = fates[place % len(fates)]
            # after a crash nobody knows whether the call was made
            self.tool.note(operation, "" if crash else fate)
            if crash == "before the call":
                continue
            target = plan.sync.target
            outcome = self._deliver(operation, target, fate, allowed[number], is_known=crash is None)
            if crash is None:
                answered.append(operation)
                outcomes[operation.op_id] = outcome
        journal.settle(answered, outcomes)
        self._collect(plan, sender)
        return journal

    def _journal(self, plan):
        return Journal(self.stores.state, plan, f"r{self.run}", datetime(2026, 10, 31))

    def _collect(self, plan, sender):
        if self.tool.spec.acknowledgement is Acknowledgement.JOB:
            collect(self._journal(plan), sender, ONE_LOOK, lambda *_: None)

    def _deliver(self, operation, target, fate, allowed, *, is_known):
        email = operation.identifiers["email_address"]
        assert email != FOREIGN
        if operation.action is not Action.REMOVE:
            assert email.removeprefix("v2.") in allowed
        # a job whose id was lost in a crash has ended by the next run
        works_in_jobs = self.tool.spec.acknowledgement is Acknowledgement.JOB
        if works_in_jobs and is_known and not fate.startswith("lost"):
            return self.tool.hand_over(operation, target, fate, self.run)
        return self.tool.do(operation, target, fate)

    def members(self):
        return self.tool.members.get(self.sync.target, {FOREIGN})

    def opted_out_anywhere(self, worlds):
        """Who is still in some target although they said no: as stated now for whom the state says they are."""
        denied = {customer for facts in worlds for customer, status in facts[1].items() if status == "denied"}
        suppressed = {f"v2.{email}" if self.is_second else email for facts in worlds for email in facts[2]}
        with self.stores.state() as state:
            rows = state.execute(
                """select target_key, identifiers ->> 'email_address', record_key from activation.acked union all
                select target_key, identifiers ->> 'email_address', record_key from activation.op_journal
                where state in ('sent', 'unknown', 'pending') and action <> 'remove'"""
            ).fetchall()
        owners = {(key.split(":")[-1], email): customer for key, email, customer in rows}
        there = {
            (target, email) for target, emails in self.tool.members.items() for email in emails - {FOREIGN}
        }
        return {one for one in there if one[1] in suppressed or owners.get(one) in denied}

    def states(self):
        with self.stores.state() as state:
            found = state.execute(
                "select distinct state from activation.op_journal where target_key = ?",
                [target_key(self.sync, self.accounts.find("pretend"))],
            ).fetchall()
        return {state for (state,) in found}


_RUN = {
    "destination": "pretend",
    "target": "S",
    "started_at": datetime(2026, 10, 31),
    "finished_at": datetime(2026, 10, 31),
    "status": "sent",
    "refused": "{}",
    "rejected": "{}",
    **dict.fromkeys(
        ("desired", "added", "updated", "removed", "unchanged", "failed", "waiting", "requests"), 0
    ),
}


def may_be_sent(people, consents, suppressed):
    """Brute force: the addresses that a sync of these people may send."""
    return {
        email
        for customer, email in people.items()
        if email and consents.get(customer) == "granted" and email not in suppressed
    }


def by_lane(operations, named):
    """In the order of their lanes; inside of one, the order is the engine's own and says nothing."""
    lanes = list(dict.fromkeys(named(operation)[:2] for operation in operations))
    return sorted(operations, key=lambda operation: (lanes.index(named(operation)[:2]), named(operation)[2]))


def told_by(plan):
    """Everything a plan says, but for what it has learnt about fingerprints."""
    settled = [row for row in plan.settled_locally.to_pylist() if row["change"] != "known"]
    return (
        plan.counts,
        plan.refused,
        by_lane(plan.operations.to_pylist(), lambda row: (row["action"], row["lane"], row["op_id"])),
        plan.refusals.to_pylist(),
        sorted(settled, key=str),
    )


def check(installation, histories, chance):
    """Run the histories in one installation; each must end with exactly who may be there, and be at rest then."""
    for place in range(STEPS):
        now = [steps[place] for steps, _ in histories]
        worlds = [named(number, facts) for number, (facts, _, _) in enumerate(now)]
        installation.step(worlds, [(fates, crash) for _, fates, crash in now])
        installation.change_settings(chance)
    installation.sync = installation.sync.model_copy(update={"mode": "mirror"})
    worlds = [named(number, last) for number, (_, last) in enumerate(histories)]
    installation.step(worlds)
    if not installation.tool.is_counting:
        installation.step(worlds)  # what was still running when the undisturbed run began
        wanted = {
            f"v2.{email}" if installation.is_second else email
            for facts in worlds
            for email in may_be_sent(*facts)
        }
        assert installation.members() == {FOREIGN} | wanted
        assert installation.states() <= {"accepted", "rejected", "superseded"}
    assert installation.step(worlds).size == 0
    if installation.tool.is_counting:
        return
    # jobs in a target of before are asked about when something is sent there, so what they leave is known a run later
    assert not installation.opted_out_anywhere(worlds)


@pytest.fixture
def declaration(declare):
    return declare("s", "mailchimp", "segment_membership", "s", "S", fields={"email_address": "email"})


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.tuples(steps, facts), st.sampled_from(sorted(TOOLS)))
def test_after_an_undisturbed_run_the_destination_holds_exactly_who_may_be_there(
    memory, declaration, monkeypatch, history, kind
):
    """Few histories, each alone: one that fails is made as small as it can be."""
    installation = Installation(memory, declaration, monkeypatch, kind, changes=False)
    check(installation, [history], random.Random(0))


@pytest.mark.parametrize("kind", sorted(TOOLS))
def test_many_histories_at_once_end_as_each_would_alone(memory, declaration, monkeypatch, kind):
    for first in range(0, HISTORIES // len(TOOLS) + 1, AT_ONCE):
        chance = random.Random(f"{kind} {first}")
        installation = Installation(memory, declaration, monkeypatch, kind, changes=kind != "is felt")
        check(installation, [draw(chance) for _ in range(AT_ONCE)], chance)
        assert installation.spared > 10  # else nothing was compared
