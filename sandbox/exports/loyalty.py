"""The loyalty list: a spreadsheet that shop staff keep by hand, with every way of writing a date.

The sheet's columns and its handwriting belong here; nothing else is written as XLSX.
"""

from __future__ import annotations

from datetime import date, datetime

import xlsxwriter

from sandbox.exports.delivery import Column, Delivery, select

HEADERS = ("Card No", "Title", "Name", "E-mail", "Mobile", "Date of birth", "Postcode", "Joined", "Tier", "Points",
           "Last visit", "Staff notes", "Email OK?")  # fmt: skip
BATCH = 10_000


def deliver(delivery: Delivery) -> None:
    """Write the workbook row by row: XLSX has no writer in the engine, so this is the one loop over members.

    Its document date is fixed, so that the same seed gives the same bytes.
    """
    path = delivery.path(f"loyalty/members_{delivery.day}.xlsx")
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": "Members", "created": datetime(2026, 1, 1)})
        sheet, day_format = book.add_worksheet("Members"), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, HEADERS)
        cursor = delivery.connection.execute(select(_COLUMNS, _ROWS))
        line = 0
        while rows := cursor.fetchmany(BATCH):
            for row in rows:
                line += 1
                for position, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(line, position, value)
                    elif isinstance(value, date):
                        sheet.write_datetime(line, position, value, day_format)
                    elif value is not None:
                        sheet.write_number(line, position, value)


_ROWS = """from (
    select s.*, k.source_key, t.last_at, t.store_orders + t.web_orders as visits, p.gender, p.joined_at,
        coalesce(b.points, 0) as points, u(s.rid, 'hand') as hand
    from sightings s join record_keys k using (rid) join standing t on t.person = s.person
    join people p on p.person = s.person
    left join (select person, sum(total)::bigint // 100 as points from orders where person > 0 group by person) b
        on b.person = s.person
    where s.source = 'loyalty_members'
) s order by source_key"""


def _cell(value: str, topic: str) -> str:
    """A date in one of four hands: a real date cell, `3.10.1984`, `03/10/1984` or `3 Oct 1984`."""
    return (
        f"case when ({value}) is null then null"
        f" when u(s.rid, '{topic}') < 0.6 then ({value})::date::union(d date, t varchar)"
        f" when u(s.rid, '{topic}') < 0.72 then (day({value}) || ' ' || strftime({value}, '%b %Y'))::union(d date, t varchar)"
        f" when u(s.rid, '{topic}') < 0.85 then strftime({value}, '%d/%m/%Y')::union(d date, t varchar)"
        f" else (day({value}) || '.' || month({value}) || '.' || year({value}))::union(d date, t varchar) end"
    )


_COLUMNS: list[Column] = [
    ("Card No", "source_key"),
    ("Title", "case when hand < 0.5 then case gender when 0 then one_of(rid, 'title', ['Mrs', 'Ms', 'Miss']) else 'Mr' end end"),
    ("Name", "case when hand < 0.3 then last_name || ', ' || first_name when hand < 0.34 then upper(full_name)"
     " else full_name end"),
    ("E-mail", "email"), ("Mobile", "phone"), ("Date of birth", _cell("birth_date", "dob cell")), ("Postcode", "zip"),
    ("Joined", _cell("created_at", "joined cell")),
    ("Tier", "case when points > 500 then 'Gold' when points > 150 then 'Silver' else 'Green' end"), ("Points", "points"),
    ("Last visit", _cell("last_at", "visit cell")),
    ("Staff notes", "case when u(rid, 'remark') < 0.06 then one_of(rid, 'remark text',"
     " ['likes Earl Grey', 'card replaced', 'husband collects', 'allergic to wool']) end"),
    ("Email OK?", "case when u(rid, 'asked ok') < 0.25 then null when opted_in <> (u(rid, 'ok wrong') < 0.1)"
     " then one_of(rid, 'yes', ['Y', 'Y', 'y', 'yes']) else one_of(rid, 'no', ['N', 'n', 'no']) end"),
]  # fmt: skip
