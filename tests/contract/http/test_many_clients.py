"""Many clients at once, and slow ones among them."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gsheet_ml_scheduler import localsheets
from tests.contract.http.plain import Plain
from tests.served import TOKEN, Served

CLIENTS = 10


def test_ten_clients_at_once_lose_nothing(server: Served, workbook: Path) -> None:
    start = threading.Barrier(CLIENTS)

    def work(client: int) -> None:
        with Plain(server) as connection:
            start.wait()
            for number in range(20):
                line = {"values": [[f"client {client}", number]]}
                path = f"{connection.root}/values/A1:append?valueInputOption=RAW"
                assert connection.ask("POST", path, line).status == 200
                assert connection.values("A1") == [["lr"]]

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    lines = localsheets.open_workbook(workbook).sheet1.get_all_values()[2:]
    for client in range(CLIENTS):
        own = [int(number) for name, number in lines if name == f"client {client}"]
        assert own == list(range(20))


def test_one_claim_of_a_cell_wins(server: Served) -> None:
    """FindReplace on one cell is a compare-and-set, also over HTTP."""
    start = threading.Barrier(CLIENTS)
    with Plain(server) as connection:
        assert connection.write([["ready"]], "A3").status == 200

    def claim(client: int) -> int:
        cell = {"sheetId": 0, "startRowIndex": 2, "endRowIndex": 3, "endColumnIndex": 1}
        swap = {"find": "ready", "replacement": f"by {client}", "matchEntireCell": True}
        with Plain(server) as connection:
            start.wait()
            request = {"findReplace": {**swap, "range": cell}}
            answer = connection.ask(
                "POST", f"{connection.root}:batchUpdate", {"requests": [request]}
            )
            reply = answer.json()["replies"][0].get("findReplace", {})
            changed: int = reply.get("occurrencesChanged", 0)
            return changed

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert sorted(pool.map(claim, range(CLIENTS))) == [0] * (CLIENTS - 1) + [1]


def test_slow_clients_hold_up_nobody(server: Served) -> None:
    """Twenty clients announce a body and don't send it; the others don't notice."""
    head = (
        f"PUT /v4/spreadsheets/{server.key}/values/A1?valueInputOption=RAW HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 28\r\n\r\n"
    )
    body = b'{"values":[["slow but sure"]]}'[:28]
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    try:
        for connection in slow:
            connection.sendall(head.encode() + body[:10])
        with Plain(server) as quick:
            began = time.monotonic()
            for number in range(20):
                assert quick.write([[number]]).status == 200
                assert quick.values("A1") == [[number]]
            assert time.monotonic() - began < 10
    finally:
        for connection in slow:
            connection.close()


def test_a_client_that_reads_slowly_holds_up_nobody(server: Served) -> None:
    with Plain(server) as connection:
        assert connection.write([["x" * 40_000] * 20] * 10, "A1:T10").status == 200
        path = f"/v4/spreadsheets/{server.key}/values/A1:T10"
        asked = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: Bearer {TOKEN}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port)) as sleepy:
            sleepy.sendall(asked.encode() * 3)
            for _ in range(20):
                assert len(connection.values("A1:T1")[0]) == 20


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(server: Served) -> None:
    head = (
        f"PUT /v4/spreadsheets/{server.key}/values/A1?valueInputOption=RAW HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head.encode() + b'{"values":[["half')
    with Plain(server) as connection:
        assert connection.values("A1") == [["lr"]]
