"""The main job as people run it: first run, second run, one new file, broken files, and who is never contacted.

The tests of this file go on with one installation, in order.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
import httpx
import pytest

from sandbox.update import generate_update

SEGMENTS = {
    "new_buyers",
    "lapsed_buyers",
    "vip_customers",
    "at_risk",
    "abandoned_cart",
    "category_lovers",
    "engaged_subscribers",
    "unhappy_customers",
    "birthday_this_month",
    "leads_never_bought",
}


def test_the_first_run_tells_the_whole_story(first_run):
    for words in (
        "What came in",
        "Who they are",
        "duplicates found",
        "Segments",
        "What went out",
        "Where to look",
    ):
        assert words in first_run.printed
    assert "Needs a person" not in first_run.printed


def test_the_readme_shows_what_the_run_prints(first_run):
    shown = (Path(__file__).parents[2] / "README.md").read_text().split("```")[3]
    printed = " ".join(first_run.printed.split())
    assert shown.strip()
    for line in shown.strip().splitlines():
        assert " ".join(line.split()) in printed


def test_every_delivered_row_is_accounted_for(first_run):
    unexplained = first_run.installation.rows(
        "select file from raw.loads where rows_in_file <> rows_loaded + rows_rejected or status <> 'loaded'"
    )
    assert unexplained == []


def test_identity_is_good_and_exact_matching_is_clearly_worse(first_run):
    figures = {
        (method, metric): value
        for method, metric, value in first_run.installation.rows(
            "select method, metric, value from identity.identity_evaluation"
        )
    }
    assert figures["resolved", "precision"] >= 0.98
    assert figures["resolved", "recall"] >= 0.90
    assert figures["exact email or phone", "precision"] < figures["resolved", "precision"] - 0.02
    assert figures["exact email or phone", "recall"] < figures["resolved", "recall"] - 0.02


def test_every_segment_has_members_with_a_reason(first_run):
    rows = first_run.installation.rows(
        "select segment_name, count(*), count(nullif(trim(reason), '')) from segments.segment_membership group by all"
    )
    assert {name for name, _, _ in rows} >= SEGMENTS
    assert all(members == reasons > 0 for _, members, reasons in rows)
    decisions = first_run.installation.rows("select segment_name, reasons from segments.segment_releases where status <> 'released'")  # fmt: skip
    assert decisions == []


def test_who_is_held_out_of_a_segment_is_in_none_of_its_syncs(first_run):
    held_out = "(select customer_id from segments.segment_membership where segment_name = 'lapsed_buyers' and is_holdout)"
    ((count,),) = first_run.installation.rows(f"select count(*) from {held_out}")
    assert count > 10
    for table in ("sync_mailchimp_lapsed_buyers", "sync_meta_lapsed_buyers"):
        ((sent, wrong),) = first_run.installation.rows(
            f"select count(*), count(*) filter (customer_id in {held_out}) from syncs.{table}"
        )
        assert sent > 100 and wrong == 0


def test_revenue_is_what_the_files_say(first_run):
    """Straight from the export: paid totals less refunds, of orders that were not cancelled."""
    orders = first_run.installation.data_dir / "landing" / "shopify" / "orders*.csv"
    ours = first_run.installation.rows(
        "select count(*), sum(total_amount) from marts.orders where order_id like 'shopify:%'"
    )
    theirs = first_run.installation.rows(
        f'select count(*), sum("Total"::decimal(18, 2)) from read_csv(\'{orders}\', all_varchar = true) where "Total" is not null'
    )
    assert ours == theirs


def test_nobody_without_consent_reaches_a_tool(first_run):
    """Asserted at the destinations: they are in a segment, and no tool was told of them."""
    installation = first_run.installation
    # a mailbox that a family shares may be written to for the one of them who agreed
    members = installation.rows(
        """
        with said as (
            select c.email,
                bool_or(e.status = 'granted') as granted, bool_or(e.status = 'denied') as denied,
                bool_or(a.status = 'granted') as ads_granted
            from marts.customers as c
            left join marts.consents as e
                on e.customer_id = c.customer_id and e.purpose = 'marketing' and e.channel = 'email'
            left join marts.consents as a
                on a.customer_id = c.customer_id and a.purpose = 'ads' and a.channel = 'ads'
            where c.email is not null
            group by c.email
        )
        select distinct said.* from segments.segment_membership as m
        join marts.customers as c using (customer_id) join said using (email)
        where m.segment_name in ('lapsed_buyers', 'vip_customers', 'abandoned_cart')
        """
    )
    said_no = {email for email, granted, denied, _ in members if denied and not granted}
    said_nothing = {email for email, granted, denied, _ in members if not denied and not granted}
    no_ads = {email for email, *_, ads in members if not ads}
    assert said_no and said_nothing and no_ads
    state = installation.remote()
    told = {d["person"] for d in state["deliveries"] if d["tool"] == "mailchimp" and d["action"] != "seed"}
    assert told
    for email in said_no | said_nothing:
        hashed = hashlib.md5(email.lower().encode()).hexdigest()
        assert email not in told and hashed not in told
    uploaded = str(state["meta"])
    assert "EMAIL" in uploaded or uploaded.count("'") > 100
    for email in no_ads:
        assert hashlib.sha256(email.lower().encode()).hexdigest() not in uploaded


def test_nobody_who_unsubscribed_at_the_email_tool_is_contacted(first_run):
    installation = first_run.installation
    unsubscribed = installation.data_dir / "landing" / "mailchimp" / "unsubscribed*.csv"
    addresses = {
        email
        for (email,) in installation.rows(
            f"select lower(\"Email Address\") from read_csv('{unsubscribed}', all_varchar = true)"
        )
    }
    in_segments = {
        email
        for (email,) in installation.rows(
            "select distinct c.email from segments.segment_membership join marts.customers as c using (customer_id)"
        )
    }
    assert addresses & in_segments
    state = installation.remote()
    [audience] = state["mailchimp"]["lists"].values()
    for email in addresses:
        assert audience["members"].get(email, {"status": "unsubscribed"})["status"] != "subscribed"
        assert all(email not in people for people in audience["segments"].values())
    hashes = {hashlib.sha256(email.encode()).hexdigest() for email in addresses}
    assert not any(value in str(state["meta"]) for value in hashes)


@pytest.fixture(scope="module")
def second_run(first_run):
    before = first_run.installation.remote()["deliveries"]
    printed = first_run.installation.run().stdout
    return before, printed


def test_running_again_changes_nothing_and_sends_nothing(first_run, second_run):
    before, printed = second_run
    installation = first_run.installation
    assert installation.content() == first_run.content
    assert installation.held() == first_run.held
    assert installation.remote()["deliveries"] == before
    assert "nothing to send" in printed
    assert not re.search(r"^\w+ +sent ", printed.split("What went out")[1], re.MULTILINE)
    (sent,) = installation.state(
        "select sum(added + updated + removed) from activation.sync_runs where run_id ="
        " (select run_id from platform.runs order by started_at desc limit 1)"
    )[0]
    assert sent == 0


@pytest.fixture(scope="module")
def delivered(first_run, second_run):
    installation = first_run.installation
    update = generate_update(installation.data_dir)
    printed = " ".join(installation.run().stdout.split())
    assert "shopify 5 3,598 40 0" in printed, "the summary shows what was new in this run"
    return update


def test_one_new_file_changes_only_its_own_customers(first_run, delivered):
    installation = first_run.installation
    records = {f"shopify_customers:{key}" for key in (*delivered.new_ids, *delivered.changed_ids)}
    assert len(delivered.new_ids) == len(delivered.changed_ids) == 20
    before = {record: customer for record, customer, *_ in first_run.content["identity.identity_clusters"]}
    after = dict(installation.rows("select record_id, customer_id from identity.identity_clusters"))
    touched = {after[record] for record in records} | {before[r] for r in records if r in before}
    moved = {record for record, customer in before.items() if after.get(record) != customer}
    assert all(before[record] in touched for record in moved)
    old = {row[0]: row for row in first_run.content["marts.customers"]}
    new = {row[0]: row for row in installation.rows("from marts.customers order by all")}
    differing = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    assert differing and differing <= touched


@contextmanager
def troubles(installation):
    """A tool that does not know the key any more, an audience that would lose too many, a segment that would too."""
    refused = {"tool": "hubspot", "kind": "token_expired"}
    httpx.post(f"{installation.doubles_url}/_faults", json=refused).raise_for_status()
    changes = [
        # somebody to add at HubSpot, so that it is spoken to
        "delete from activation.acked where rowid in (select rowid from activation.acked where sync = 'hubspot_contacts' limit 3)",
        """insert into activation.acked by name
        select * exclude (n) replace ('gone' || n as remote_id, 'gone' || n as record_key, null as fingerprint)
        from (from activation.acked where sync = 'meta_vip_customers' limit 1), range(300) as people(n)""",
        """insert into segments.members
        select 'abandoned_cart', 'gone' || n, 'left a basket', false, timestamp '2026-01-01' from range(500) as people(n)""",
    ]
    with duckdb.connect(installation.data_dir / "state.duckdb") as state:
        for change in changes:
            state.execute(change)
    try:
        yield
    finally:
        with duckdb.connect(installation.data_dir / "state.duckdb") as state:
            state.execute("delete from activation.acked where remote_id like 'gone%'")
            state.execute("delete from segments.members where customer_id like 'gone%'")


# sync → what a person must find wherever they look: what happened, why, and what to do next
TOLD = {
    "hubspot_contacts": ("hubspot refused us access (401", "is still planned", "check the key or token in CDP_HUBSPOT_*"),
    "meta_vip_customers": ("Held because 300 of", "would leave at once", "cdp sync apply meta_vip_customers --confirm"),
    "mailchimp_abandoned_cart": ("segment Abandoned cart is held", "500 people leave at once", "cdp segment diff abandoned_cart"),
}  # fmt: skip


def test_a_refused_a_guarded_and_a_held_sync_say_so_wherever_people_look(first_run, delivered, monkeypatch):
    installation = first_run.installation
    with troubles(installation):
        finished = installation.cdp("run", "--sandbox")
        status, standing = installation.cdp("status"), installation.cdp("sync", "status")
    assert (finished.returncode, status.returncode) == (2, 2), finished.stdout + finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr
    checks = failed_checks(installation, monkeypatch)
    for sync, words in TOLD.items():
        for told in (finished.stdout, status.stdout):
            [sentence] = [
                s for s in " ".join(told.split("Needs a person")[1].split()).split("•") if sync in s
            ]
            assert all(word in sentence for word in words)
        [part] = [s for s in re.split(r"\n(?=\S)", standing.stdout) if s.startswith(f"{sync} ")]
        assert all(word in " ".join(part.split()) for word in words)
        assert all(word in checks[sync] for word in words)
    # what was said to the log is whole in its file, and not between the lines that people read
    assert "alerts" not in finished.stderr
    log = (installation.data_dir / "logs" / "alerts.log").read_text()
    assert "WARNING Sync hubspot_contacts" in log


def failed_checks(installation, monkeypatch) -> dict[str, str]:
    """Sync → the sentence of its failed check in Dagster, of the newest run."""
    home = installation.data_dir / "dagster"
    monkeypatch.setenv("CDP_EVENT_LOG_DIR", str(home / "events"))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        [run] = instance.get_run_records(limit=1)
        events = instance.all_logs(run.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.get_dagster_event().asset_check_evaluation_data for entry in events]
    return {
        check.asset_key.path[-1]: check.description
        for check in found
        if check.check_name == "was_sent" and not check.passed
    }


def test_files_that_cannot_be_read_are_refused_with_a_way_out(first_run, delivered):
    installation = first_run.installation
    before = installation.content()
    landing = installation.data_dir / "landing"
    whole = (landing / "shopify" / "customers_2026-10-31.csv").read_bytes()
    header, rest = whole.split(b"\n", 1)
    broken = {
        "shopify/customers_2026-12-01.csv": whole[: len(whole) // 2].rstrip(b"\n") + b'x,"cut',
        "shopify/customers_2026-12-02.csv": bytes(range(256)) * 200,
        "shopify/customers_2026-12-03.csv": header.replace(b"Customer ID", b"Customer") + b"\n" + rest,
        "shopify/customers_2026-12-04.csv": b"",
    }
    for name, content in broken.items():
        (landing / name).write_bytes(content)
    (landing / "surveys" / "nps_2026-12-05.csv").write_bytes(
        b"Response ID,Submitted At,Email,Name,Score,Comment,Touchpoint,Customer ID\n"
        b"n-9001,31/10/2026 14:22,someone.new@example.com,Someone New,9,Lovely,email,\n"
    )
    finished = installation.cdp("run", "--sandbox")
    assert finished.returncode == 2, finished.stdout + finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr
    told = finished.stdout.split("Needs a person")[1]
    words = " ".join(told.split())
    # a segment that waits for one of the files names it too
    own = [sentence for sentence in words.split("•") if "held" not in sentence.lower()]
    for name in broken:
        assert sum(name in sentence for sentence in own) == 1
    assert "empty" in words and "cut off" in words and "Customer ID" in words
    loaded = installation.rows("select rows_loaded from raw.loads where file like '%nps_2026-12-05.csv'")
    assert loaded == [(1,)]
    names = ", ".join(f"'{name}'" for name in broken)
    assert installation.warehouse(f"select count(*) from raw.shopify_customers where _file in ({names})") == [
        (0,)
    ]
    after = installation.content()
    kept = {row[0]: row for row in after["marts.customers"]}
    assert all(kept[row[0]] == row for row in before["marts.customers"])
    for name in broken:
        (landing / name).unlink()
