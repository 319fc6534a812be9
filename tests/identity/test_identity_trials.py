"""Trying other limits and rules: sweeps and previews agree with really doing it, and leave everything as it was."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from identity_people import NOW, customers, put, record, run, shop, stores

from identity import evaluate, resolve, rules
from identity.decisions import Decision, decide
from identity.errors import LimitInvalid, PreviewImpossible, SweepImpossible
from identity.evaluation import measure
from identity.preview import Preview, preview
from identity.sweep import sweep
from identity.trials import check_rules, differences, parse_limits, trial
from warehouse.connections import open_state, open_warehouse
from warehouse.errors import WarehouseError
from warehouse.publishing import publish
from warehouse.scratch import open_scratch, open_scratch_copy
from warehouse.settings import Settings

SHOP = shop(120)
TRUTH = {entry["record_id"]: str(entry["person"]) for entry in SHOP}


def test_limits_are_read_and_told_apart() -> None:
    limits = parse_limits(["cut=2", " email_names = 4 "])
    assert limits == replace(rules.LIMITS, cut=2.0, email_names=4)
    assert differences(limits) == {"cut": (0.0, 2.0), "email_names": (6, 4)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cuts=2", "no limit 'cuts' to set. Did you mean cut"),
        ("cut=two", "cut must be a number, not 'two'; it is 0.0 now"),
        ("email_names=2.5", "email_names must be a whole number"),
        ("cut", "cut must be a number, not ''"),
    ],
)
def test_limits_that_are_none_are_told(text: str, says: str) -> None:
    with pytest.raises(LimitInvalid, match=says):
        parse_limits([text])


def test_rules_to_leave_out_are_checked() -> None:
    check_rules(["twins", "generations"])
    with pytest.raises(LimitInvalid, match=r"no rule .twin. to leave out\. Did you mean twins"):
        check_rules(["twin"])
    with pytest.raises(LimitInvalid, match="At least one conflict rule must stay"):
        check_rules([rule.name for rule in rules.PAIR_RULES if rule.is_conflict])


def test_a_trial_ends_with_its_block_even_by_an_error() -> None:
    before = rules.LIMITS, rules.PAIR_RULES
    with pytest.raises(ZeroDivisionError), trial(parse_limits(["cut=9"]), ["twins"]):
        assert rules.LIMITS.cut == 9
        assert "twins" not in {rule.name for rule in rules.PAIR_RULES}
        raise ZeroDivisionError
    assert before == (rules.LIMITS, rules.PAIR_RULES)


def test_a_sweep_finds_at_each_cut_what_resolving_with_it_finds(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        run(connection, SHOP, "r1")
        points = sweep(connection, TRUTH, cuts=(0.0, 4.0))
        assert points[0].measured == pytest.approx(measure(customers(connection), TRUTH))
        with trial(parse_limits(["cut=4"])):
            resolve(connection, run_id="r2", as_of=NOW, full=True)
        assert points[1].measured == pytest.approx(measure(customers(connection), TRUTH))


def test_a_sweep_obeys_decisions(tmp_path: Path) -> None:
    same = {"first_name": "amelia", "last_name": "quarmby", "email": "amelia@example.org"}
    records = [
        record("shopify_customers", "1", **same),
        record("square_customers", "2", **same, phone="+999000000001"),
    ]
    truth = {"shopify_customers:1": "a", "square_customers:2": "a"}
    with stores(tmp_path) as connection:
        run(connection, records, "r1")
        assert sweep(connection, truth, cuts=(0.0,))[0].measured["recall"] == 1
        _decide(connection, "cannot_link")
        resolve(connection, run_id="r2", as_of=NOW)
        assert sweep(connection, truth, cuts=(0.0,))[0].measured["recall"] == 0


def test_without_weighed_pairs_there_is_nothing_to_sweep(tmp_path: Path) -> None:
    with stores(tmp_path) as connection, pytest.raises(SweepImpossible, match="Run `cdp run` first"):
        sweep(connection, TRUTH)


def test_a_scratch_warehouse_is_empty_and_gone_afterwards(tmp_path: Path) -> None:
    with open_scratch(Settings(data_dir=tmp_path)) as connection:
        run(connection, SHOP[:20], "r1")
        ((folder,),) = connection.execute(
            "select path from duckdb_databases() where database_name = 'state_store'"
        ).fetchall()
        assert Path(folder).exists()
    assert not Path(folder).parent.exists()
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A shop of 120 customers, resolved and published with an order per record and one segment of everyone named in it."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("published"))
    with open_warehouse(settings, with_state=True) as connection:
        run(connection, SHOP, "r1")
        connection.execute("create schema marts")
        connection.execute("create schema segments")
        connection.execute(
            """
            create table marts.orders as
            select 'o' || record_id as order_id, record_id, customer_id, true as is_purchase, 10.0 as net_revenue_amount,
                timestamp '2026-10-20' as ordered_at, date '2026-10-20' as order_date
            from identity.identity_clusters
            """
        )
        connection.execute(
            "create table segments.segment_membership as"
            " select distinct 'everyone' as segment_name, customer_id from identity.identity_clusters"
        )
        publish(connection, settings.published_path)
    yield settings


def _preview(settings: Settings, *assignments: str, without: tuple[str, ...] = ()) -> Preview:
    with open_scratch_copy(settings) as connection:
        return preview(connection, limits=parse_limits(assignments), without=without, as_of=NOW)


def test_a_preview_of_no_change_shows_none(published: Settings) -> None:
    found = _preview(published)
    assert (found.merged, found.split) == (0, 0)
    assert all(line.now == line.then for line in found.headlines)
    assert all((shift.leaving, shift.joining) == (0, 0) for shift in found.segments)


def test_a_preview_writes_nothing(published: Settings) -> None:
    before = _fingerprints(published)
    _preview(published, "cut=8")
    assert _fingerprints(published) == before


def test_a_preview_shows_what_a_run_with_the_limits_then_does(published: Settings, tmp_path: Path) -> None:
    found = _preview(published, "cut=8")
    with stores(tmp_path) as connection:
        run(connection, SHOP, "r1")
        now = customers(connection)
        with trial(parse_limits(["cut=8"])):
            report = resolve(connection, run_id="r2", as_of=NOW + timedelta(days=1), full=True)
        then = customers(connection)
    parts = Counter(before for before, _ in {(now[name], then[name]) for name in now})
    assert found.split == sum(count > 1 for count in parts.values()) > 0
    assert found.merged == 0
    assert found.report.customers == report.customers
    by_title = {line.title: (line.now, line.then) for line in found.headlines}
    assert by_title["Customers"] == (len(set(now.values())), len(set(then.values())))
    twice = [
        sum(count > 1 for count in Counter(of.values()).values()) / len(set(of.values()))
        for of in (now, then)
    ]
    assert by_title["Share of them who bought twice or more"] == pytest.approx(tuple(twice))
    assert by_title["Repeat rate, last 30 days"] == pytest.approx(tuple(twice))
    assert by_title["Average order value, last 30 days"] == (10.0, 10.0)
    (everyone,) = found.segments
    assert everyone.members == len(set(now.values()))
    assert (everyone.leaving, everyone.joining) == (0, len(set(then.values())) - len(set(now.values())))


def test_a_preview_of_a_laxer_cut_merges_and_ids_leave_segments(published: Settings) -> None:
    found = _preview(published, "cut=-11", without=("name_alone", "twins", "generations"))
    assert found.merged > 0
    assert found.split == 0
    assert all(len(change.customer_ids) == len(change.names) > 1 for change in found.merge_examples)
    assert found.merge_examples == sorted(found.merge_examples, key=lambda change: -change.spent)
    (everyone,) = found.segments
    by_title = {line.title: (line.now, line.then) for line in found.headlines}
    assert everyone.leaving == by_title["Customers"][0] - by_title["Customers"][1]


def test_a_preview_shows_what_decisions_will_do(published: Settings) -> None:
    with open_scratch_copy(published) as connection:
        left, right = next(
            rows for rows in connection.execute(
                "select min(record_id), max(record_id) from published.identity.identity_clusters"
                " group by customer_id having count(*) = 2 order by 1"
            ).fetchall()
        )  # fmt: skip
        _decide(connection, "cannot_link", left, right)
        found = preview(connection, limits=rules.LIMITS, as_of=NOW)
    assert (found.merged, found.split) == (0, 1)


def test_a_preview_needs_a_published_run(tmp_path: Path, published: Settings) -> None:
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(WarehouseError, match="Run `cdp run` first"), open_scratch_copy(settings):
        pass
    with open_warehouse(settings, with_state=True) as connection:
        put(connection, SHOP[:5])
        publish(connection, settings.published_path)
    with pytest.raises(PreviewImpossible, match=r"lacks identity\.identity_clusters, .*marts\.orders"):
        _preview(settings)


def test_evaluating_as_before_still_measures_the_tables(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    rows = [f"{entry['source']},{entry['source_key']},{entry['person']}" for entry in SHOP]
    truth.write_text("\n".join(["source,source_key,person_id", *rows]) + "\n")
    with stores(tmp_path) as connection:
        run(connection, SHOP, "r1")
        values = {(m.method, m.metric): m.value for m in evaluate(connection, truth)}
        assert values["resolved", "b_cubed_f1"] == pytest.approx(
            measure(customers(connection), TRUTH)["b_cubed_f1"]
        )


def _decide(
    connection: duckdb.DuckDBPyConnection,
    verdict: str,
    left: str = "shopify_customers:1",
    right: str = "square_customers:2",
) -> None:
    connection.execute("use state_store")
    decide(connection, Decision(*sorted((left, right)), verdict, NOW, "test", ""))
    connection.execute("use warehouse")


def _fingerprints(settings: Settings) -> list[str]:
    with open_state(settings):
        pass
    files = (settings.state_path, settings.warehouse_path, settings.published_path)
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
