"""Recording what people say: checked, added once, never changed, and obeyed by the gate at once."""

from datetime import datetime

import pytest

from reverse_etl.consent_log import import_file, record
from reverse_etl.errors import StatementRefused
from tests.reverse_etl.conftest import NOW

SAID = {
    "identifier_type": "email",
    "identifier_value": " Ann@X.org ",
    "purpose": "marketing",
    "channel": "email",
    "status": "denied",
    "stated_at": "2026-03-01 10:00+02:00",
    "source": "phone",
    "proof": "ticket 4711",
}
HEADER = "identifier_type,identifier_value,purpose,channel,status,stated_at,source,proof\n"


def log(state):
    return state.execute(
        "select identifier_type, identifier_value, purpose, channel, status, stated_at, legal_basis "
        "from platform.consent_log order by identifier_value"
    ).fetchall()


def test_a_statement_is_added_once_as_it_will_be_compared(memory):
    with memory.state() as state:
        assert record(state, SAID, NOW) == 1
        assert record(state, SAID, NOW) == 0
        assert log(state) == [
            ("email", "ann@x.org", "marketing", "email", "denied", datetime(2026, 3, 1, 8), "consent")
        ]


def test_without_a_time_it_was_said_now(memory):
    with memory.state() as state:
        state.execute("insert into identity.customers values ('c_Ann', 1, 'r', ?, 'merged')", [NOW])
        ann = {"stated_at": None, "identifier_type": "customer_id", "identifier_value": "c_Ann"}
        record(state, {**SAID, **ann}, NOW)
        assert [row[5] for row in log(state)] == [NOW]
        assert log(state)[0][1] == "c_Ann"


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("email", "mailto:Ann@X.org", "ann@x.org"),
        ("email", "<ann@x.org>", "ann@x.org"),
        ("email", "ann@x.org.", "ann@x.org"),
        ("email", "ann@MU\u0308LLER.de", "ann@m\u00fcller.de"),
        ("email", "ann@shop.test", "ann@shop.test"),
        ("phone", "+44 (0)20 7946 0018", "+442079460018"),
        ("phone", "tel:+44-20-7946-0018", "+442079460018"),
    ],
)
def test_what_is_written_in_another_way_is_found_all_the_same(memory, kind, written, kept):
    with memory.state() as state:
        record(state, {**SAID, "identifier_type": kind, "identifier_value": written}, NOW)
        assert log(state)[0][:2] == (kind, kept)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"identifier_type": "mail"}, "identifier_type must be"),
        ({"identifier_value": " "}, "identifier_value is empty"),
        ({"identifier_value": "ann"}, "no email address"),
        ({"identifier_type": "phone", "identifier_value": "020 7946 0018"}, "international number"),
        (
            {"identifier_type": "customer_id", "identifier_value": "02079460018"},
            "no customer id that was ever",
        ),
        ({"purpose": "ads"}, "purpose and channel must be one of"),
        ({"status": "yes"}, "status must be"),
        ({"purpose": "all", "channel": "all", "status": "granted"}, "only a denial can be for all"),
        ({"stated_at": "yesterday"}, "stated_at is no date: yesterday"),
        ({"stated_at": "2999-01-01"}, "in the future"),
        ({"proof": None}, "proof is empty"),
        ({"source": ""}, "source is empty"),
        ({"legal_basis": "habit"}, "legal_basis must be"),
    ],
)
def test_an_unclear_statement_is_refused_with_what_is_wrong(memory, change, told):
    with memory.state() as state:
        with pytest.raises(StatementRefused, match=told):
            record(state, {**SAID, **change}, NOW)
        assert log(state) == []


def test_a_file_is_added_whole_or_not_at_all_and_only_once(memory, tmp_path):
    good = "email,a@x.org,marketing,email,granted,2026-01-01,till,form\nphone,+442079460018,all,all,denied,,letter,kept\n"
    file = tmp_path / "said.csv"
    file.write_text(HEADER + good + "email,b@x.org,marketing,email,perhaps,,till,form\n")
    with memory.state() as state:
        with pytest.raises(StatementRefused, match="line 4: status must be granted or denied"):
            import_file(state, file, NOW)
        assert log(state) == []
        file.write_text(HEADER + good)
        assert import_file(state, file, NOW) == 2
        assert import_file(state, file, NOW) == 0
        file.write_text("who,what\na,b\n")
        with pytest.raises(StatementRefused, match="has no column channel"):
            import_file(state, file, NOW)


def test_an_import_without_times_is_also_added_only_once_a_day(memory, tmp_path):
    file = tmp_path / "said.csv"
    file.write_text(HEADER + "email,a@x.org,marketing,email,denied,,till,form\n")
    with memory.state() as state:
        assert (import_file(state, file, NOW), import_file(state, file, NOW)) == (1, 0)


def test_who_wants_no_contact_at_all_is_removed_from_every_tool_at_once(world, contacts, audience):
    people = [("c_0", "p0@x.org"), ("c_1", "p1@x.org")]
    for table, channel in (("contacts", "email"), ("vips", "ads")):
        world.people(table, people)
        world.consent("c_0", "c_1", channel=channel)
    world.run(contacts, audience)
    with world.state() as state:
        record(state, {**SAID, "identifier_value": "p0@x.org", "purpose": "all", "channel": "all"}, NOW)
    assert [result.removed for result in world.run(contacts, audience)] == [1, 1]
    assert world.subscribed() == {"p1@x.org"}
    assert len(world.audience("VIPs")) == 1


@pytest.mark.parametrize(("rule", "left"), [("follows email", 1), ("stated", 2)])
def test_an_opt_out_of_email_ends_ads_for_those_whose_ads_rest_on_it(world, audience, rule, left):
    """An opt-out seen at the email tool is in the log, and counts for the ads tool in the same run."""
    world.people("vips", [("c_0", "p0@x.org"), ("c_1", "p1@x.org")])
    world.consent("c_0", "c_1", channel="ads")
    with world.warehouse() as connection:
        connection.execute("update marts.consents set rule = ?", [rule])
    world.run(audience)
    world.say("email", "p0@x.org", channel="email")
    world.run(audience)
    assert len(world.audience("VIPs")) == left


@pytest.mark.parametrize(("is_opt_in", "left"), [(False, set()), (True, {"p0@x.org"})])
def test_a_denial_dated_before_a_box_was_ticked_again_counts_at_once(world, contacts, is_opt_in, left):
    """A letter of last month is heard of today; an order since repeats an old yes, which is no newer statement."""
    world.people("contacts", [("c_0", "p0@x.org")])
    world.consent("c_0", at=datetime(2026, 5, 1), is_opt_in=is_opt_in)
    world.run(contacts)
    world.say("email", "p0@x.org", at=datetime(2026, 4, 1))
    world.run(contacts)
    assert world.subscribed() == left


def test_nothing_in_this_platform_changes_a_statement():
    """The log is append-only: no statement of SQL anywhere in the code updates or deletes in it."""
    import re
    from pathlib import Path

    root = Path(__file__).parents[2]
    rooms = ("alerts", "cli", "identity", "ingestion", "orchestration", "reports", "reverse_etl", "warehouse")
    files = [
        file for room in rooms for suffix in ("py", "sql") for file in (root / room).rglob(f"*.{suffix}")
    ]
    touching = re.compile(
        r"(update|delete\s+from|truncate|insert\s+or\s+replace\s+into)\s+\S*consent_log", re.I
    )
    assert len(files) > 100
    assert [file.name for file in files if touching.search(file.read_text())] == []
