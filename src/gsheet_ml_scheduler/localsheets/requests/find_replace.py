"""findReplace: on exactly one cell it is the compare-and-set that Google offers nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .. import ranges
from ..api.call import Call
from ..book import Book
from ..errors import invalid_argument
from ..filtered import hidden_rows
from ..model.record import Cell, Row
from ..model.structure import Json
from ..ranges import Area
from ..text import user_entered
from ..values import formatted

Replace = Callable[[str], tuple[str, int]]  # the new text and how often it matched


def find_replace(book: Book, body: Json, call: Call) -> Json:
    """Replace text in cells; the reply counts, with zeros left out as everywhere."""
    replace = _replacer(body)
    values = formulas = occurrences = rows = 0
    sheets = set()
    for area in _areas(book, body):
        columns = area.sheet.columns.ids(area.start_column, area.end_column)
        skips = call.switches.find_replace_skips_hidden_rows
        hidden = hidden_rows(book, area.sheet) if skips else ()
        for row in _candidates(book, area, body):
            if row.row_id in hidden:
                continue
            in_row = 0
            for column in columns:
                count = _in_cell(book, row, column, replace, body, call)
                if count:
                    is_formula = isinstance(row.cell(column), dict)
                    formulas, values = formulas + is_formula, values + (not is_formula)
                    in_row += count
            occurrences += in_row
            rows += bool(in_row)
            if in_row:
                sheets.add(area.sheet.sheet_id)
    counts = {
        "valuesChanged": values,
        "formulasChanged": formulas,
        "rowsChanged": rows,
        "sheetsChanged": len(sheets),
        "occurrencesChanged": occurrences,
    }
    return {name: count for name, count in counts.items() if count}


def _areas(book: Book, body: Json) -> list[Area]:
    if "range" in body:
        return [ranges.from_grid_range(book, body["range"])]
    if body.get("allSheets"):
        return [_whole(sheet_id, book) for sheet_id in [s.sheet_id for s in book.structure.sheets]]
    if "sheetId" in body:
        return [_whole(body["sheetId"], book)]
    raise invalid_argument("One of range, sheetId or allSheets is required.")


def _whole(sheet_id: int, book: Book) -> Area:
    return ranges.from_grid_range(book, {"sheetId": sheet_id})


def _candidates(book: Book, area: Area, body: Json) -> Iterator[Row]:
    """Rows that may match. A whole-cell search of one column looks in the mirror first."""
    if area.height == 1:
        yield from book.rows(area.sheet, area.start_row, area.end_row)
        return
    exact = body.get("matchEntireCell") and body.get("matchCase") and not body.get("searchByRegex")
    if exact and area.width == 1:
        column = book.column(area.sheet, area.start_column, area.start_row, area.end_row)
        if column is not None and not any(isinstance(v, (int, float)) for v in column):
            for at, value in enumerate(column):
                if value == body["find"]:
                    yield from book.rows(area.sheet, area.start_row + at, area.start_row + at + 1)
            return
    yield from book.stored_rows(area.sheet, area.start_row, area.end_row)


def _in_cell(book: Book, row: Row, column: int, replace: Replace, body: Json, call: Call) -> int:
    """Replace in one cell; how often."""
    cell = row.cell(column)
    if cell is None:
        return 0
    if isinstance(cell, dict):
        if not body.get("includeFormulas"):
            return 0
        new, count = replace(cell["f"])
        if count:
            row.set_cell(column, {"f": new, "e": "#NAME?"} if new.startswith("=") else new or None)
        return count
    shown = cell if isinstance(cell, str) else formatted(book, row, column)
    new, count = replace(shown)
    if count:
        row.set_cell(column, _entered(book, new, call))
    return count


def _entered(book: Book, text: str, call: Call) -> Cell:
    """The new text, as a number where it is one; never as a formula."""
    if not text or text.startswith("="):
        return text or None
    if call.switches.find_replace_keeps_text:
        return text
    locale = book.structure.properties.get("locale", "en_US")
    found = user_entered.parse(text, locale)
    return found.value if not found.is_formula and found.number_format is None else text


def _replacer(body: Json) -> Replace:
    find, replacement = body.get("find"), body.get("replacement", "")
    if not isinstance(find, str) or not find:
        raise invalid_argument("find is required.")
    if not isinstance(replacement, str):
        raise invalid_argument("replacement must be text.")
    match_case, entire = bool(body.get("matchCase")), bool(body.get("matchEntireCell"))
    if entire and not body.get("searchByRegex"):
        wanted = find if match_case else find.casefold()

        def whole(text: str) -> tuple[str, int]:
            same = (text if match_case else text.casefold()) == wanted
            return (replacement, 1) if same else (text, 0)

        return whole
    try:
        pattern = re.compile(
            find if body.get("searchByRegex") else re.escape(find),
            0 if match_case else re.IGNORECASE,
        )
    except re.error as error:
        raise invalid_argument(f"Invalid regular expression: {find} ({error})") from error
    put: str | Callable[[re.Match[str]], str]
    put = _groups(replacement) if body.get("searchByRegex") else (lambda _: replacement)

    def parts(text: str) -> tuple[str, int]:
        if entire and not pattern.fullmatch(text):
            return text, 0
        return pattern.subn(put, text)

    return parts


def _groups(replacement: str) -> Callable[[re.Match[str]], str]:
    r"""Java's replacement rules: `$1` is a group, `\` takes the next character as it is."""

    def put(match: re.Match[str]) -> str:
        def one(found: re.Match[str]) -> str:
            if found[1] is not None:
                return found[1]
            try:
                return match[int(found[2])] or ""
            except IndexError as error:
                raise invalid_argument(f"No group {found[2]} in the expression.") from error

        return re.sub(r"\\(.)|\$(\d)", one, replacement, flags=re.DOTALL)

    return put


def _reply(book: Book, body: Json, call: Call) -> Json:
    return {"findReplace": find_replace(book, body, call)}


KINDS = {"findReplace": _reply}
