"""Labelled files of any shape as the table of records: columns known by their usual names, values read as meant."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from identity.errors import TruthUnreadable
from identity.labelled import load, name_columns, read_columns


@pytest.fixture
def connection():
    with duckdb.connect() as opened:
        yield opened


def _loaded(
    connection: duckdb.DuckDBPyConnection, file: Path, **named: str
) -> tuple[list[dict], dict[str, str]]:
    columns, truth = name_columns(read_columns(connection, file), named)
    people = load(connection, file, columns, truth)
    cursor = connection.execute("select * from intermediate.int_identity__records order by source_key")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()], people


def test_usual_names_are_known_and_parts_are_joined() -> None:
    found = [
        "rec_id",
        "Given_Name",
        "surname",
        "street_number",
        "address_1",
        "suburb",
        "date_of_birth",
        "soc_sec_id",
        "truth_id",
    ]
    columns, truth = name_columns(found, {})
    assert truth == "truth_id"
    assert columns == {
        "first_name": ("Given_Name",),
        "last_name": ("surname",),
        "street": ("street_number", "address_1"),
        "city": ("suburb",),
        "birth_date": ("date_of_birth",),
        "loyalty_id": ("soc_sec_id",),
    }


def test_what_is_named_by_hand_counts_and_an_empty_name_leaves_a_field_out() -> None:
    columns, truth = name_columns(["vorname", "city", "who"], {"first_name": "vorname", "city": ""}, "who")
    assert columns == {"first_name": ("vorname",)}
    assert truth == "who"


def test_the_truth_is_never_matched_on() -> None:
    columns, _ = name_columns(["name", "user_id"], {}, "user_id")
    assert columns == {"full_name": ("name",)}


@pytest.mark.parametrize(
    ("found", "named", "truth", "says"),
    [
        (["surname", "truth_id"], {"last_name": "surnam"}, None, "no column surnam. Did you mean surname"),
        (
            ["surname", "truth_id"],
            {"lastname": "surname"},
            None,
            "matched by lastname. Did you mean last_name",
        ),
        (["surname", "truth_id"], {}, "truth", "no column truth. Did you mean truth_id"),
        (["surname", "other"], {}, None, "No column says which record is which person"),
    ],
)
def test_wrong_names_are_told_with_the_nearest_right_one(found, named, truth, says) -> None:
    with pytest.raises(TruthUnreadable, match=says):
        name_columns(found, named, truth)


def test_values_are_read_as_meant(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "id,first_name,last_name,email,phone,dob,postcode,person_id\n"
        "1, Anna ,Smith,ANNA@Example.org,+44 (0)20 7946-0001,03/04/1980,ab1 2cd,p1\n"
        "2,Otto,Smith,anna@example.org,,31/12/1979,,p2\n"
        "3,,,not given,,nonsense,,\n"
    )
    records, people = _loaded(connection, file)
    assert people == {"people:1": "p1", "people:2": "p2"}
    assert [record["birth_date"] for record in records] == ["1980-04-03", "1979-12-31", None]
    assert records[0]["first_name"] == "anna"
    assert records[0]["email"] == "anna@example.org"
    assert records[0]["phone"] == "+4402079460001"
    assert records[0]["postcode"] == "AB1 2CD"
    assert [record["email_name_count"] for record in records] == [2, 2, 0]
    assert records[2]["email"] is None


def test_a_day_that_no_calendar_has_is_a_slip_of_a_true_one(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,name,dob,cluster\n1,a,19870228,1\n2,a,19870230,1\n3,a,19871301,1\n4,a,0,1\n")
    records, _ = _loaded(connection, file)
    assert [record["birth_date"] for record in records] == ["1987-02-28", "1987-02-30", None, None]


def test_dates_in_parts_full_names_and_rows_without_a_key(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "people.parquet"
    connection.execute(
        "copy (select 'Ada M. Byron' as name, 1815 as by, 12 as bm, 10 as bd, 7 as id, 1 as cluster union all"
        f" select 'Plato', null, null, null, 7, 2) to '{file}' (format parquet)"
    )
    records, people = _loaded(connection, file)
    assert sorted(people.items()) == [("people:1", "1"), ("people:2", "2")]  # the key 7 is not unique
    ada, plato = sorted(records, key=lambda record: record["first_name"])
    assert (ada["first_name"], ada["last_name"], ada["birth_date"]) == ("ada", "byron", "1815-12-10")
    assert (plato["first_name"], plato["last_name"], plato["birth_date"]) == ("plato", None, None)


def test_a_file_that_is_no_table_is_told_by_name(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "broken.parquet"
    file.write_text("no")
    with pytest.raises(TruthUnreadable, match=r"broken\.parquet could not be read"):
        read_columns(connection, file)
