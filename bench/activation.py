"""Activation measured: planning beside one scan of the table, hashing beside bare SHA-256, sending beside the bare client.

`make bench` calls it; read the ratios, not the seconds. The tool is the sandbox's double of Meta, in a process of its own
as real tools are: in this one it would do its work in the time in which the platform does its own.
Figures that have a goal say whether they reach it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import httpx

from bench.processes import PYTHON, RESULTS, Cost, judged, measure
from reverse_etl.accounts import Account, Accounts
from reverse_etl.closing import close_run
from reverse_etl.connecting import load_accounts
from reverse_etl.declarations import Guards, SyncDeclaration
from reverse_etl.destinations.meta import AUDIENCE_SPEC
from reverse_etl.journal import Journal
from reverse_etl.plan import Plan
from reverse_etl.planner import plan_sync
from reverse_etl.runner import run_sync
from sandbox.doubles.app import environment_of
from warehouse.connections import open_state, open_warehouse
from warehouse.settings import Settings

NOW = datetime(2026, 11, 26)
# the goals: planning 1 % of change beside one scan, sending beside the bare client, memory of ten times as many people
SCANS, SHARE, GROWTH = 3.0, 0.8, 1.5
SYNC = SyncDeclaration(
    name="bench",
    schema_name="syncs",
    table="people",
    destination="meta",
    object="custom_audience",
    target="Bench",
    purpose="ads",
    channel="ads",
    fields={"EMAIL": "email", "PHONE": "phone", "FN": "first_name", "LN": "last_name", "CT": "city"},
    guards=Guards(minimum_size=0, confirmed=True),
)
_PEOPLE = """
    create or replace table syncs.people as select 'c_' || n as customer_id, 'person' || n || '@example.com' as email,
        '+4477' || lpad((n % 100000000)::varchar, 8, '0') as phone, 'Given' || n % 5000 as first_name,
        'Family' || n % 20000 as last_name, 'Town ' || n % 300 as city
    from range({rows}) as numbers(n)"""
_CONSENTS = """
    create or replace table marts.consents as select customer_id, 'ads' as purpose, 'ads' as channel,
        'granted' as status, timestamp '2026-01-01' as opted_in_at, 'stated' as rule from syncs.people"""
_ACKNOWLEDGED = """
    insert into state_store.activation.acked by name
    select 'bench' as sync, '{target}' as target_key, remote_id, record_key,
        json_object('EMAIL', id0, 'PHONE', id1) as identifiers, row_hash, '{version}' as mapping_version,
        'meta-1' as norm_version, false as is_adopted, timestamp '2026-01-01' as acked_at, 'first' as run_id
    from (select desired.*, id0, id1 from plan_desired as desired join plan_candidates using (row_id))"""

_NIGHT = {
    "run_id": "first", "sync": "bench", "destination": "meta", "target": "Bench", "started_at": NOW, "finished_at": NOW,
    "status": "sent", "refused": "{}", "rejected": "{}",
    **dict.fromkeys(("desired", "added", "updated", "removed", "unchanged", "failed", "waiting", "requests"), 0),
}  # fmt: skip


def main(rows: int = 1_000_000, sent: int = 100_000) -> None:
    """All figures, printed and kept in bench/results/activation.tsv."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    memory = _memory()  # first: a process counts as its own peak what its parent held when it was started
    with tempfile.TemporaryDirectory() as folder:
        figures = [*_planning(Path(folder), rows), *_hashing(rows), *_sending(Path(folder), sent)]
    figures += memory
    lines = [f"{name}\t{figure}" for name, figure in figures]
    (RESULTS / "activation.tsv").write_text("\n".join(lines) + "\n")
    print("\n".join(f"{name:<62} {figure}" for name, figure in figures))


def _planning(folder: Path, rows: int) -> list[tuple[str, str]]:
    settings = Settings(data_dir=folder / "plan")
    accounts = Accounts({"meta": Account("meta", "http://unused.invalid", "1")})
    with open_warehouse(settings, with_state=True) as warehouse:
        build(warehouse, rows)
        first = plan_sync(warehouse, SYNC, accounts)
        warehouse.execute(_ACKNOWLEDGED.format(target=first.target_key, version=first.mapping_version))
        del first
        anew = plan_sync(warehouse, SYNC, accounts)
        all_anew = best(lambda: plan_sync(warehouse, SYNC, accounts), 1)
    # the night after the first sync: what was sent is recognised from then on
    journal = Journal(lambda: open_state(settings.for_syncs), anew, "first", NOW)
    close_run(journal, _NIGHT, settle_locally=True)
    del anew
    with open_warehouse(settings, with_state=True) as warehouse:
        warehouse.execute("update syncs.people set city = 'Moved' where hash(customer_id) % 100 = 0")
        scan = best(
            lambda: warehouse.execute("select bit_xor(hash(people)) from syncs.people as people").fetchall()
        )
        planned: list[Plan] = []
        plan = best(lambda: planned.append(plan_sync(warehouse, SYNC, accounts)))
    goal = f"goal {SCANS:g} ×: {judged(plan / scan <= SCANS)}"
    told = f"{plan / scan:.1f} × ({goal}; {plan:.2f} s; {planned[-1].counts})"
    return [
        (f"planning {rows:,} members with 1 % change, beside one scan", told),
        (
            f"planning {rows:,} members of whom none is recognised",
            f"{all_anew / scan:.1f} × ({all_anew:.2f} s)",
        ),
    ]


def build(warehouse: duckdb.DuckDBPyConnection, rows: int) -> None:
    """The tables that a plan reads, with so many people who agreed."""
    for schema in ("syncs", "marts"):
        warehouse.execute(f"create schema if not exists {schema}")
    warehouse.execute(_PEOPLE.format(rows=rows))
    warehouse.execute(_CONSENTS)
    warehouse.execute(
        "create or replace table marts.suppressions (identifier_type text, identifier_value text, channel text)"
    )


def _hashing(rows: int) -> list[tuple[str, str]]:
    with duckdb.connect() as connection:
        connection.execute("create schema syncs")
        connection.execute(_PEOPLE.format(rows=rows))
        ours = AUDIENCE_SPEC.match_keys[0].normalise("email")

        def read(expression: str) -> float:
            sql = f"select bit_xor(hash({expression})) from syncs.people"
            return best(lambda: connection.execute(sql).fetchall())

        bare, normalised = read("sha256(email)"), read(ours)
    return [
        (
            f"hashing {rows:,} addresses, beside bare SHA-256",
            f"{normalised / bare:.2f} × ({normalised:.2f} s)",
        )
    ]


def _sending(folder: Path, rows: int) -> list[tuple[str, str]]:
    settings = Settings(data_dir=folder / "send")
    with open_warehouse(settings, with_state=True) as warehouse:
        build(warehouse, rows)
    with pretend_tools(folder / "first") as environment:
        accounts = load_accounts(settings.outbox_dir, environment)
        clock = Clock()
        run_sync(
            lambda: open_warehouse(settings.for_syncs, with_state=True), lambda: open_state(settings.for_syncs), SYNC, accounts, "bench",
            NOW, clock,
        )  # fmt: skip
        with open_warehouse(settings, with_state=True) as warehouse:
            warehouse.execute("delete from state_store.activation.acked")
            requests = list(plan_sync(warehouse, SYNC, accounts).requests())
    with pretend_tools(folder / "second") as environment:
        account = load_accounts(settings.outbox_dir, environment).find("meta")
        assert isinstance(account, Account)
        bodies = [request.json for request in requests]
        target = {"name": "Bench", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
        with httpx.Client(
            base_url=account.address, headers=dict(account.headers), timeout=120, trust_env=False
        ) as client:
            created = client.post(
                f"/v25.0/act_{account.account_id}/customaudiences",
                json=target,
            )
            path = f"/v25.0/{created.raise_for_status().json()['id']}/users"
            began = time.perf_counter()
            for body in bodies:
                client.post(path, json=body).raise_for_status()
            bare = time.perf_counter() - began
    share = bare / clock.seconds
    goal = f"goal {SHARE:.0%}: {judged(share >= SHARE)}"
    told = f"{share:.0%} ({goal}; {rows / clock.seconds:,.0f} a second; bare {rows / bare:,.0f})"
    return [(f"sending {rows:,} operations to a double, beside the bare client", told)]


@contextmanager
def pretend_tools(folder: Path) -> Iterator[dict[str, str]]:
    """The doubles as a process for the length of the block; yields the settings that point to them."""
    folder.mkdir(parents=True)
    port = folder / "listening"
    command = [PYTHON, "-m", "sandbox.doubles", "--state", str(folder), "--port-file", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            while not port.exists():
                if process.poll() is not None:
                    raise RuntimeError(f"the pretend destinations ended with {process.returncode}")
                time.sleep(0.05)
            yield environment_of(f"http://127.0.0.1:{port.read_text()}")
        finally:
            process.terminate()


class Clock:
    """Progress that measures from the first call (nothing sent) to the last."""

    def __init__(self) -> None:
        self.began, self.seconds = 0.0, 0.0

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:  # noqa: ARG002
        now = time.perf_counter()
        if done == 0:
            self.began = now
        self.seconds = now - self.began


def _memory() -> list[tuple[str, str]]:
    costs: dict[int, Cost] = {}
    for rows in (100_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            log = RESULTS / f"activation_{rows}.log"
            command = [PYTHON, "-m", "bench.activation", "first", str(rows)]
            costs[rows] = measure(command, {"CDP_DATA_DIR": folder}, log)
    small, large = costs[100_000].peak_mib, costs[1_000_000].peak_mib
    goal = f"goal flat, at most {GROWTH:g} ×: {judged(large <= GROWTH * small)}"
    told = f"{small:.0f} → {large:.0f} MiB, {large / small:.2f} × ({goal})"
    return [("peak memory of a first sync, 100,000 → 1,000,000 people", told)]


def first_sync(rows: int) -> None:
    """A first sync of so many people to the double, in this process."""
    settings = Settings.load()
    with open_warehouse(settings, with_state=True) as warehouse:
        build(warehouse, rows)
    answers = httpx.MockTransport(_answer)
    accounts = Accounts({"meta": Account("meta", "http://tool.invalid", "1", mounted=answers)})
    result = run_sync(
        lambda: open_warehouse(settings.for_syncs, with_state=True),
        lambda: open_state(settings.for_syncs),
        SYNC,
        accounts,
        "b",
        NOW,
    )
    print(result.added)


def _answer(request: httpx.Request) -> httpx.Response:
    if request.method == "GET":
        return httpx.Response(200, json={"data": []})
    if request.url.path.endswith("/customaudiences"):
        return httpx.Response(200, json={"id": "1"})
    received = request.content.count(b"],[") + 1
    return httpx.Response(200, json={"num_received": received, "num_invalid_entries": 0})


def best(work: Callable[[], object], times: int = 3) -> float:
    """The cheapest of a few tries, in seconds of CPU of all threads: others use this machine too."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


if __name__ == "__main__":
    if sys.argv[1:2] == ["first"]:
        first_sync(int(sys.argv[2]))
    else:
        main(*(int(value) for value in sys.argv[1:]))
