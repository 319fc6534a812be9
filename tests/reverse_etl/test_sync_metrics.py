"""Rates and times per sync and run, as SQL can read them, and identity changes carried through to the tools."""

from reverse_etl.metrics import build_metrics, read_newest_metrics


def test_rates_and_times_are_worked_out_from_the_log(world, contacts):
    people = [("c_0", "p0@x.org"), ("c_1", "p1@fake.test"), ("c_2", None), ("c_3", "p3@x.org")]
    world.people("contacts", people)
    world.consent("c_0", "c_1", "c_2", "c_3")
    world.run(contacts)
    world.run(contacts)
    with world.state() as state:
        (metric,) = read_newest_metrics(state).values()
    assert (metric["operations"], metric["accepted"], metric["rejected"]) == (3, 2, 1)
    assert round(metric["acceptance_rate"], 3) == 0.667
    assert metric["match_rate"] == 0.75
    assert 0 <= metric["median_seconds"] <= metric["slowest_seconds"]
    with world.warehouse() as warehouse:
        warehouse.execute("create schema activation")
        for table in ("sync_runs", "sync_log"):
            warehouse.execute(f"create table activation.{table} as from state_store.activation.{table}")
        assert build_metrics(warehouse) == 2


def test_a_merge_retires_the_absorbed_contact_and_a_split_brings_it_back(world, contacts, lapsed):
    """Both had an address of their own in the tool: one contact and one membership each, then one, then two again."""
    two = [("c_a", "anna@x.org"), ("c_b", "a.smith@x.org")]
    world.consent("c_a", "c_b")
    for table in ("contacts", "lapsed"):
        world.people(table, two)
    world.run(contacts, lapsed)
    for table in ("contacts", "lapsed"):
        world.people(table, two[:1])
    merged = world.run(contacts, lapsed)
    assert [(result.added, result.removed) for result in merged] == [(0, 1), (0, 1)]
    assert world.subscribed() == world.segment("Lapsed buyers") == {"anna@x.org"}
    for table in ("contacts", "lapsed"):
        world.people(table, [two[0], ("c_new", "a.smith@x.org")])
    world.consent("c_new")
    split = world.run(contacts, lapsed)
    assert [(result.added, result.removed) for result in split] == [(1, 0), (1, 0)]
    assert world.subscribed() == world.segment("Lapsed buyers") == {"anna@x.org", "a.smith@x.org"}
    assert [result.operations for result in world.run(contacts, lapsed)] == [0, 0]


def test_a_membership_moves_with_the_merge_when_only_the_absorbed_one_was_in_it(world, contacts, lapsed):
    world.people("contacts", [("c_a", "anna@x.org"), ("c_b", "a.smith@x.org")])
    world.people("lapsed", [("c_b", "a.smith@x.org")])
    world.consent("c_a", "c_b")
    world.run(contacts, lapsed)
    for table in ("contacts", "lapsed"):
        world.people(table, [("c_a", "anna@x.org")])
    world.run(contacts, lapsed)
    assert world.segment("Lapsed buyers") == {"anna@x.org"}
