"""Files as people really hand them in: a spreadsheet kept by hand in another country, and its relatives."""

from __future__ import annotations

from datetime import datetime
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


CLUB_HEADER = (
    "Nº Socio\n(tarjeta)", "Apellidos, Nombre", "Correo  electrónico", "Móvil", "C.P.", "F. nac.", "Alta", "Última\ncompra",
    "Gasto total", "¿Newsletter?", "Nivel", "", "obs.",
)  # fmt: skip


def write_odd_club(path: Path, count: int = 60) -> Path:
    """A list kept over years: a sheet to read first, numbers and dates as cells in one row and as text in the next."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        workbook.add_worksheet("Léeme").write_string(0, 0, "No tocar.")
        sheet = workbook.add_worksheet("Socios 2026")
        sheet.merge_range(0, 0, 0, 9, "CLUB DE SOCIOS · TIENDA VALENCIA")
        sheet.merge_range(3, 0, 3, 5, "Datos personales")
        sheet.write_row(4, 0, CLUB_HEADER)
        for number in range(1, count + 1):
            row = 4 + number + (number > 30)  # an empty row in the middle
            sheet.write_number(row, 0, 20_000 + number)
            sheet.write_string(row, 1, f"{FAMILY[number % 6]}, {GIVEN[number % 8]}")
            sheet.write_string(row, 2, f" SOCIO{number}@correo.example.com " if number % 11 else "")
            sheet.write(
                row, 3, 600_000_000 + 7919 * number if number % 3 else f"+34 600 {number:03} {number:03}"
            )
            sheet.write(row, 4, 46_000 + number % 30 if number % 2 else f"46{number % 30:03}")
            sheet.write_datetime(row, 5, datetime(1950 + number % 50, 1 + number % 12, 1 + number % 28), day)
            sheet.write_string(row, 6, f"{1 + number % 28:02}/{1 + number % 12:02}/2024")
            if number % 4:
                sheet.write_datetime(row, 7, datetime(2026, 1 + number % 10, 1 + number % 28), day)
            sheet.write(row, 8, f"{number * 13},{number % 90 + 10} €" if number % 2 else number * 13 + 0.5)
            sheet.write_string(row, 9, "sí" if number % 3 else "no")
            sheet.write_string(row, 10, ("Oro", "Plata", "Bronce")[number % 3])
            sheet.write_string(row, 12, "llamar por la tarde" if number == 17 else "")
        sheet.write_string(count + 7, 0, "TOTAL")
        sheet.write_string(count + 7, 8, "81.234,50 €")
    return path
