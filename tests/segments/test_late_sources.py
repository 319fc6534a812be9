"""A source that is late holds the segments that wait for it and their syncs, and nothing else: on the project's own segments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from segment_shop import NOW, warehouse

from ingestion.declarations import Source
from ingestion.raw_tables import prepare_tables
from orchestration import dbt_process
from orchestration.opt_out_sources import note_built, sync_holds
from orchestration.releases import release
from orchestration.segment_sources import unread_sources
from orchestration.sources import SOURCES
from reverse_etl.declarations import read_syncs
from segments.contracts import Segment, read_segments
from warehouse.connections import open_warehouse
from warehouse.settings import Settings

PEOPLE = 30


@pytest.fixture
def night(tmp_path, compiled, monkeypatch) -> Settings:
    """Every segment of the project as built tonight, with all sources delivered an hour ago."""
    monkeypatch.setattr(dbt_process, "manifest", lambda: compiled.manifest)
    with warehouse(tmp_path) as connection:
        prepare_tables(connection, ())
        for name in segments_of(compiled):
            connection.execute(
                f"create table segments.segment_{name} as select 'c' || n as customer_id, 'Is in.' as reason from range({PEOPLE}) as t(n)"
            )
        connection.execute(
            "insert into intermediate.int_customer__identity_confidence select 'c' || n, 1, 0, true from range(?) as t(n)",
            [PEOPLE],
        )
        for source in SOURCES:
            deliver(connection, source, hours_ago=1)
    return Settings(data_dir=tmp_path, as_of=NOW)


def segments_of(compiled) -> dict[str, Segment]:
    return read_segments(compiled.manifest, [source.name for source in SOURCES])


def deliver(connection, source: Source, hours_ago: float) -> None:
    connection.execute("delete from raw.loads where source = ?", [source.name])
    connection.execute(
        "insert into raw.loads (load_id, source, table_name, file, status, rows_in_file, rows_loaded, rows_rejected, loaded_at) "
        "values (1, ?, 'any', 'any.csv', 'loaded', 1, 1, 0, ?)",
        [source.name, NOW - timedelta(hours=hours_ago)],
    )


def released(settings: Settings, compiled, run: str) -> tuple[dict[str, str], dict[str, str]]:
    """Held segments and held syncs, each with its sentence."""
    decisions = release(settings, segments_of(compiled), run_id=run)
    with open_warehouse(settings) as connection:
        syncs = sync_holds(connection, read_syncs(compiled.manifest), settings.now())
    return {d.segment: d.sentence for d in decisions if d.status == "held"}, syncs


def test_when_every_source_is_on_time_nothing_is_held(night, compiled):
    assert released(night, compiled, "r1") == ({}, {})


def test_a_late_shop_holds_lapsed_buyers_and_its_syncs_and_nothing_that_does_not_wait_for_it(night, compiled):
    with open_warehouse(night) as connection:
        [shop] = [source for source in SOURCES if source.name == "shopify"]
        deliver(connection, shop, hours_ago=shop.expected_every_hours + 1)
    held, syncs = released(night, compiled, "r1")
    said = (
        "it needs shopify, which last delivered on 2026-10-30 20:59 and should have again by 2026-10-31 22:59"
    )
    assert (
        said in held["lapsed_buyers"]
        and 'cdp segment release lapsed_buyers --override "why"' in held["lapsed_buyers"]
    )
    found = segments_of(compiled)
    waiting = {name for name, s in found.items() if s.contract and "shopify" in s.contract.sources}
    for name, segment in found.items():  # each after those it is made from
        waiting |= {name} if waiting & set(segment.built_from) else set()
    assert set(held) == waiting
    assert {"engaged_subscribers", "unhappy_customers", "active_visitors", "top_loyalty_tier"}.isdisjoint(
        held
    )
    assert said in syncs["mailchimp_lapsed_buyers"] and said in syncs["meta_lapsed_buyers"]
    # somebody may have unticked the box of their account: that holds the other syncs too, for this reason alone
    assert set(syncs) == over(compiled, "email", "sms", "ads")
    assert said not in syncs["mailchimp_contacts"]
    assert syncs["mailchimp_contacts"].startswith("Shopify, which tells who unsubscribed, last delivered")


def refuse(connection, source: Source, table: str, hours_ago: float) -> None:
    """A file of a table came and could not be loaded, some hours before now."""
    at = NOW - timedelta(hours=hours_ago)
    connection.execute(
        "insert into raw.loads (load_id, source, table_name, file, status, message, loaded_at, delivered_at) "
        "values (2, ?, ?, 'tonight.csv', 'refused', 'it lacks a column', ?, ?)",
        [source.name, table, at, at],
    )


def source_of(name: str) -> Source:
    return next(source for source in SOURCES if source.name == name)


EMAIL_SEGMENTS = {
    "engaged_subscribers", "unengaged_subscribers", "birthday_this_month", "win_back_by_email", "hot_leads",
}  # fmt: skip


def over(compiled, *channels: str) -> set[str]:
    return {sync.name for sync in read_syncs(compiled.manifest) if sync.channel in channels}


def test_a_late_email_tool_holds_what_is_about_email_and_every_sync_that_might_reach_who_has_left(
    night, compiled
):
    with open_warehouse(night) as connection:
        tool = source_of("mailchimp")
        deliver(connection, tool, hours_ago=tool.expected_every_hours + 1)
    held, syncs = released(night, compiled, "r1")
    assert set(held) == EMAIL_SEGMENTS
    assert set(syncs) == over(compiled, "email", "ads") != set()
    assert syncs["mailchimp_contacts"] == (
        "Mailchimp, which tells who unsubscribed, last delivered on 2026-10-30 20:59 and should have again by "
        "2026-10-31 22:59, so somebody who has unsubscribed since might still be reached (`cdp sources status mailchimp`)"
    )


def test_sources_that_are_late_together_are_told_in_one_clause(night, compiled):
    with open_warehouse(night) as connection:
        for name in ("mailchimp", "hubspot"):
            tool = source_of(name)
            deliver(connection, tool, hours_ago=tool.expected_every_hours + 1)
        refuse(connection, source_of("shopify"), "customers", hours_ago=1)
    said = released(night, compiled, "r1")[1]["mailchimp_contacts"]
    assert said.startswith("2 sources, which tell who unsubscribed, are late: ")
    assert "HubSpot (due 2026-10-31 22:59)" in said and "Mailchimp (due 2026-10-31 22:59)" in said
    assert said.count("might still be reached") == 2, "the late ones together, and the file that was refused"
    assert "; and Shopify, which tells who unsubscribed, delivered tonight.csv" in said


def test_a_late_source_without_opt_outs_holds_no_sync_that_does_not_wait_for_it(night, compiled):
    with open_warehouse(night) as connection:
        deliver(connection, source_of("inventory"), hours_ago=1000)
    assert released(night, compiled, "r1")[1] == {}


def test_every_source_that_states_denials_says_so(compiled):
    """What `int_consent__statements` reads a denial from must hold what it might concern while it is late."""
    model = next(n for n in compiled.manifest["nodes"].values() if n["name"] == "int_consent__statements")
    read = {
        parent.split(".")[2].removeprefix("stg_").partition("__")[0]
        for parent in model["depends_on"]["nodes"]
    }
    telling = {source.name for source in SOURCES if source.opt_outs}
    # `segment` is read through int_consent__web; what people recorded by hand is in the state, never late
    assert telling == (read & {source.name for source in SOURCES}) | {"segment"}
    unread = next(n for n in compiled.manifest["nodes"].values() if n["name"] == "int_consent__unread")
    assert all(f"'{name}': [" in unread["raw_code"] for name in telling)


def test_an_email_tool_that_is_not_in_use_holds_nothing(night, compiled):
    with open_warehouse(night) as connection:
        connection.execute("delete from raw.loads where source in ('mailchimp', 'hubspot')")
    assert released(night, compiled, "r1") == ({}, {})


def test_a_refused_file_holds_the_segments_that_wait_for_its_source_until_something_later_comes_in(
    night, compiled
):
    with open_warehouse(night) as connection:
        connection.execute(
            "update raw.loads set table_name = 'nps', delivered_at = ? where source = 'surveys'", [NOW]
        )
        refuse(connection, source_of("surveys"), "nps", hours_ago=0)
    held, syncs = released(night, compiled, "r1")
    said = (
        "it needs surveys, whose file tonight.csv could not be loaded (`cdp sources status surveys` says why)"
    )
    assert said in held["unhappy_customers"]
    assert "engaged_subscribers" not in held and "mailchimp_contacts" not in syncs
    with open_warehouse(night) as connection:
        connection.execute(
            "update raw.loads set delivered_at = delivered_at + interval 1 day where status = 'loaded'"
        )
    assert released(night, compiled, "r2") == ({}, {})


def test_a_refused_list_of_who_unsubscribed_holds_every_sync_over_its_channels(night, compiled):
    with open_warehouse(night) as connection:
        refuse(connection, source_of("mailchimp"), "unsubscribed", hours_ago=0)
    held, syncs = released(night, compiled, "r1")
    assert set(held) == EMAIL_SEGMENTS
    assert set(syncs) == over(compiled, "email", "ads")
    assert (
        "Mailchimp, which tells who unsubscribed, delivered tonight.csv, which could not be loaded"
        in syncs["meta_vip_customers"]
    )


@pytest.mark.parametrize(
    ("source", "table", "holds"), [("mailchimp", "unsubscribed", True), ("loyalty", "members", False)]
)
def test_what_a_refused_file_told_alone_no_later_delivery_of_changes_makes_up_for(
    night, compiled, source, table, holds
):
    """The members' list is delivered whole each time; who unsubscribed last week is in last week's file only."""
    with open_warehouse(night) as connection:
        refuse(connection, source_of(source), table, hours_ago=1)
        connection.execute(
            "update raw.loads set table_name = ?, delivered_at = ? where source = ? and status = 'loaded'",
            [table, NOW, source],
        )
    held, syncs = released(night, compiled, "r1")
    assert held == {}
    assert set(syncs) == (over(compiled, "email", "ads") if holds else set())
    with open_warehouse(night) as connection:  # somebody has seen to it that a later file holds all of it
        connection.execute("update raw.loads set status = 'taken away' where status = 'refused'")
    assert released(night, compiled, "r2") == ({}, {})


def test_a_list_that_was_loaded_but_is_in_no_table_yet_holds_what_it_might_concern(night, compiled):
    """As after `cdp sources load` alone: what would be sent still comes from the tables of the last run."""
    with open_warehouse(night) as connection:
        note_built(connection)
        connection.execute(
            "insert into raw.loads by name select * replace (2 as load_id, 'tonight.csv' as file) from raw.loads"
            " where source in ('mailchimp', 'inventory')"
        )
    held, syncs = released(night, compiled, "r1")
    assert held == {}
    assert set(syncs) == over(compiled, "email", "ads")
    assert (
        "Mailchimp, which tells who unsubscribed, delivered tonight.csv, which is loaded but in no table yet"
        in (syncs["meta_vip_customers"])
    )
    with open_warehouse(night) as connection:
        note_built(connection)
    assert released(night, compiled, "r2") == ({}, {})


def test_a_source_that_a_segment_is_not_built_from_is_pointed_out(compiled):
    found = segments_of(compiled)
    cart = found["abandoned_cart"]
    assert cart.contract is not None
    changed = cart.contract.model_copy(update={"sources": {"zendesk": None}})
    mistaken = {"abandoned_cart": Segment(**{**vars(cart), "contract": changed})}
    [sentence] = unread_sources(compiled.manifest, mistaken, SOURCES)
    assert "abandoned_cart waits for zendesk" in sentence and "built from shopify, square alone" in sentence
