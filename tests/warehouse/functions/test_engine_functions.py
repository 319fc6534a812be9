"""The functions as SQL calls them: whole columns, nulls, several connections and threads, and dbt's plugin."""

from __future__ import annotations

import subprocess
import sys
import threading

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.connections import open_warehouse
from warehouse.functions.dbt_plugin import Plugin
from warehouse.functions.emails import parse_email
from warehouse.functions.names import parse_name
from warehouse.functions.phones import parse_phone
from warehouse.functions.registration import FUNCTIONS, register_functions
from warehouse.settings import Settings

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
CALLS = "select cdp_phone(v, null, 'GB'), cdp_email(v), cdp_name(v), cdp_country(v)"


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        register_functions(connection)
        yield connection


@settings(max_examples=20, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), TEXTS, st.sampled_from(["07912 345678", "Anna@x.org"])), max_size=50)
)
def test_a_column_gives_what_its_values_give_one_by_one(connection, values):
    rows = connection.execute(
        f"{CALLS} from (select unnest($values::varchar[]) as v)", {"values": values}
    ).fetchall()
    for value, (phone, email, name, _) in zip(values, rows, strict=True):
        assert tuple(phone.values()) == parse_phone(value, None, "GB")
        assert tuple(email.values()) == parse_email(value)
        assert tuple(name.values()) == parse_name(value)


def test_hostile_columns_keep_their_rows(connection, hostile):
    connection.execute("create or replace table hostile as select unnest($t) as v", {"t": hostile * 10})
    found = connection.execute(f"select count(*) from ({CALLS} from hostile)").fetchone()
    assert found == (len(hostile) * 10,)


def test_nulls_stay_nulls_and_are_no_problem(connection):
    for function in FUNCTIONS:
        arguments = ", ".join(["null"] * function.texts)
        (found,) = connection.execute(f"select {function.name}({arguments})").fetchone()
        assert set(found.values() if isinstance(found, dict) else {found}) == {None}


def test_an_empty_table_is_no_error(connection):
    assert connection.execute(f"{CALLS} from (select 'a' as v where false)").fetchall() == []


def test_connections_of_one_process_share_the_functions(tmp_path):
    """As dbt and the other rooms do: whoever comes second finds them, and whoever stays keeps them."""
    first = duckdb.connect(tmp_path / "shared.duckdb")
    second = duckdb.connect(tmp_path / "shared.duckdb")
    Plugin("standardising", {}).configure_connection(first)
    register_functions(second)
    register_functions(second)
    first.close()
    assert second.cursor().execute("select cdp_country('France')").fetchone() == ("FR",)
    second.close()


def test_every_warehouse_connection_knows_the_functions(tmp_path):
    with open_warehouse(Settings(data_dir=tmp_path)) as connection:
        assert connection.execute("select cdp_email('A@x.org').address").fetchone() == ("a@x.org",)


def test_threads_do_not_wait_for_each_other_for_ever(tmp_path):
    """Four Python threads with cursors of their own, each query on two threads of the engine, all calling back."""
    with duckdb.connect(tmp_path / "threads.duckdb") as connection:
        connection.execute("set threads = 2")
        register_functions(connection)
        connection.execute("create table t as select '0791' || (2000000 + i) as v from range(20000) as r(i)")
        counts: list[int] = []

        def count() -> None:
            with connection.cursor() as cursor:
                query = "select count(cdp_phone(v, null, 'GB').number), count(cdp_email(v).problem) from t"
                counts.append(cursor.execute(query).fetchone()[0])

        threads = [threading.Thread(target=count, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        assert counts == [20000] * 4


def test_the_libraries_are_not_imported_before_the_first_call(tmp_path):
    """Commands that only look something up must not wait for the metadata of 250 countries."""
    program = (
        "import sys; from warehouse.connections import open_warehouse; from warehouse.settings import Settings\n"
        "from pathlib import Path\n"
        "with open_warehouse(Settings(data_dir=Path(sys.argv[1]))) as connection: pass\n"
        "print(sorted({'phonenumbers', 'email_validator', 'nameparser', 'pycountry', 'pyarrow'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True)
    assert (finished.stdout, finished.stderr) == ("[]\n", "")


def test_dbt_leaves_no_connection_with_functions_behind(tmp_path):
    """dbt ends without closing: the plugin does, else the engine's bindings report a leak on the way out."""
    program = (
        "import sys, duckdb; from warehouse.functions.dbt_plugin import Plugin\n"
        "connection = duckdb.connect(sys.argv[1]); Plugin('standardising', {}).configure_connection(connection)\n"
        "cursor = connection.cursor(); print(cursor.execute(\"select cdp_country('France')\").fetchone())"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "left.duckdb")], capture_output=True, text=True
    )
    assert (finished.stdout, finished.stderr) == ("('FR',)\n", "")
