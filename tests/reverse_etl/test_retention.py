"""How long the records of sending are kept, and what is kept for ever because a later run needs it."""

from datetime import datetime, timedelta

from reverse_etl.journal import clock
from reverse_etl.retention import prune

TEN = [(f"c_{number}", f"p{number}@x.org") for number in range(10)]
IDS = [customer for customer, _ in TEN]
TABLES = ("acked", "dead_letters", "op_journal", "sync_log", "sync_runs")


def rows(world):
    with world.state() as state:
        return {
            table: state.execute(f"select count(*) from activation.{table}").fetchone()[0] for table in TABLES
        }


def later(days):
    return clock() + timedelta(days=days)


def test_old_records_go_and_what_the_engine_needs_stays(world, contacts):
    world.people("contacts", [*TEN, ("c_bad", "bad@fake.test")])
    world.consent("c_bad", *IDS)
    world.run(contacts)
    world.people("contacts", [*TEN[1:], ("c_bad", "bad@fake.test")])
    world.run(contacts)
    assert rows(world) == {"acked": 9, "dead_letters": 1, "op_journal": 12, "sync_log": 12, "sync_runs": 2}
    assert prune(world.state, later(399)) == {"sync_log": 0, "op_journal": 0, "sync_runs": 0}
    assert prune(world.state, later(401)) == {"sync_log": 12, "op_journal": 11, "sync_runs": 1}
    assert rows(world) == {"acked": 9, "dead_letters": 1, "op_journal": 1, "sync_log": 0, "sync_runs": 1}
    assert world.run(contacts).operations == 0
    # the one whom we archived may come back: that it was us is still known
    world.people("contacts", [*TEN, ("c_bad", "bad@fake.test")])
    assert world.run(contacts).added == 1
    assert "p0@x.org" in world.subscribed()


def test_what_had_no_answer_is_never_forgotten(world, audience):
    world.people("vips", TEN)
    world.consent(*IDS, channel="ads")
    world.fault(tool="meta", kind="drop_after_commit", times=3, path_part="/users")
    assert world.run(audience).failed == 10
    prune(world.state, later(10_000))
    world.people("vips", TEN[:4])
    result = world.run(audience)
    assert (result.added, result.removed) == (4, 6)
    assert len(world.audience("VIPs")) == 4


def test_a_run_prunes_as_the_setting_says(world, contacts):
    world.people("contacts", TEN)
    world.consent(*IDS)
    world.run(contacts)
    with world.state() as state:
        state.execute("update activation.sync_log set finished_at = ?", [datetime(2020, 1, 1)])
    world.run(contacts, keep_days=10_000)
    assert rows(world)["sync_log"] == 10
    world.run(contacts)
    assert rows(world)["sync_log"] == 0
