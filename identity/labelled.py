"""A labelled file, records and which person each of them is, as the table of records that identity resolves.

Naming of columns, and the plain standardising that staging does otherwise; what comes out of it is measured elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import duckdb

from identity.errors import TruthUnreadable
from identity.records import RECORDS
from warehouse.sql_text import path_literal

Columns = dict[str, tuple[str, ...]]

# Our field → what others call it, best first; several columns are parts of one value.
SYNONYMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "first_name": (("first_name",), ("given_name",), ("forename",), ("fname_c1", "fname_c2"), ("fname",), ("fname_c1",)),
    "last_name": (("last_name",), ("surname",), ("family_name",), ("lname_c1", "lname_c2"), ("lname",), ("lname_c1",)),
    "full_name": (("full_name",), ("name",)),
    "email": (("email",), ("email_address",)),
    "phone": (("phone",), ("phone_number",), ("telephone",), ("mobile",)),
    "street": (
        *(("street_number", "address_1"), ("street_number", "street_name"), ("house_number", "street")),
        *(("street",), ("street_address",), ("address",), ("address_1",), ("address1",)),
    ),
    "city": (("city",), ("suburb",), ("town",), ("birth_place",), ("place_of_birth",)),
    "postcode": (("postcode",), ("postal_code",), ("zip_code",), ("zip",), ("postcode_fake",)),
    "birth_date": (
        *(("birth_date",), ("dob",), ("date_of_birth",), ("by", "bm", "bd")),
        ("birth_year", "birth_month", "birth_day"),
    ),
    "company": (("company",), ("organisation",), ("organization",), ("employer",), ("occupation",)),
    "loyalty_id": (("loyalty_id",), ("soc_sec_id",), ("ssn",), ("social_security_number",), ("national_id",)),
    "web_user_id": (("web_user_id",), ("user_id",)),
}  # fmt: skip
TRUTHS = ("truth_id", "person_id", "cluster", "cluster_id", "entity_id", "ent_id", "simulant_id")
KEYS = ("rec_id", "record_id", "unique_id", "id")
DATES = (
    "%Y-%m-%d",
    "%Y%m%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y-%m-%d %H:%M:%S",
)

_TEXTS = {
    "email": "case when contains({0}, '@') then lower({0}) end",
    "phone": "regexp_replace({0}, '[^0-9+]+', '', 'g')",
    "postcode": "upper({0})",
    "loyalty_id": "{0}",
    "web_user_id": "{0}",
}


def name_columns(
    found: Sequence[str], named: Mapping[str, str], truth: str | None = None
) -> tuple[Columns, str]:
    """Our fields → columns of the file, and the column that says who is who.

    `named` holds fields named by hand (`{"street": "house_no+road"}`; an empty text leaves a field out); the others
    are known by what they are usually called. Raises TruthUnreadable for a column that the file does not have.
    """
    known = {_plain(column): column for column in found}
    columns: Columns = {}
    for field, others in SYNONYMS.items():
        if field in named:
            parts = [part.strip() for part in named[field].split("+") if part.strip()]
            columns[field] = tuple(_find(part, known) for part in parts)
        else:
            ours = next((parts for parts in others if all(_plain(part) in known for part in parts)), ())
            columns[field] = tuple(known[_plain(part)] for part in ours)
    _check_fields(named)
    answer = (
        _find(truth, known)
        if truth
        else next((known[_plain(name)] for name in TRUTHS if _plain(name) in known), None)
    )
    if answer is None:
        raise TruthUnreadable(
            f"No column says which record is which person; there are {', '.join(found)}. Name it with --truth COLUMN."
        )
    named_columns = {field: parts for field, parts in columns.items() if parts and answer not in parts}
    return named_columns, answer


def read_columns(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    """The names of the file's columns. Raises TruthUnreadable."""
    try:
        return [str(row[0]) for row in connection.execute(f"describe from {_reader(file)}").fetchall()]
    except duckdb.Error as error:
        raise TruthUnreadable(
            f"The file {file} could not be read: {str(error).splitlines()[0]}. It must be a CSV with a header, or Parquet."
        ) from error


def load(connection: duckdb.DuckDBPyConnection, file: Path, columns: Columns, truth: str) -> dict[str, str]:
    """Create `intermediate.int_identity__records` from a labelled file; returns record_id → person.

    A record's id is the file's name and the file's own key, or the row's number where no column is one. Rows that
    name no person are records like all others, and not in the answer.
    """
    source = f"(select row_number() over () as row_number, * from {_reader(file)})"
    key = _key(connection, source, read_columns(connection, file))
    name = file.stem.replace("'", "''")
    fields = ", ".join(
        f"nullif({sql}, '') as {field}" for field, sql in _texts(connection, source, columns).items()
    )
    connection.execute(
        f"""
        create or replace temp table labelled as
        select '{name}:' || {key} as record_id, {key} as source_key, nullif(trim({_quoted(truth)}::varchar), '') as person,
            {fields} from {source}
        """
    )
    connection.execute("create schema if not exists intermediate")
    connection.execute(
        f"""
        create or replace table {RECORDS} as
        with named as (select *, nullif(concat_ws(' ', first_name, last_name), '') as display_name from labelled),
        emails as (select email, count(distinct display_name)::integer as names from named group by 1),
        phones as (select phone, count(distinct display_name)::integer as names from named group by 1)
        select record_id, '{name}' as source, source_key, first_name, last_name, n.email, n.phone, street, city, postcode,
            null::varchar as country, birth_date, company, loyalty_id, web_user_id,
            false as email_is_placeholder, false as phone_is_placeholder, coalesce(e.names, 0) as email_name_count,
            coalesce(p.names, 0) as phone_name_count, null::timestamp as seen_at, display_name
        from named n left join emails e on e.email = n.email left join phones p on p.phone = n.phone
        """
    )
    people = connection.execute("select record_id, person from labelled where person is not null").fetchall()
    connection.execute("drop table labelled")
    return dict(people)


def _texts(connection: duckdb.DuckDBPyConnection, source: str, columns: Columns) -> dict[str, str]:
    """SQL per field over the file's columns."""
    texts = {field: "null::varchar" for field in SYNONYMS if field != "full_name"}
    for field, parts in columns.items():
        if field == "birth_date":
            texts[field] = _date(connection, source, _joined(parts, "-"))
        elif field != "full_name":
            texts[field] = _TEXTS.get(field, "lower({0})").format(_joined(parts, " "))
    if "full_name" in columns:
        whole = f"lower({_joined(columns['full_name'], ' ')})"
        if "first_name" not in columns:
            texts["first_name"] = f"split_part({whole}, ' ', 1)"
        if "last_name" not in columns:
            texts["last_name"] = f"case when contains({whole}, ' ') then split_part({whole}, ' ', -1) end"
    return texts


def _date(connection: duckdb.DuckDBPyConnection, source: str, text: str) -> str:
    """The spelling that reads most of the column comes first: 3/4 is decided by what 31/4 and 4/31 say.

    Where the year comes first, days that no calendar has (30 February) stay as text: they are slips of true ones.
    """
    counts = ", ".join(f"count(try_strptime({text}, '{spelling}'))" for spelling in DATES)
    (read,) = connection.execute(f"select {counts} from {source}").fetchall()
    order = sorted(range(len(DATES)), key=lambda place: -read[place])
    spellings = ", ".join(f"'{DATES[place]}'" for place in order)
    date = f"try_strptime({text}, [{spellings}])::date::varchar"
    if not DATES[order[0]].startswith("%Y"):
        return date
    parts = (
        rf"regexp_extract({text}, '^(\d{{4}})-?(0?[1-9]|1[0-2])-?(0?[1-9]|[12]\d|3[01])$', ['y', 'm', 'd'])"
    )
    return f"coalesce({date}, case when {parts}.y <> '' then concat_ws('-', {parts}.y, lpad({parts}.m, 2, '0'), lpad({parts}.d, 2, '0')) end)"


def _key(connection: duckdb.DuckDBPyConnection, source: str, found: Iterable[str]) -> str:
    known = {_plain(column): column for column in found}
    for name in KEYS:
        if _plain(name) in known:
            column = f"{_quoted(known[_plain(name)])}::varchar"
            ((unique,),) = connection.execute(
                f"select count(distinct {column}) = count(*) from {source}"
            ).fetchall()
            if unique:
                return column
    return "row_number::varchar"


def _joined(parts: tuple[str, ...], separator: str) -> str:
    texts = (f"nullif(trim({_quoted(part)}::varchar), '')" for part in parts)
    return f"concat_ws('{separator}', {', '.join(texts)})"


def _reader(file: Path) -> str:
    if file.suffix.lower() == ".parquet":
        return f"read_parquet({path_literal(file)})"
    return f"read_csv({path_literal(file)}, all_varchar = true, header = true)"


def _find(column: str, known: Mapping[str, str]) -> str:
    if _plain(column) in known:
        return known[_plain(column)]
    near = get_close_matches(_plain(column), known, n=1)
    hint = f" Did you mean {known[near[0]]}?" if near else f" There are {', '.join(known.values())}."
    raise TruthUnreadable(f"The file has no column {column}.{hint}")


def _check_fields(named: Mapping[str, str]) -> None:
    for field in named:
        if field not in SYNONYMS:
            near = get_close_matches(field, SYNONYMS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(SYNONYMS)}."
            raise TruthUnreadable(f"Nothing is matched by {field}. {hint}")


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", column.lower())


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
