"""Input nobody would choose: empty, shared by a hundred thousand, ten thousand times the same, and strange letters."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import duckdb
import pytest
from identity_people import NOW, Record, customers, put, record, run, shop, stores

from identity import resolve
from identity.errors import RecordsInvalid

PERSON = {
    "first_name": "amelia", "last_name": "ashdown", "email": "amelia.a@example.com", "phone": "+447700900001",
    "street": "12 mill lane", "city": "leeds", "postcode": "LS12AB", "birth_date": "1980-02-03",
}  # fmt: skip


def together(found: dict[str, str], source: str) -> int:
    return len({customer for name, customer in found.items() if name.startswith(f"{source}:")})


def test_records_without_anything_stay_apart(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        run(connection, [*shop(40), *(record("void", str(n)) for n in range(500))], "r1")
        assert together(customers(connection), "void") == 500


def test_ten_thousand_identical_records_are_one_customer(tmp_path: Path) -> None:
    copies = [record("copies", str(n), **PERSON) for n in range(10_000)]
    with stores(tmp_path) as connection:
        report = run(connection, [*shop(40), *copies], "r1")
        found = customers(connection)
        assert together(found, "copies") == 1
        assert report.largest_cluster == 10_000
        assert report.pairs < 5_000
        # each hangs on the first of them, not on all the others
        assert connection.execute(
            "select count(*) from identity.identity_edges where rule = 'identical'"
        ).fetchall() == [(9_999,)]
        another = record("copies", "one more", **PERSON)
        before = found["copies:0"]
        assert not run(connection, [*shop(40), *copies, another], "r2").is_full
        assert customers(connection)["copies:one more"] == before


def test_ten_thousand_nearly_empty_records_are_left_alone(tmp_path: Path) -> None:
    bare = [record("bare", str(n), first_name="amelia", city="leeds") for n in range(10_000)]
    with stores(tmp_path) as connection:
        report = run(connection, [*shop(40), *bare], "r1")
        assert together(customers(connection), "bare") == 10_000
        assert report.pairs < 5_000


def test_a_value_shared_by_a_hundred_thousand_joins_nobody_and_costs_little(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        put(connection, shop(200))
        connection.execute(
            """
            insert into intermediate.int_identity__records by name
            select 'till:' || n as record_id, 'till' as source, n::varchar as source_key,
                translate(left(md5('first' || n), 9), '0123456789', 'ghijklmnop') as first_name,
                translate(left(md5('last' || n), 9), '0123456789', 'ghijklmnop') as last_name,
                'shop@example.com' as email, '+447700900999' as phone, '1 high street' as street, 'leeds' as city,
                false as email_is_placeholder, false as phone_is_placeholder, 90000 as email_name_count,
                90000 as phone_name_count
            from range(100000) t(n)
            """
        )
        started = time.process_time()
        report = resolve(connection, run_id="r1", as_of=NOW)
        seconds = time.process_time() - started
        assert together(customers(connection), "till") > 99_900
    assert report.largest_cluster < 50
    assert report.pairs < 3_000_000
    assert seconds < 150  # 30 on a quiet machine
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 * 1024 * 1024  # KiB


def _strange() -> list[Record]:
    return [
        record("odd", "emoji1", first_name="🦄 zoë", last_name="o'neill-smythe", email="zoe@example.com"),
        record("odd", "emoji2", first_name="zoë 🦄", last_name="o’neill smythe", email="zoe@example.com"),
        record("odd", "rtl1", first_name="محمد", last_name="الأحمد", phone="+201000000001"),
        record("odd", "rtl2", first_name="محمد", last_name="الأحمد", phone="+201000000001", city="القاهرة"),
        record(
            "odd",
            "long1",
            first_name="x" * 10_000,
            last_name="y" * 10_000,
            email="a" * 10_000 + "@example.com",
        ),
        record("odd", "long2", first_name="z" * 10_000, last_name="w" * 10_000, street="q " * 5_000),
        record(
            "odd",
            "quote'; drop table records; --",
            first_name="robert'); drop table students;--",
            last_name="\x00\n\t",
        ),
        record("odd", "blank", first_name="   ", last_name="", email="", phone=" "),
        record("odd", "combining1", first_name="e\u0301" * 200, last_name="\u202egnirts\u202c"),
        record("odd", "flags", first_name="🏴\u200d☠️" * 50, company="株式会社" * 100),
    ]


def test_strange_letters_and_endless_names_are_names_like_others(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        report = run(connection, [*shop(40), *_strange()], "r1")
        found = customers(connection)
        assert len({name for name in found if name.startswith("odd:")}) == len(_strange())
        assert found["odd:emoji1"] == found["odd:emoji2"]
        assert found["odd:rtl1"] == found["odd:rtl2"]
        assert together(found, "odd") == len(_strange()) - 2
        assert not run(connection, [*shop(41), *_strange()], "r2").is_full
        assert customers(connection)["odd:rtl1"] == found["odd:rtl1"]
    assert report.largest_cluster < 10


def test_a_record_id_twice_is_an_error_that_names_it(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        run(connection, shop(20), "r1")
        before = customers(connection)
        put(connection, [*shop(20), record("twice", "7"), record("twice", "7", first_name="ivy")])
        with pytest.raises(RecordsInvalid, match="'twice:7' 2 times"):
            resolve(connection, run_id="r2", as_of=NOW)
        assert customers(connection) == before  # the night before still stands


def test_a_lost_or_half_written_cache_only_costs_time(tmp_path: Path) -> None:
    with stores(tmp_path) as connection:
        run(connection, shop(120), "r1")
        before = customers(connection)
        connection.execute("drop table identity_cache.scored")
        extra = record("late", "1", first_name="quentin", last_name="zeal", email="q@example.org")
        assert run(connection, [*shop(120), extra], "r2").is_full
        after = customers(connection)
        assert {name: after[name] for name in before} == before
        connection.execute("update identity_cache.origin set run_id = 'another'")
        assert run(connection, shop(120), "r3").is_full
        assert not run(connection, [*shop(120), extra], "r4").is_full
        with pytest.raises(duckdb.CatalogException):
            connection.execute("from identity_scratch.main.records")
