"""Answers get lost while a workbook is copied: what arrives is whole, and there once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gspread
import pytest
import requests

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.errors import SheetUnreachableError
from gsheet_ml_scheduler.transfer.sheets_source import SheetsSource
from gsheet_ml_scheduler.transfer.sheets_target import SheetsTarget
from gsheet_ml_scheduler.transfer.stream import Report
from tests.contract.test_bad_network import nth
from tests.contract.transfer.contents import contents_of
from tests.contract.transfer.full import full_workbook
from tests.contract.watching import Asked, Watched, at_once, lose_answers


def copy(source: Path, target: Path, change: Callable[[Watched], None]) -> None:
    """Copy a workbook into an empty one, over a network of a test's own."""
    wire = Watched(localsheets.workbook_client(target, create=True))
    found = gspread.Spreadsheet(wire, {"id": localsheets.open_workbook(target).id})
    change(wire)
    report = Report()
    read = SheetsSource(localsheets.open_workbook(source), report, pacing=at_once())
    SheetsTarget(found, str(target), report, fresh=True, pacing=at_once()).take(read)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(6))
def test_one_lost_answer_anywhere_changes_nothing(number: int, moment: str, tmp_path: Path) -> None:
    source, target = tmp_path / "a.sheet", tmp_path / "b.sheet"
    made = full_workbook(source)
    copy(source, target, lambda wire: setattr(wire, moment, lose_answers(nth(number))))
    assert contents_of(localsheets.open_workbook(target)) == contents_of(made)


def test_a_network_that_goes_away_for_good_is_said(tmp_path: Path) -> None:
    def away(asked: Asked) -> None:
        if any(
            "rows" in request.get("updateCells", {}) for request in asked.body.get("requests", ())
        ):
            raise requests.ConnectionError("no route to host")

    full_workbook(tmp_path / "a.sheet")
    before = contents_of(localsheets.open_workbook(tmp_path / "b.sheet", create=True))
    with pytest.raises(SheetUnreachableError, match="couldn't write lines 1 to 7 of 'Runs' within"):
        copy(
            tmp_path / "a.sheet",
            tmp_path / "b.sheet",
            lambda wire: setattr(wire, "before", away),
        )
    assert contents_of(localsheets.open_workbook(tmp_path / "b.sheet")) == before
