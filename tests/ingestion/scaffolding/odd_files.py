"""Files as people really hand them in: a spreadsheet kept by hand in another country, and its relatives."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

HEADER = (
    "Kunden-\nNr.", "Name", "E-Mail", "Telefon", "Geburts-\ndatum", "Kunde\nseit", "Umsatz\n(EUR)", "Bestellungen",
    "Telefon", "News-\nletter", "Bemerkung", "",
)  # fmt: skip
GIVEN = ("Anna", "Jan", "Jürgen", "María", "Piotr", "Zoë", "Émile", "Łukasz")
FAMILY = ("Smith", "van der Berg", "Müller", "García", "Nowak", "O'Neil")


def odd_rows(count: int = 60) -> list[list[str]]:
    """Rows of a customer list: `Smith, Anna`, D.M.YYYY, decimal comma, telephone numbers as dialled at home."""
    return [
        [
            f"K-{number:04}",
            f"{FAMILY[number % 6]}, {GIVEN[number % 8]}",
            f"person{number}@mail.example.com" if number % 9 else "",
            f"0151 234567{number:02}",
            f"{number % 28 + 1}.{number % 12 + 1}.{1950 + number % 50}",
            f"{number % 28 + 1}.{number % 12 + 1}.2024",
            f"{number % 3 + 1}.{number * 7 % 900 + 100},{number % 10}0",
            str(number % 7),
            "",
            "ja" if number % 3 else "nein",
            "ruft gern an" if number == 5 else "",
            "",
        ]
        for number in range(1, count + 1)
    ]


def write_odd_spreadsheet(path: Path, count: int = 60) -> Path:
    """A merged title, a blank line, merged group names, line feeds in headers, a sum below, a second empty sheet."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("Filiale Nord")
        bold = workbook.add_format({"bold": True})
        sheet.merge_range(0, 0, 0, 9, "Kundenliste Filiale Nord, Stand 31.10.2026", bold)
        sheet.merge_range(2, 0, 2, 5, "Person", bold)
        sheet.merge_range(2, 6, 2, 8, "Wert", bold)
        for number, row in enumerate([list(HEADER), *odd_rows(count)], start=3):
            for column, value in enumerate(row):
                if value:
                    sheet.write_string(number, column, value)
        sheet.write_string(count + 4, 0, "Summe", bold)
        sheet.write_string(count + 4, 6, "99.999,90", bold)
        workbook.add_worksheet("Tabelle2")
    return path
