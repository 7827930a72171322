"""A1 notation: the text of a range to plain numbers, and back.

Decided here: how a range is written and read, when a title is quoted. Decided elsewhere: which
sheet is the first visible one, how large its grid is, what a named range stands for (the caller
hands the named ranges in, already resolved).

What Google documents (Sheets API, "A1 notation") and its recorded answers show:

* `A1` without quotes is a cell of the first visible sheet even if a sheet is titled so; `'A1'` is
  that sheet. Likewise a named range wins over a sheet title, unless the title is quoted.
* An open end runs to the edge of the grid: `A5:A` from row 5 down, `A1:1` from column A on.
* Corners come in any order: `D4:A1` is `A1:D4`.
* A title may be written without quotes even where Google itself would quote it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .errors import invalid_argument

MAX_COLUMNS = 18_278  # column ZZZ is Google's last


@dataclass(frozen=True, slots=True)
class A1Range:
    """A range as it was written: half-open, 0-based; None is unbounded on that side.

    `title` is None where the text named no sheet, which means the first visible one.
    """

    title: str | None = None
    start_row: int | None = None
    end_row: int | None = None
    start_column: int | None = None
    end_column: int | None = None


_CORNER = r"(?:\$?([A-Za-z]{1,3}))?(?:\$?([0-9]{1,9}))?"
_A1 = re.compile(rf"{_CORNER}(?:(:){_CORNER})?")
_R1C1 = re.compile(r"[Rr]([0-9]{1,9})[Cc]([0-9]{1,9})(?::[Rr]([0-9]{1,9})[Cc]([0-9]{1,9}))?")
# The title may hold apostrophes that nobody doubled: Google's own example is 'Jon's_Data'!A1:D5.
_QUOTED = re.compile(r"'(.+)'(?:!([^'!]*))?", re.DOTALL)
# Recorded: spaces, emoji and what could be a cell are quoted, ASCII words are not. Titles in other
# scripts are quoted in every answer that people have published, so only ASCII goes bare here.
_BARE_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOOKS_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*")


@lru_cache(maxsize=1024)
def column_letters(index0: int) -> str:
    """`0` → `A`, `25` → `Z`, `26` → `AA`."""
    if index0 < 0:
        raise ValueError(f"a column's index counts from 0, so {index0} is none")
    letters = ""
    number = index0 + 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def column_index(letters: str) -> int:
    """`A` → `0`, `AA` → `26`; capital or small letters."""
    if not (letters.isascii() and letters.isalpha()):
        raise ValueError(f"a column is written with the letters A to Z, not {letters!r}")
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def parse_a1(
    text: str, titles: Container[str], named: Mapping[str, A1Range] | None = None
) -> A1Range:
    """Read a range; `titles` are the spreadsheet's sheets, `named` its named ranges, resolved.

    Raises `ApiError` (400) where it can't be read, also if it names a sheet that isn't there.
    """
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return _with_title(text, _unquoted(quoted[1], titles), quoted[2], titles)
    if named and text in named:
        return named[text]
    alone = _reference(text)
    if alone:
        return alone
    if text in titles:
        return A1Range(text)
    title, bang, reference = text.rpartition("!")
    if not bang:
        raise _unparsable(text)
    return _with_title(text, title, reference, titles)


def _unquoted(inner: str, titles: Container[str]) -> str:
    title = inner.replace("''", "'")
    return inner if title not in titles and inner in titles else title


def _with_title(text: str, title: str, reference: str | None, titles: Container[str]) -> A1Range:
    if title not in titles:
        raise _unparsable(text)
    if reference is None:
        return A1Range(title)
    found = _reference(reference)
    if not found:
        raise _unparsable(text)
    return A1Range(title, found.start_row, found.end_row, found.start_column, found.end_column)


def _unparsable(text: str) -> Exception:
    return invalid_argument(f"Unable to parse range: {text}")


def _reference(text: str) -> A1Range | None:
    """The range without its title; None if `text` is no reference."""
    r1c1 = _R1C1.fullmatch(text)
    if r1c1:
        row, column, row2, column2 = (int(part) - 1 if part else None for part in r1c1.groups())
    else:
        match = _A1.fullmatch(text)
        if not match:
            return None
        letters, digits, colon, letters2, digits2 = match.groups()
        row, row2 = (int(part) - 1 if part else None for part in (digits, digits2))
        column, column2 = (column_index(part) if part else None for part in (letters, letters2))
        if not colon and (row is None or column is None):
            return None  # a word or a number alone is a title
        if colon and not _two(row, row2) and not _two(column, column2):
            return None  # `A:1` joins a column to a row
    if row2 is None and column2 is None:
        row2, column2 = row, column  # a single cell
    if -1 in (row, row2, column, column2):
        return None  # rows and columns are counted from 1
    if any(c is not None and c >= MAX_COLUMNS for c in (column, column2)):
        return None
    start_row, end_row = _span(row, row2)
    start_column, end_column = _span(column, column2)
    return A1Range(None, start_row, end_row, start_column, end_column)


def _two(first: int | None, last: int | None) -> bool:
    return first is not None and last is not None


def _span(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    """Two corners on one axis; a missing one leaves the range open to the grid's edge."""
    if first is not None and last is not None:
        return min(first, last), max(first, last) + 1
    return (last if first is None else first), None


@lru_cache(maxsize=1024)
def quote_title(title: str) -> str:
    """The title as it stands before the `!` in Google's answers."""
    if _BARE_TITLE.fullmatch(title) and not _LOOKS_LIKE_A_CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def format_a1(title: str, start_row: int, end_row: int, start_column: int, end_column: int) -> str:
    """A range whose four sides are known, half-open and 0-based, as Google echoes it.

    `Sheet1!A1:B2`, and `Sheet1!A1` if it is a single cell.
    """
    first = f"{column_letters(start_column)}{start_row + 1}"
    last = f"{column_letters(end_column - 1)}{end_row}"
    return f"{quote_title(title)}!{first}" + (f":{last}" if last != first else "")
