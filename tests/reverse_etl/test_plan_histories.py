"""Random histories of people, consent, lost answers and crashes: after an undisturbed run the destination is exact."""

import os
from datetime import datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverse_etl.accounts import Accounts
from reverse_etl.contract import Action, Outcome, Status
from reverse_etl.journal import Journal
from reverse_etl.planner import plan_sync

EXAMPLES = int(os.environ.get("CDP_TEST_EXAMPLES", "30"))
CUSTOMERS = [f"c_{number}" for number in range(6)]
ADDRESSES = [f"{name}@x.org" for name in ("ann", "bob", "cat", "dan", "eve")]
FOREIGN = "somebody.else@x.org"

people = st.dictionaries(st.sampled_from(CUSTOMERS), st.sampled_from([*ADDRESSES, None]))
consents = st.dictionaries(
    st.sampled_from(CUSTOMERS), st.sampled_from(["granted", "granted", "denied", "unknown"])
)
suppressed = st.sets(st.sampled_from(ADDRESSES), max_size=1)
fates = st.lists(
    st.sampled_from(["done", "done", "lost before", "lost after", "refused"]), min_size=1, max_size=5
)
crashes = st.sampled_from([None, None, "before the call", "after the call"])
steps = st.lists(st.tuples(people, consents, suppressed, fates, crashes), min_size=1, max_size=3)
last_step = st.tuples(people, consents, suppressed)


class History:
    """One in-memory installation and a set that stands for the destination's segment."""

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

    def set(self, people, consents, suppressed):
        with self.stores.warehouse() as connection:
            connection.execute("create or replace table syncs.s (customer_id text, email text)")
            connection.execute(
                "create or replace table marts.consents "
                "(customer_id text, purpose text, channel text, status text, stated_at timestamp)"
            )
            connection.execute(
                "create or replace table marts.suppressions (identifier_type text, identifier_value text, channel text)"
            )
            connection.execute(
                "insert into syncs.s select unnest(?), unnest(?)", [list(people), list(people.values())]
            )
            connection.execute(
                "insert into marts.consents select unnest(?), 'marketing', 'email', unnest(?), timestamp '2026-01-01'",
                [list(consents), list(consents.values())],
            )
            connection.execute(
                "insert into marts.suppressions select 'email', unnest(?), 'email'", [list(suppressed)]
            )

    def step(self, allowed, fates=("done",), crash=None):
        """One run, disturbed as told; checks that nobody who may not be sent is sent."""
        self.run += 1
        with self.stores.warehouse() as connection:
            plan = plan_sync(connection, self.sync, self.accounts, confirmed=True, run_id=f"r{self.run}")
        journal = Journal(self.stores.state, plan, f"r{self.run}", datetime(2026, 10, 31))
        operations = [operation for wave in plan.waves(100) for operation in wave]
        sent = journal.begin(operations)
        if crash == "before the call":
            return plan
        outcomes = {}
        for number, operation in enumerate(sent):
            outcomes[operation.op_id] = self._deliver(operation, fates[number % len(fates)], allowed)
        if crash == "after the call":
            return plan
        journal.settle(sent, outcomes)
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


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps, last_step)
def test_after_an_undisturbed_run_the_destination_holds_exactly_who_may_be_there(
    memory, declare, steps, last
):
    declaration = declare("s", "mailchimp", "segment_membership", "s", "S", fields={"email_address": "email"})
    history = History(memory, declaration)
    for people, consents, suppressed, fates, crash in steps:
        history.set(people, consents, suppressed)
        history.step(may_be_sent(people, consents, suppressed), fates, crash)
    history.set(*last)
    allowed = may_be_sent(*last)
    history.step(allowed)
    assert history.remote == allowed | {FOREIGN}
    assert history.step(allowed).size == 0
