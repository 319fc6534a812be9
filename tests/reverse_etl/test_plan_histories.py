"""Random histories of people, consent, lost answers and crashes: after an undisturbed run the destination is exact.

Planning one run costs 0.1 s of engine time however few people there are, so many histories share an installation:
each has people, addresses, answers and crashes of its own, and must end as it would alone.
"""

import os
import random
from datetime import datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverse_etl.accounts import Accounts
from reverse_etl.contract import Action, Outcome, Status
from reverse_etl.journal import Journal
from reverse_etl.planner import plan_sync

HISTORIES = int(os.environ.get("CDP_TEST_HISTORIES", "2000"))
AT_ONCE = 100
CUSTOMERS = [f"c_{number}" for number in range(6)]
NAMES = ("ann", "bob", "cat", "dan", "eve")
FOREIGN = "somebody.else@x.org"
STEPS = 3

people = st.dictionaries(st.sampled_from(CUSTOMERS), st.sampled_from([*NAMES, None]))
consents = st.dictionaries(
    st.sampled_from(CUSTOMERS), st.sampled_from(["granted", "granted", "denied", "unknown"])
)
suppressed = st.sets(st.sampled_from(NAMES), max_size=1)
fates = st.lists(
    st.sampled_from(["done", "done", "lost before", "lost after", "refused"]), min_size=1, max_size=5
)
crashes = st.sampled_from([None, None, "before the call", "after the call"])
facts = st.tuples(people, consents, suppressed)
steps = st.lists(st.tuples(facts, fates, crashes), min_size=STEPS, max_size=STEPS)


def draw(chance):
    """A history as the strategies above draw it, much quicker, and not to be made smaller when it fails."""
    return [(_facts(chance), _fates(chance), _crash(chance)) for _ in range(STEPS)], _facts(chance)


def _facts(chance):
    people = {customer: chance.choice([*NAMES, None]) for customer in CUSTOMERS if chance.random() < 0.7}
    stated = ("granted", "granted", "granted", "denied", "unknown")
    consents = {customer: chance.choice(stated) for customer in CUSTOMERS if chance.random() < 0.9}
    return people, consents, set(chance.sample(NAMES, chance.randint(0, 1)))


def _fates(chance):
    return chance.choices(["done", "done", "lost before", "lost after", "refused"], k=chance.randint(1, 5))


def _crash(chance):
    return chance.choice([None, None, "before the call", "after the call"])


def named(number, facts):
    """The facts of one history under names that no other history has."""
    people, consents, suppressed = facts
    address = {name: f"{name}{number}@x.org" for name in NAMES} | {None: None}
    return (
        {f"{customer}_{number}": address[name] for customer, name in people.items()},
        {f"{customer}_{number}": status for customer, status in consents.items()},
        {address[name] for name in suppressed},
    )


class Installation:
    """One in-memory installation for all histories, and a set that stands for the destination's segment."""

    def __init__(self, stores, declaration):
        self.stores, self.sync = stores, declaration
        self.accounts = Accounts.load(
            Path("unused"), {"CDP_MAILCHIMP_API_KEY": "k-us1", "CDP_MAILCHIMP_LIST_ID": "l"}
        )
        self.remote, self.run = {FOREIGN}, 0
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
            connection.execute("create or replace table syncs.s (customer_id text, email text)")
            connection.execute(
                "create or replace table marts.consents "
                "(customer_id text, purpose text, channel text, status text, stated_at timestamp, rule text)"
            )
            connection.execute(
                "create or replace table marts.suppressions (identifier_type text, identifier_value text, channel text)"
            )
            connection.execute(
                "insert into syncs.s select unnest(?), unnest(?)", [list(people), list(people.values())]
            )
            connection.execute(
                "insert into marts.consents select unnest(?), 'marketing', 'email', unnest(?), timestamp '2026-01-01', 'stated'",
                [list(consents), list(consents.values())],
            )
            connection.execute(
                "insert into marts.suppressions select 'email', unnest(?), 'email'", [list(suppressed)]
            )

    def step(self, worlds, disturbances=None):
        """One run, each history disturbed as told; checks that nobody who may not be sent is sent."""
        self.set(worlds)
        self.run += 1
        with self.stores.warehouse() as connection:
            plan = plan_sync(connection, self.sync, self.accounts, confirmed=True, run_id=f"r{self.run}")
        journal = Journal(self.stores.state, plan, f"r{self.run}", datetime(2026, 10, 31))
        operations = [operation for wave in plan.waves(100_000) for operation in wave]
        sent = journal.begin(operations)
        allowed = [may_be_sent(*facts) for facts in worlds]
        answered, outcomes = [], {}
        for place, operation in enumerate(sent):
            number = int(operation.record_key.rpartition("_")[2])
            fates, crash = disturbances[number] if disturbances else (["done"], None)
            if crash == "before the call":
                continue
            outcome = self._deliver(operation, fates[place % len(fates)], allowed[number])
            if crash is None:
                answered.append(operation)
                outcomes[operation.op_id] = outcome
        journal.settle(answered, outcomes)
        return plan

    def _deliver(self, operation, fate, allowed):
        email = operation.identifiers["email_address"]
        assert email != FOREIGN
        if operation.action is not Action.REMOVE:
            assert email in allowed
            if fate == "refused":
                return Outcome(operation.op_id, Status.REJECTED, "no", is_permanent=False)
        if fate != "lost before":
            (self.remote.discard if operation.action is Action.REMOVE else self.remote.add)(email)
        if fate.startswith("lost"):
            return Outcome(operation.op_id, Status.UNKNOWN, "no answer")
        return Outcome(operation.op_id, Status.ACCEPTED)


def may_be_sent(people, consents, suppressed):
    """Brute force: the addresses that a sync of these people may send."""
    return {
        email
        for customer, email in people.items()
        if email and consents.get(customer) == "granted" and email not in suppressed
    }


def check(memory, declare, histories):
    """Run the histories in one installation; each must end with exactly who may be there, and be at rest then."""
    declaration = declare("s", "mailchimp", "segment_membership", "s", "S", fields={"email_address": "email"})
    installation = Installation(memory, declaration)
    for place in range(STEPS):
        now = [steps[place] for steps, _ in histories]
        worlds = [named(number, facts) for number, (facts, _, _) in enumerate(now)]
        installation.step(worlds, [(fates, crash) for _, fates, crash in now])
    worlds = [named(number, last) for number, (_, last) in enumerate(histories)]
    installation.step(worlds)
    assert installation.remote == {FOREIGN}.union(*(may_be_sent(*facts) for facts in worlds))
    assert installation.step(worlds).size == 0


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.tuples(steps, facts))
def test_after_an_undisturbed_run_the_destination_holds_exactly_who_may_be_there(memory, declare, history):
    """Few histories, each alone: one that fails is made as small as it can be."""
    check(memory, declare, [history])


def test_many_histories_at_once_end_as_each_would_alone(memory, declare):
    for first in range(0, HISTORIES, AT_ONCE):
        check(memory, declare, [draw(random.Random(seed)) for seed in range(first, first + AT_ONCE)])
