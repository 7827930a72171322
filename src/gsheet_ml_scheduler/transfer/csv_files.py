"""CSV text as a source and as a target: RFC 4180, in UTF-8.

Decided here: what a field means. Unless asked otherwise, what is plainly a number or TRUE or FALSE
becomes one and everything else stays the text it is: also `=…`, because a formula in somebody
else's file is somebody else's program. Going out, numbers are exact, whatever their format shows,
and dates are as shown. Decided elsewhere: what typing a text means (`localsheets.user_entered`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.localsheets.formulas.grammar import canonical
from gsheet_ml_scheduler.localsheets.text.user_entered import parse
from gsheet_ml_scheduler.transfer.stream import (
    FORMAT,
    NEW_COLUMNS,
    NEW_ROWS,
    VALUE,
    Json,
    Report,
    Source,
    cells_of,
    empty_sheet,
    id_of,
    sheets_of,
)

AS_TEXT, PLAIN, AS_TYPED = "text", "plain", "typed"
MAX_CHARACTERS = 50_000  # of a cell

_DATES = frozenset({"DATE", "TIME", "DATE_TIME"})
_BOOLEANS = {"true": True, "false": False}
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK\x03\x04": "a zip file (.xlsx?)"}
_WHOLE = r"(?P<sign>-?)(?P<whole>0|[1-9][0-9]*)?"
_EXPONENT = r"(?P<exponent>[eE][+-]?[0-9]+)?"


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    Args:
        delimiter: between fields; None is what the file's name and its first line say.
        decimal_comma: numbers have a decimal comma.
        reading: `PLAIN`, `AS_TEXT` or `AS_TYPED`.
    """

    delimiter: str | None = None
    decimal_comma: bool = False
    reading: str = PLAIN

    def delimiter_of(self, path: Path | None, first_line: str = "") -> str:
        """The sign between fields. A comma, unless something says otherwise."""
        if self.delimiter is not None:
            return self.delimiter
        if path is not None and path.suffix.lower() in (".tsv", ".tab"):
            return "\t"
        if self.decimal_comma:
            return "\t" if first_line.count("\t") > first_line.count(";") else ";"
        return ","


class CsvSource:
    """A CSV file as a workbook with one tab.

    Raises:
        LocationError: the file can't be read, or isn't text; the line is named.
    """

    def __init__(self, path: Path, dialect: Dialect, report: Report, today: date) -> None:
        self._path = path
        self._dialect = dialect
        self._today = today
        self._number = number_pattern(decimal_comma=dialect.decimal_comma)
        self._lines = self._read(report)

    def outline(self) -> Json:
        """One tab, named like the file."""
        height, width = len(self._lines), max(map(len, self._lines), default=0)
        rows, columns = max(height, NEW_ROWS), max(width, NEW_COLUMNS)
        return {"properties": {}, "sheets": [empty_sheet(0, self._path.stem, rows, columns)]}

    def rows(self, sheet_id: int) -> Iterator[Json]:
        """The lines of the file."""
        del sheet_id
        for line in self._lines:
            yield {"values": [self._cell(text) for text in line]}

    def _cell(self, text: str) -> Json:
        if not text:
            return {}
        if self._dialect.reading == AS_TYPED:
            return self._typed(text)
        if self._dialect.reading == PLAIN:
            number = plain_number(text, self._number)
            if number is not None:
                return {VALUE: {"numberValue": number}}
            if len(text) <= 5 and text.lower() in _BOOLEANS:
                return {VALUE: {"boolValue": _BOOLEANS[text.lower()]}}
        return {VALUE: {"stringValue": text}}

    def _typed(self, text: str) -> Json:
        comma = self._dialect.decimal_comma
        found = parse(text, "de_DE" if comma else "en_US", self._today)
        if found.is_formula:
            formula = canonical(str(found.value), decimal_comma=comma)
            return {VALUE: {"formulaValue": formula}}
        if isinstance(found.value, bool):
            return {VALUE: {"boolValue": found.value}}
        kind = "stringValue" if isinstance(found.value, str) else "numberValue"
        cell: Json = {VALUE: {kind: found.value}}
        if found.number_format:
            cell[FORMAT] = {"numberFormat": dict(found.number_format)}
        return cell

    def _read(self, report: Report) -> list[list[str]]:
        text = _text_of(self._path)
        first, _, _ = text.partition("\n")
        delimiter = self._dialect.delimiter_of(self._path, first)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        lines: list[list[str]] = []
        try:
            for line in reader:
                for field in line:
                    if len(field) > MAX_CHARACTERS:
                        raise self._wrong(
                            reader.line_num,
                            f"a field has {len(field)} characters; a cell takes {MAX_CHARACTERS}",
                        )
                self._look(line, len(lines[0]) if lines else len(line), reader.line_num, report)
                lines.append(line)
        except csv.Error as error:
            raise self._wrong(reader.line_num, f"can't be read: {error}") from error
        if lines and max(map(len, lines)) == 1:
            others = [sign for sign in ",;\t" if sign != delimiter and sign in first]
            if others:
                report.say(
                    f"every line is one cell, but line 1 contains {others[0]!r}; if that stands "
                    f"between the cells, use --delimiter {others[0]!r}"
                )
        return lines

    def _look(self, line: list[str], width: int, number: int, report: Report) -> None:
        if line and len(line) != width:
            what = f"has not as many cells as line 1, which has {width}"
            report.say(what, f"line {number}")

    def _wrong(self, number: int, what: str) -> LocationError:
        return LocationError(f"{self._path}, line {number}: {what}. Nothing was imported.")


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise LocationError(f"There is no file {path}.") from error
    except OSError as error:
        raise LocationError(f"{path} can't be read: {error.strerror}.") from error
    for mark, what in _MARKS.items():
        if data.startswith(mark):
            raise LocationError(f"{path} is {what}, not CSV in UTF-8. Save it as CSV UTF-8 first.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LocationError(
            f"{path}, line {line}: the byte 0x{data[error.start]:02x} isn't UTF-8. Save the file "
            "as CSV UTF-8 first. Nothing was imported."
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise LocationError(
            f"{path}, line {line}: there is a NUL byte, so it isn't text. Nothing was imported."
        )
    return text


def number_pattern(*, decimal_comma: bool) -> re.Pattern[str]:
    """What is plainly a number: no blanks, no grouping, no zeros in front."""
    sign = "," if decimal_comma else r"\."
    return re.compile(rf"{_WHOLE}(?:{sign}(?P<part>[0-9]+))?{_EXPONENT}")


def plain_number(text: str, pattern: re.Pattern[str]) -> int | float | None:
    """The number that a text is, if it is one and nothing is lost: a long id stays text."""
    match = pattern.fullmatch(text)
    if match is None or not (match["whole"] or match["part"]):
        return None
    whole, part, exponent = match["whole"] or "0", match["part"] or "", match["exponent"] or ""
    if len((whole + part).strip("0")) > 17 or (not part and len(whole) > 15):
        return None
    if not part and not exponent:
        return None if text == "-0" else int(text)
    value = float(f"{match['sign']}{whole}.{part or 0}{exponent}")
    return None if abs(value) == float("inf") or (not value and exponent) else value


def write_csv(
    source: Source, file: TextIO, delimiter: str, dialect: Dialect, report: Report
) -> None:
    """Write the only tab of a source, a rectangle of values, lines ending in CRLF."""
    (sheet,) = sheets_of(source.outline())
    sheet_id = id_of(sheet)
    lines = [
        [_field(cell, decimal_comma=dialect.decimal_comma) for cell in cells_of(row)]
        for row in source.rows(sheet_id)
    ]
    for line in lines:
        while line and not line[-1]:
            line.pop()
    while lines and not lines[-1]:
        lines.pop()
    width = max(map(len, lines), default=0)
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
    for line in lines:
        writer.writerow(line + [""] * (width - len(line)))
    report.tabs, report.rows = 1, len(lines)
    report.cells = sum(bool(field) for line in lines for field in line)


def _field(cell: Json, *, decimal_comma: bool) -> str:
    value: dict[str, Any] = cell.get("effectiveValue", {})
    if "stringValue" in value:
        return str(value["stringValue"])
    if "boolValue" in value:
        return "TRUE" if value["boolValue"] else "FALSE"
    if "numberValue" not in value:
        return str(cell.get("formattedValue", ""))
    kind = cell.get("effectiveFormat", {}).get("numberFormat", {}).get("type")
    if kind in _DATES:
        return str(cell.get("formattedValue", ""))
    text = repr(value["numberValue"])
    text = text.removesuffix(".0")
    return text.replace(".", ",") if decimal_comma else text
