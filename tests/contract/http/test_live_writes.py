"""Several edit at once: nothing is applied twice, to the wrong line, or over somebody's head."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.http.plain import Answer, Plain
from tests.live import Grid, snapshot
from tests.served import Served, served

Json = dict[str, Any]
INSERT = {
    "insertDimension": {
        "range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
    }
}


class Page:
    """A page that edits: it names its writes and says what they stand on."""

    def __init__(self, plain: Plain, client: str = "page") -> None:
        self.plain = plain
        self.client = client
        self.count = 0
        self.grid = Grid(snapshot(plain.server))
        self.cursor = self.grid.cursor

    def send(self, path: str, body: Json, *, batch: str | None = None, **headers: str) -> Answer:
        """A write by POST, with its headers; a new name unless one is given."""
        self.count += 1
        said = {
            "Grid-Client": self.client,
            "Grid-Batch": batch or f"b{self.count}",
            "Grid-Base": self.cursor,
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        return self.plain.ask("POST", f"{self.plain.root}{path}", body, said)

    def write(self, a1: str, value: object, **more: Any) -> Answer:
        """One cell, as typed."""
        body = {"valueInputOption": "USER_ENTERED", "data": [{"range": a1, "values": [[value]]}]}
        return self.send("/values:batchUpdate", body, **more)

    def batch(self, *requests: Json, **more: Any) -> Answer:
        """spreadsheets.batchUpdate."""
        return self.send(":batchUpdate", {"requests": list(requests)}, **more)


@pytest.fixture
def page(plain: Plain) -> Page:
    return Page(plain)


@pytest.fixture
def other(server: Served) -> Iterator[Plain]:
    """Somebody else, who has never heard of pages."""
    with Plain(server) as connection:
        yield connection


def conflict(answer: Answer) -> Json:
    """The detail of a 409."""
    assert answer.status == 409, answer.body
    error = answer.json()["error"]
    assert error["status"] == "ABORTED"
    (detail,) = error["details"]
    found: Json = detail
    return found


def test_a_batch_that_is_sent_twice_is_applied_once_and_answered_the_same(page: Page) -> None:
    append = {"appendCells": {"sheetId": 0, "fields": "userEnteredValue", "rows": [
        {"values": [{"userEnteredValue": {"stringValue": "new"}}]}]}}  # fmt: skip
    first = page.batch(append, {"addSheet": {"properties": {"title": "Other"}}}, batch="one")
    again = page.batch(append, {"addSheet": {"properties": {"title": "Other"}}}, batch="one")
    assert first.status == again.status == 200
    assert again.json() == first.json()
    assert again.headers["Grid-Cursor"] == first.headers["Grid-Cursor"]
    assert page.plain.values("A1:A9") == [["lr"], [0.5], ["new"]]


def test_another_client_may_use_the_same_name(page: Page) -> None:
    page.write("A1", "mine", batch="one")
    neighbour = Page(page.plain, "neighbour")
    neighbour.write("B1", "theirs", batch="one")
    assert page.plain.values("A1:B1") == [["mine", "theirs"]]


def test_a_batch_is_known_also_after_a_restart_and_after_line_moves(workbook: Path) -> None:
    with served(workbook) as server, Plain(server) as plain:
        page = Page(plain)
        answer = page.batch(INSERT, batch="one")
        assert answer.status == 200
    with served(workbook) as server, Plain(server) as plain:
        page.plain = plain
        again = page.batch(INSERT, batch="one")
        assert (again.status, again.json()) == (200, answer.json())
        assert plain.values("A1:A4") == [[], ["lr"], [0.5]]


def test_a_batch_that_was_refused_may_be_sent_again(page: Page) -> None:
    assert page.write("No such tab!A1", 1, batch="one").status == 400
    assert page.write("A1", 1, batch="one").status == 200
    assert page.plain.values("A1") == [[1]]


def test_a_batch_that_changed_nothing_is_known_too(page: Page) -> None:
    replace = {"findReplace": {"find": "new", "replacement": "newer", "allSheets": True}}
    first = page.batch(replace, batch="one")
    page.write("A1", "new", batch="two")
    again = page.batch(replace, batch="one")
    assert again.json() == first.json()
    assert page.plain.values("A1") == [["new"]]


def test_a_batch_that_several_threads_send_at_once_is_applied_once(
    server: Served, page: Page
) -> None:
    body = {"requests": [INSERT]}
    headers = {"Grid-Client": "page", "Grid-Batch": "one"}
    answers: list[Answer] = []

    def send() -> None:
        with Plain(server) as connection:
            path = f"{connection.root}:batchUpdate"
            answers.append(connection.ask("POST", path, body, headers))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 8
    assert len(Grid(snapshot(server)).lines[0, "ROWS"]) == 1001


def test_a_write_on_moved_lines_is_refused_with_what_was_missed(page: Page, other: Plain) -> None:
    other.ask("POST", f"{other.root}:batchUpdate", {"requests": [INSERT]})
    detail = conflict(page.write("A2", 0.25))
    assert detail["reason"] == "LINES_MOVED"
    assert page.plain.values("A1:A3") == [[], ["lr"], [0.5]]
    page.grid.apply(detail["changes"])
    assert page.grid.picture() == Grid(snapshot(page.plain.server)).picture()
    page.cursor = detail["changes"]["cursor"]
    row = page.grid.lines[0, "ROWS"].index(1) + 1
    assert page.write(f"A{row}", 0.25).status == 200
    assert page.plain.values("A1:A3") == [[], ["lr"], [0.25]]


@pytest.mark.parametrize(
    "move",
    [
        INSERT,
        {"deleteDimension": {"range": {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 25,
                                       "endIndex": 26}}},
        {"addSheet": {"properties": {"title": "Other"}}},
        {"sortRange": {"range": {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 2},
                       "sortSpecs": [{"sortOrder": "ASCENDING"}]}},
    ],
)  # fmt: skip
def test_whatever_moves_a_line_or_a_tab_counts(page: Page, other: Plain, move: Json) -> None:
    assert other.ask("POST", f"{other.root}:batchUpdate", {"requests": [move]}).status == 200
    assert conflict(page.write("B2", 1))["reason"] == "LINES_MOVED"


def test_the_cursor_of_an_answer_is_the_next_base(page: Page, other: Plain) -> None:
    """A page that moved lines itself knows where they are."""
    other.write([["theirs"]], "C1")
    answer = page.batch(INSERT)
    page.cursor = answer.headers["Grid-Cursor"]
    assert page.write("A2", "mine").status == 200
    assert page.plain.values("A1:C2") == [[], ["mine", "epochs", "theirs"]]


def test_cells_that_others_wrote_to_do_not_refuse_an_edit(page: Page, other: Plain) -> None:
    other.write([["theirs"]], "A2")
    assert page.write("A2", "mine").status == 200
    assert page.plain.values("A2") == [["mine"]]


def test_an_undo_never_overwrites_what_somebody_else_entered(page: Page, other: Plain) -> None:
    done = page.write("A2", "mine")
    page.cursor = done.headers["Grid-Cursor"]
    other.write([["theirs"]], "A2")
    detail = conflict(page.write("A2", 0.5, Grid_Untouched="true"))
    assert detail["reason"] == "CELLS_CHANGED"
    assert detail["changes"]["cells"] == {"0": {"1": {"0": {"v": "theirs"}}}}
    assert page.plain.values("A2") == [["theirs"]]


def test_an_undo_minds_no_other_cell(page: Page, other: Plain) -> None:
    done = page.write("A2", "mine")
    page.cursor = done.headers["Grid-Cursor"]
    other.write([["theirs"]], "B2")
    assert page.write("A2", 0.5, Grid_Untouched="true").status == 200
    assert page.plain.values("A2:B2") == [[0.5, "theirs"]]


def test_an_undo_minds_no_formula_that_both_lead_to(page: Page, other: Plain) -> None:
    page.write("C2", "=A2+B2")
    page.cursor = page.write("A2", 7).headers["Grid-Cursor"]
    other.write([[100]], "B2")  # which computes C2 anew
    assert page.write("A2", 0.5, Grid_Untouched="true").status == 200
    assert page.plain.values("A2:C2") == [[0.5, 100, 100.5]]


def test_a_base_of_another_history_asks_for_a_snapshot(page: Page) -> None:
    page.cursor = page.cursor.replace(page.cursor[:4], "0000")
    detail = conflict(page.write("A2", 1))
    assert detail == {"reason": "TAKE_A_SNAPSHOT"}


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Grid-Base": "nonsense"}, "is no cursor"),
        ({"Grid-Client": "no spaces", "Grid-Batch": "b"}, "is a name of 1 to 64 letters"),
        ({"Grid-Client": "c" * 65, "Grid-Batch": "b"}, "is a name of 1 to 64 letters"),
        ({"Grid-Batch": "b"}, "goes with grid-client"),
        ({"Grid-Untouched": "true"}, "goes with grid-base"),
        ({"Grid-Untouched": "maybe", "Grid-Base": "x.1.1"}, "is true or false"),
    ],
)
def test_headers_that_mean_nothing_are_refused(
    plain: Plain, headers: dict[str, str], words: str
) -> None:
    path = f"{plain.root}/values/A1?valueInputOption=RAW"
    code, _, message = plain.ask("PUT", path, {"values": [["x"]]}, headers).error()
    assert code == 400
    assert words in message
    assert plain.values("A1") == [["lr"]]


def test_the_feed_tells_a_page_which_batches_are_its_own(page: Page, other: Plain) -> None:
    other.write([["theirs"]], "C1")
    page.write("A1", "mine", batch="one")
    old = page.grid
    page.cursor = "nothing.0.0"
    detail = conflict(page.write("A1", 1))
    assert detail["reason"] == "TAKE_A_SNAPSHOT"
    page.cursor = old.cursor
    other.ask("POST", f"{other.root}:batchUpdate", {"requests": [INSERT]})
    batches = conflict(page.write("A1", 1))["changes"]["batches"]
    assert [(one.get("client"), one.get("batch")) for one in batches] == [
        (None, None), ("page", "one"), (None, None)
    ]  # fmt: skip


def test_the_log_says_who_edited_in_a_browser(page: Page, other: Plain) -> None:
    page.write("A1", 1, Grid_Author="Ana%20Mar%C3%ADa%0A")
    page.write("A1", 2)
    other.ask(
        "PUT", f"{other.root}/values/A1?valueInputOption=RAW", {"values": [[3]]},
        {"User-Agent": "script"},
    )  # fmt: skip
    path = f"/live/{other.server.key}/history?sheet=0&row=0&column=0"
    found = other.ask("GET", path).json()
    assert [entry["author"] for entry in found["entries"][:3]] == [
        "script (127.0.0.1)",
        "Browser (127.0.0.1)",
        "Ana María (127.0.0.1)",
    ]
    assert [(entry["from"], entry["to"]["v"]) for entry in found["entries"]] == [
        ({"v": 2}, 3), ({"v": 1}, 2), ({"v": "lr"}, 1), (None, "lr"),
    ]  # fmt: skip
    assert found["complete"] is True
