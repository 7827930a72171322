"""Snapshot and feed: whoever applies them has the workbook, whichever process wrote to it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import gspread
import pytest
import requests
from websockets.exceptions import ConnectionClosed

from gsheet_ml_scheduler import localsheets
from tests.contract.http.plain import Plain
from tests.live import PATIENCE, Grid, bearer, snapshot, watching
from tests.served import Served, served, serving_process

Json = dict[str, Any]


def batch(plain: Plain, *requests: Json, **headers: str) -> Any:
    """spreadsheets.batchUpdate."""
    named = {name.replace("_", "-"): said for name, said in headers.items()}
    answer = plain.ask("POST", f"{plain.root}:batchUpdate", {"requests": list(requests)}, named)
    assert answer.status == 200, answer.body
    return answer


def test_a_snapshot_has_what_the_sheets_show(server: Served, plain: Plain) -> None:
    plain.write([["2026-11-22", "=A2*2", "0.1"]], "A3", "USER_ENTERED")
    plain.write([["0042", True, 1 / 3]], "A4")
    grid = Grid(snapshot(server))
    cells = {place[1:]: cell for place, cell in grid.cells.items()}
    assert cells[0, 0] == {"v": "lr"}
    assert cells[2, 0] == {"v": 46348, "t": "2026-11-22", "i": "2026-11-22", "s": 1}
    assert cells[2, 1] == {"v": 1, "f": "=A2*2"}
    assert cells[2, 2] == {"v": 0.1}
    assert cells[3, 0] == {"v": "0042", "i": "'0042"}
    assert cells[3, 1] == {"v": True}
    assert cells[3, 2] == {"v": 1 / 3, "t": "0.3333333333"}
    assert grid.lines[0, "ROWS"] == list(range(1000))
    assert grid.styles["1"]["numberFormat"]["type"] == "DATE"


def test_a_snapshot_begins_with_the_tab_that_is_asked_for(server: Served, plain: Plain) -> None:
    batch(plain, {"addSheet": {"properties": {"sheetId": 7, "title": "Other"}}})
    plain.write([["x"]], "Other!A1")
    pieces = [line for line in snapshot(server, first=7) if line["type"] == "rows"]
    assert [piece["sheetId"] for piece in pieces] == [7, 0]
    assert Grid(snapshot(server, first=7)).order == [0, 7]


def test_a_large_snapshot_comes_in_pieces_and_compressed(server: Served, plain: Plain) -> None:
    values = {"values": [[f"run {at}", at / 7] for at in range(5000)]}
    append = f"{plain.root}/values/A1:append?valueInputOption=RAW"
    assert plain.ask("POST", append, values).status == 200
    address = f"{server.base}/live/{server.key}/snapshot"
    with requests.get(address, headers=bearer(server), stream=True, timeout=60) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        packed = len(answer.raw.read())
    lines = snapshot(server)
    counts = [sum(n for _, n in line["rows"]) for line in lines if line["type"] == "rows"]
    assert counts == [200, 1000, 1000, 1000, 1000, 802]  # a window's rows don't wait for others
    assert packed < len(json.dumps(lines)) / 2
    assert Grid(lines).cells[0, 5001, 1]["v"] == 4999 / 7


def test_what_another_process_writes_is_told_within_a_moment(
    server: Served, workbook: Path
) -> None:
    grid = Grid(snapshot(server))
    with watching(server, grid.cursor) as feed:
        code = (
            "import sys, time; from gsheet_ml_scheduler import localsheets\n"
            "sheet = localsheets.open_workbook(sys.argv[1]).sheet1\n"
            "sheet.update([[0.25]], 'A2'); print(time.time())"
        )
        written = float(
            subprocess.run(
                [sys.executable, "-c", code, str(workbook)],
                check=True, capture_output=True, text=True,
            ).stdout
        )  # fmt: skip
        grid.apply(feed.message())
    assert grid.cells[0, 1, 0] == {"v": 0.25}
    assert time.time() - written < 5, "told at last"


def test_every_kind_of_change_is_told(server: Served, plain: Plain) -> None:
    grid = Grid(snapshot(server))
    wide = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 6, "startColumnIndex": 0}
    red = {"userEnteredFormat": {"backgroundColor": {"red": 1}}}
    rule = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "ready"}]}}
    hidden = {"hiddenValues": ["10"]}
    rows = {"sheetId": 0, "dimension": "ROWS"}
    with watching(server, grid.cursor) as feed:
        batch(plain, {"insertDimension": {"range": {**rows, "startIndex": 1, "endIndex": 3}}})
        plain.write([["b", 2], ["a", 1]], "A4")
        batch(
            plain,
            {"moveDimension": {"source": {**rows, "startIndex": 0, "endIndex": 1},
                               "destinationIndex": 4}},
            {"repeatCell": {"range": {**wide, "endColumnIndex": 1}, "cell": red,
                            "fields": "userEnteredFormat.backgroundColor"}},
            {"setDataValidation": {"range": {**wide, "endColumnIndex": 1}, "rule": rule}},
        )  # fmt: skip
        batch(
            plain,
            {"addSheet": {"properties": {"sheetId": 7, "title": "Other", "index": 0}}},
            {"mergeCells": {"range": {**wide, "startColumnIndex": 5, "endColumnIndex": 7},
                            "mergeType": "MERGE_ALL"}},
            {"updateDimensionProperties": {"range": {**rows, "startIndex": 2, "endIndex": 3},
                                           "properties": {"pixelSize": 50},
                                           "fields": "pixelSize"}},
            {"setBasicFilter": {"filter": {"range": {**wide, "endColumnIndex": 2},
                                           "criteria": {"1": hidden}}}},
        )  # fmt: skip
        plain.write([["=1/0"]], "Other!B2", "USER_ENTERED")
        batch(
            plain,
            {"sortRange": {"range": {**wide, "endColumnIndex": 3},
                           "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]}},
            {"deleteDimension": {"range": {"sheetId": 0, "dimension": "COLUMNS",
                                           "startIndex": 2, "endIndex": 3}}},
            {"duplicateSheet": {"sourceSheetId": 0, "newSheetId": 9, "newSheetName": "Copy"}},
        )  # fmt: skip
        batch(plain, {"deleteSheet": {"sheetId": 7}}, {"clearBasicFilter": {"sheetId": 0}})
        new = Grid(snapshot(server))
        feed.follow(grid, new.revision)
    assert grid.picture() == new.picture()


def test_who_was_away_is_told_what_happened_meanwhile(server: Served, plain: Plain) -> None:
    grid = Grid(snapshot(server))
    for at in range(3):
        plain.write([[at]], f"C{at + 1}")
    with watching(server, grid.cursor) as feed:
        grid.apply(feed.message())
        assert [batch["revision"] for batch in feed_batches(grid, plain, feed)] == [5]
    assert grid.picture() == Grid(snapshot(server)).picture()


def feed_batches(grid: Grid, plain: Plain, feed: Any) -> list[Json]:
    """The batches of the message about one more write."""
    plain.write([["more"]], "D1")
    message = feed.message()
    grid.apply(message)
    found: list[Json] = message["batches"]
    return found


def test_a_cell_that_was_set_several_times_is_told_once(server: Served, plain: Plain) -> None:
    grid = Grid(snapshot(server))
    for at in range(20):
        plain.write([[at]], "C1")
    with watching(server, grid.cursor) as feed:
        message = feed.message()
    assert message["cells"] == {"0": {"0": {"2": {"v": 19}}}}
    assert len(message["batches"]) == 20


@pytest.mark.parametrize("cursor", ["", "x", "another.0.0", "another.1.2", "é.1.2"])
def test_a_cursor_that_means_nothing_here_asks_for_a_snapshot(server: Served, cursor: str) -> None:
    with watching(server, cursor) as feed:
        message = feed.message()
        assert message["type"] == "snapshot"
        assert "isn't known any more" in message["why"]
        with pytest.raises(ConnectionClosed) as closed:
            feed.message()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000


def test_another_locale_asks_for_a_snapshot(server: Served, plain: Plain) -> None:
    grid = Grid(snapshot(server))
    german = {"properties": {"locale": "de_DE"}, "fields": "locale"}
    with watching(server, grid.cursor) as feed:
        batch(plain, {"updateSpreadsheetProperties": {
            "properties": {"title": "renamed"}, "fields": "title"}})  # fmt: skip
        feed.follow(grid, grid.revision + 1)
        assert grid.properties["title"] == "renamed"
        batch(plain, {"updateSpreadsheetProperties": german})
        assert feed.message()["type"] == "snapshot"
    cell = Grid(snapshot(server)).cells[0, 1, 0]
    assert cell == {"v": 0.5, "t": "0,5", "i": "0,5"}


def test_a_file_that_was_replaced_has_another_history(tmp_path: Path, workbook: Path) -> None:
    older = workbook.read_bytes()
    with served(workbook) as server, Plain(server) as plain:
        plain.write([["newer"]], "A1")
        cursor = Grid(snapshot(server)).cursor
    workbook.unlink()
    restored = tmp_path / "restored.sheet"
    restored.write_bytes(older)
    client = localsheets.workbook_client(restored)
    gspread.Spreadsheet(client, {"id": client.spreadsheet_id}).sheet1.update([["other"]], "A1")
    client.workbook.close()
    restored.rename(workbook)
    with served(workbook) as server, watching(server, cursor) as feed:
        assert feed.message()["type"] == "snapshot"


def test_a_file_that_goes_away_is_told(workbook: Path) -> None:
    with served(workbook) as server:
        with watching(server, Grid(snapshot(server)).cursor) as feed:
            workbook.rename(workbook.with_name("elsewhere"))
            message = feed.message()
            assert message["type"] == "gone"
            assert "was moved or deleted" in message["why"]
        workbook.with_name("elsewhere").rename(workbook)


def test_a_silent_feed_says_that_it_lives(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gsheet_ml_scheduler.server.feed.SECONDS_SILENT", 0.05)
    with watching(server, Grid(snapshot(server)).cursor) as feed:
        found = json.loads(feed.socket.recv(timeout=20))
    assert found["type"] == "alive"
    assert abs(found["time"] - time.time()) < 60


def test_there_is_no_feed_of_what_is_not_served(server: Served) -> None:
    for path in ("/live/nothing/snapshot", "/live/nothing/no", f"/live/{server.key}/no"):
        answer = requests.get(f"{server.base}{path}", headers=bearer(server), timeout=20)
        assert answer.status_code == 404
        assert answer.json()["error"]["status"] == "NOT_FOUND"
    answer = requests.get(
        f"{server.base}/live/{server.key}/snapshot?first=x", headers=bearer(server), timeout=20
    )
    assert answer.status_code == 400


def test_a_page_that_reads_nothing_costs_nothing_and_the_others_go_on(
    server: Served, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gsheet_ml_scheduler.server.feed.SECONDS_TO_SEND", 0.5)
    monkeypatch.setattr("gsheet_ml_scheduler.server.feed.MOST_WAITING", 300_000)
    grid = Grid(snapshot(server))
    address = f"GET /live/{server.key}/feed?cursor={grid.cursor} HTTP/1.1\r\n"
    head = (
        f"Host: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.token}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with (
        socket.socket() as stuck,
        watching(server, grid.cursor) as feed,
    ):
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # before it is connected
        stuck.connect(("127.0.0.1", server.port))
        stuck.sendall((address + head).encode())
        assert stuck.recv(12) == b"HTTP/1.1 101"
        long = [["x" * 20_000] * 10]
        for at in range(40):
            plain.write(long, f"A{at + 5}:J{at + 5}")
            feed.follow(grid, grid.revision + 1)
        deadline = time.monotonic() + PATIENCE
        stuck.settimeout(PATIENCE)
        received = 0
        while piece := stuck.recv(1 << 20):  # until the server has hung up
            received += len(piece)
            assert time.monotonic() < deadline
    assert received < 40 * 200_000
    assert grid.picture() == Grid(snapshot(server)).picture()


def test_a_server_ends_at_once_although_pages_follow(workbook: Path) -> None:
    with serving_process(str(workbook), "--port", "0", "--no-browser", "--no-token") as process:
        assert process.stdout is not None
        base, _, key = process.stdout.readline().strip().partition("/spreadsheets/d/")
        server = Served(base, None, (key,))
        with watching(server, Grid(snapshot(server)).cursor) as feed:
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                feed.message()
            assert process.wait(timeout=PATIENCE) == 0
    assert time.monotonic() - began < PATIENCE


def test_each_workbook_of_a_folder_has_a_feed_of_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        localsheets.open_workbook(tmp_path / f"{name}.sheet", create=True)
    with served(tmp_path) as both:
        servers = [Served(both.base, both.token, (key,)) for key in both.keys]
        grids = [Grid(snapshot(server)) for server in servers]
        with (
            watching(servers[0], grids[0].cursor) as first,
            watching(servers[1], grids[1].cursor) as second,
        ):
            for server, text in zip(servers, ("one", "two")):
                with Plain(server) as connection:
                    connection.write([[text]], "A1")
            told = [feed.message()["cells"]["0"]["0"]["0"] for feed in (first, second)]
    assert told == [{"v": "one"}, {"v": "two"}]


def test_a_workbook_that_was_renamed_in_a_folder_is_followed_again(tmp_path: Path) -> None:
    path = tmp_path / "runs.sheet"
    localsheets.open_workbook(path, create=True)
    with served(tmp_path) as server:
        grid = Grid(snapshot(server))
        with watching(server, grid.cursor) as feed:
            path.rename(tmp_path / "renamed.sheet")
            assert feed.message()["type"] == "gone"
        with Plain(server) as connection, watching(server, grid.cursor) as feed:
            connection.write([["after"]], "A1")
            grid.apply(feed.message())
    assert grid.cells[0, 0, 0] == {"v": "after"}


def rule(kind: str, value: str, look: Json, columns: tuple[int, int] = (0, 1)) -> Json:
    """A conditional format from line 2 on."""
    area = {"sheetId": 0, "startRowIndex": 1, "startColumnIndex": columns[0],
            "endColumnIndex": columns[1]}  # fmt: skip
    condition = {"type": kind, "values": [{"userEnteredValue": value}]}
    return {"addConditionalFormatRule": {"index": 9, "rule": {
        "ranges": [area], "booleanRule": {"condition": condition, "format": look}}}}  # fmt: skip


def test_conditional_formats_show_and_leave_a_cells_own_format_alone(
    server: Served, plain: Plain
) -> None:
    red = {"textFormat": {"foregroundColor": {"red": 1}}}
    bold = {"textFormat": {"bold": True}}
    first, second = rule("TEXT_EQ", "done", red), rule("TEXT_CONTAINS", "do", bold)
    first["addConditionalFormatRule"]["index"] = second["addConditionalFormatRule"]["index"] = 0
    batch(plain, second, first)
    plain.write([["done"], ["doing"], ["else"]], "A2")
    batch(plain, {"repeatCell": {
        "range": {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 2, "endColumnIndex": 1},
        "cell": {"userEnteredFormat": {"backgroundColor": {"green": 1}}},
        "fields": "userEnteredFormat.backgroundColor"}})  # fmt: skip
    grid = Grid(snapshot(server))

    def looks(row: int) -> Json | None:
        cell = grid.cells[0, row, 0]
        return grid.styles[str(cell["c"])] if "c" in cell else None

    done = looks(1)
    assert done is not None
    assert done["textFormat"]["foregroundColor"] == {"red": 1}
    assert done["backgroundColor"] == {"green": 1}
    assert "textFormat" not in grid.styles[str(grid.cells[0, 1, 0]["s"])]
    doing = looks(2)
    assert doing is not None
    assert doing["textFormat"] == {"bold": True}
    assert looks(3) is None
    with watching(server, grid.cursor) as feed:
        plain.write([["done"]], "A4")
        feed.follow(grid, grid.revision + 1)
        assert looks(3) == {"textFormat": looks_red(done)}
        batch(plain, {"insertDimension": {"range": {
            "sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 4}}})  # fmt: skip
        plain.write([["done"]], "A3")
        feed.follow(grid, grid.revision + 2)
        assert grid.picture() == Grid(snapshot(server)).picture()
        batch(plain, {"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}})
        assert feed.message()["type"] == "snapshot"


def looks_red(style: Json) -> Json:
    """The text format of a style."""
    found: Json = style["textFormat"]
    return found
