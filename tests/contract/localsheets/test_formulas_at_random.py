"""Whatever happened to a workbook, its formulas show what they would show if entered just now."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import gspread
import pytest

from gsheet_ml_scheduler import localsheets

ROWS, COLUMNS = 6, 3
KINDS = ["insertDimension", "deleteDimension", "moveDimension", "appendDimension"]


def _cell(chance: Random) -> str:
    return f"{chance.choice('ABC')}{chance.randint(1, ROWS)}"


def _entry(chance: Random) -> Any:
    one, other = _cell(chance), _cell(chance)
    if chance.random() < 0.5:
        return chance.choice([1, 2, 3, 4, 5, 6, 7, -1.5, 0, "", "text", True])
    return chance.choice(
        [f"={one}", f"={one}*2+{other}", f"=SUM({one}:{other})", f'=IF({one}>2,"more",{other})']
        + [chance.choice(["=SUM(A:A)", f"=Data!{one}&Data!{other}", "=ROWS(B2:B)"])]
        + ([f'=INDIRECT("{one}")'] if chance.random() < 0.1 else [])
    )


def _enter(chance: Random) -> Any:
    return "enter", chance.random() < 0.3, _cell(chance), _entry(chance)


def _change(chance: Random) -> Any:
    kind, dimension = chance.choice(KINDS), chance.choice(["ROWS", "COLUMNS"])
    place = (chance.randint(0, 3), chance.randint(1, 2), chance.randint(0, 4))
    lines = ("lines", (kind, dimension, *place, chance.random() < 0.3))
    return chance.choice([lines, lines, ("sort", chance.choice("ABC")), ("rename",)])


def _steps(chance: Random) -> list[Any]:
    return [
        step(chance)
        for step, most in ((_enter, 15), (_change, 2), (_enter, 5), (_change, 2), (_enter, 8))
        for _ in range(chance.randint(most // 2, most))
    ]


def _apply(book: gspread.Spreadsheet, step: Any) -> None:
    sheet, other = book.get_worksheet(0), book.get_worksheet(1)
    try:
        if step[0] == "enter":
            (other if step[1] else sheet).update([[step[3]]], step[2], raw=False)
        elif step[0] == "sort":
            sheet.sort((ord(step[1]) - 64, "des"), range="A2:C5")
        elif step[0] == "rename":
            other.update_title("Data" if other.title != "Data" else "More data")
        else:
            book.batch_update({"requests": [_request(step[1], (sheet.id, other.id))]})
    except gspread.exceptions.APIError as error:
        assert error.code == 400  # off the grid: nothing was changed


def _request(wanted: tuple[str, str, int, int, int, bool], ids: tuple[int, int]) -> dict[str, Any]:
    kind, dimension, start, count, to, on_other = wanted
    where: dict[str, Any] = {"sheetId": ids[on_other], "dimension": dimension}
    if kind == "appendDimension":
        return {kind: {**where, "length": count}}
    where |= {"startIndex": start, "endIndex": start + count}
    if kind == "moveDimension":
        return {kind: {"source": where, "destinationIndex": to}}
    return {kind: {"range": where}}


def _everything(book: gspread.Spreadsheet, option: str) -> list[list[list[Any]]]:
    titles = [f"'{sheet.title}'" for sheet in book.worksheets()]
    found = book.values_batch_get(titles, {"valueRenderOption": option})
    return [one.get("values", []) for one in found["valueRanges"]]


@pytest.mark.parametrize("seed", range(40))
def test_what_was_followed_step_by_step_is_what_is_computed_at_once(
    seed: int, tmp_path: Path
) -> None:
    path = tmp_path / "book.sheet"
    book = localsheets.open_workbook(path, create=True)
    book.sheet1.resize(ROWS, COLUMNS)
    book.add_worksheet("Data", ROWS, COLUMNS)
    second = localsheets.open_workbook(path)
    for at, step in enumerate(_steps(Random(seed))):
        _apply(second if at % 3 == 2 else book, step)

    fresh = localsheets.open_workbook(tmp_path / "fresh.sheet", create=True)
    sheets = book.worksheets()
    fresh.add_worksheet(sheets[1].title, sheets[1].row_count, sheets[1].col_count)
    fresh.sheet1.resize(sheets[0].row_count, sheets[0].col_count)
    data = [
        {"range": f"'{sheet.title}'!A1", "values": texts}
        for sheet, texts in zip(fresh.worksheets(), _everything(book, "FORMULA"))
        if texts
    ]
    fresh.values_batch_update({"valueInputOption": "USER_ENTERED", "data": data})
    assert _everything(book, "UNFORMATTED_VALUE") == _everything(fresh, "UNFORMATTED_VALUE")
