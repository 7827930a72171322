"""A sheet as CSV and back: Drive's export, and gspread's `import_csv`.

Decided here: what of a spreadsheet a CSV holds (the first sheet, as people see it), and that an
import replaces everything there was, as Drive's conversion does.
"""

from __future__ import annotations

import csv
import io

from ..book import Book
from ..model.structure import COLUMNS, ROWS
from ..ranges import Area
from ..values import FORMATTED_VALUE, Rendering, read, write


def export(book: Book, delimiter: str) -> str:
    """The first sheet's values as shown, in a rectangle; lines end in CRLF, the last in nothing."""
    sheet = book.structure.sheets[0]
    area = Area(sheet, 0, sheet.rows.count, 0, sheet.columns.count)
    lines = read(book, area, Rendering(FORMATTED_VALUE)).get("values", [])
    width = max(map(len, lines), default=0)
    text = io.StringIO()
    # A tab can't be quoted in text with tabs, so it becomes a blank there.
    clean = (lambda cell: str(cell)) if delimiter == "," else _flat
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    for line in lines:
        writer.writerow([clean(cell) for cell in line] + [""] * (width - len(line)))
    return text.getvalue().removesuffix("\r\n")


def _flat(cell: object) -> str:
    return str(cell).replace("\t", " ").replace("\r\n", " ").replace("\n", " ")


def replace_all(book: Book, text: str) -> None:
    """Leave one sheet with what a CSV holds, read as if it were typed."""
    lines = list(csv.reader(io.StringIO(text)))
    first, *others = book.structure.sheets
    for sheet in others:
        book.remove_sheet(sheet.sheet_id)
    width = max(map(len, lines), default=0)
    for dimension, needed in ((ROWS, len(lines)), (COLUMNS, width)):
        sheet = book.sheet(first.sheet_id)
        old = sheet.axis(dimension).count
        book.insert_lines(sheet, dimension, old, max(needed, old))
        book.remove_lines(book.sheet(first.sheet_id), dimension, 0, old)
    sheet = book.edit_sheet(first.sheet_id)
    sheet.properties = {"title": sheet.title, "sheetType": "GRID"}
    area = Area(sheet, 0, sheet.rows.count, 0, sheet.columns.count)
    values = [[cell or None for cell in line] for line in lines]
    write(book, area, values, user_entered=True)
