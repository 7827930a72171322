"""`gsheet-ml serve` as a process: its first line, its refusals, its end."""

import http.client
import json
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import gspread
import pytest

from gsheet_ml_scheduler import localsheets
from tests.served import Served, serving_process

SECONDS = 30


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().removesuffix("\n")


def refusal(*arguments: str, **environment: str) -> str:
    """What a server says that doesn't start."""
    with serving_process(*arguments, **environment) as process:
        out, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert out == ""
    assert "Traceback" not in said
    return " ".join(said.split())


def spreadsheet(address: str) -> gspread.Spreadsheet:
    """The workbook at a printed address."""
    parts = urlsplit(address)
    key = parts.path.removeprefix("/spreadsheets/d/")
    token = parse_qs(parts.query)["token"][0] if parts.query else None
    return Served(f"http://{parts.netloc}", token, (key,)).spreadsheet()


def test_the_first_line_is_the_address_and_it_works_at_once(workbook: Path) -> None:
    with serving_process(str(workbook), "--port", "0") as process:
        address = first_line(process)
        assert re.fullmatch(
            r"http://127\.0\.0\.1:\d+/spreadsheets/d/[\w-]+\?token=[\w-]{20,}", address
        )
        assert spreadsheet(address).sheet1.acell("A1").value == "lr"


def test_two_servers_have_two_tokens(workbook: Path) -> None:
    with (
        serving_process(str(workbook), "--port", "0") as one,
        serving_process(str(workbook), "--port", "0") as other,
    ):
        assert first_line(one).partition("=")[2] != first_line(other).partition("=")[2]


def test_the_token_can_be_given_as_an_option_or_in_the_environment(workbook: Path) -> None:
    with serving_process(str(workbook), "--port", "0", "--token", "of-the-lab") as process:
        assert first_line(process).endswith("?token=of-the-lab")
    with serving_process(str(workbook), "--port", "0", GSHEET_ML_TOKEN="from-outside") as process:
        assert first_line(process).endswith("?token=from-outside")
    with serving_process(str(workbook), "--port", "0", GSHEET_ML_TOKEN="") as process:
        assert len(first_line(process).partition("?token=")[2]) > 20


def test_without_a_token_the_address_has_none(workbook: Path) -> None:
    with serving_process(str(workbook), "--port", "0", "--no-token") as process:
        address = first_line(process)
        assert "?" not in address
        assert spreadsheet(address).sheet1.acell("A1").value == "lr"


def test_a_folder_is_served_with_all_its_workbooks(tmp_path: Path) -> None:
    keys = {
        localsheets.open_workbook(tmp_path / f"{name}.sheet", create=True).id: name
        for name in ("first", "second")
    }
    with serving_process(str(tmp_path), "--port", "0", "--token", "t") as process:
        address = first_line(process)
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=t", address)
        assert process.stderr is not None
        listed = [process.stderr.readline().strip() for _ in keys]
        base = address.removesuffix("/?token=t")
        assert listed == [
            f"{name}: {base}/spreadsheets/d/{key}?token=t"
            for key, name in sorted(keys.items(), key=lambda one: one[1])
        ]
        for line in listed:
            name, _, place = line.partition(": ")
            assert spreadsheet(place).title == name


def test_a_workbook_put_into_the_folder_later_is_served_too(tmp_path: Path) -> None:
    with serving_process(str(tmp_path), "--port", "0", "--token", "t") as process:
        base = first_line(process).partition("/?")[0]
        key = localsheets.open_workbook(tmp_path / "late.sheet", create=True).id
        assert spreadsheet(f"{base}/spreadsheets/d/{key}?token=t").title == "late"


def test_a_busy_port_is_one_sentence(workbook: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(str(workbook), "--port", str(port))
    assert said == (
        f"Port {port} of 127.0.0.1 is in use by another program, perhaps by another gsheet-ml "
        "serve. Choose another with --port, or a free one with --port 0."
    )


def test_what_can_t_be_served_is_one_sentence(tmp_path: Path) -> None:
    assert "There is no file" in refusal(str(tmp_path / "none.sheet"), "--port", "0")
    note = tmp_path / "note.txt"
    note.write_text("not a workbook")
    assert "is not a workbook" in refusal(str(note), "--port", "0")


def test_an_address_that_isn_t_this_machine_s_is_one_sentence(workbook: Path) -> None:
    said = refusal(str(workbook), "--port", "0", "--host", "192.0.2.7")
    assert "192.0.2.7 is no address of this machine" in said
    said = refusal(str(workbook), "--port", "0", "--host", "no such host")
    assert "is no address of this machine" in said


def test_a_token_that_can_t_stand_in_an_address_is_refused(workbook: Path) -> None:
    for token in ("with space", "a&b", "ünï", "a/b"):
        assert "letters, digits" in refusal(str(workbook), "--port", "0", "--token", token)


def test_a_network_without_a_token_wants_a_clear_word(workbook: Path) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.7"):
        said = refusal(str(workbook), "--port", "0", "--no-token", "--host", host)
        assert "everybody in the network could read and change" in said
        assert "--open-to-anyone" in said


def test_an_open_server_says_who_gets_in(workbook: Path) -> None:
    arguments = [str(workbook), "--port", "0", "--host", "0.0.0.0"]
    with serving_process(*arguments, "--token", "short") as process:
        address = first_line(process)
        process.terminate()
        _, said = process.communicate(timeout=SECONDS)
    assert "Everybody with the token who reaches port" in said
    assert "short enough to be guessed" in said
    assert "isn't encrypted" in said
    assert "0.0.0.0" not in address
    with serving_process(*arguments, "--no-token", "--open-to-anyone") as process:
        first_line(process)
        process.terminate()
        _, said = process.communicate(timeout=SECONDS)
    assert said.startswith("Everybody who reaches port")


def test_a_further_host_is_a_name_that_the_server_answers_to(workbook: Path) -> None:
    arguments = [str(workbook), "--port", "0", "--no-token"]
    with serving_process(*arguments, "--host", "127.0.0.1", "--host", "sheets.lab") as process:
        address = urlsplit(first_line(process))
        statuses = []
        for name in ("sheets.lab", "evil.example"):
            connection = http.client.HTTPConnection(address.netloc, timeout=SECONDS)
            key = address.path.removeprefix("/spreadsheets/d/")
            connection.request("GET", f"/v4/spreadsheets/{key}", headers={"Host": name})
            statuses.append(connection.getresponse().status)
            connection.close()
    assert statuses == [200, 403]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_the_server_at_once_when_nothing_is_under_way(
    workbook: Path, sent: signal.Signals, code: int
) -> None:
    with serving_process(str(workbook), "--port", "0") as process:
        sheet = spreadsheet(first_line(process)).sheet1
        sheet.update_acell("A1", "before the end")  # its connection stays open, and idle
        process.send_signal(sent)
        _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == code
    assert "Traceback" not in said
    assert localsheets.open_workbook(workbook).sheet1.acell("A1").value == "before the end"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_request_under_way_is_answered_before_the_server_ends(
    workbook: Path, sent: signal.Signals
) -> None:
    body = json.dumps({"values": [["finished"]]}).encode()
    with serving_process(str(workbook), "--port", "0", "--token", "t") as process:
        address = urlsplit(first_line(process))
        key = address.path.removeprefix("/spreadsheets/d/")
        head = (
            f"PUT /v4/spreadsheets/{key}/values/A1?valueInputOption=RAW HTTP/1.1\r\n"
            f"Host: {address.netloc}\r\nAuthorization: Bearer t\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        port = address.port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
            connection.sendall(head.encode() + body[:5])
            _wait_until_heard(port, key)
            process.send_signal(sent)
            _wait_until_closed(port)
            connection.sendall(body[5:])
            received = b""
            while part := connection.recv(65536):
                received += part
        assert process.wait(SECONDS) in (0, 130)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert localsheets.open_workbook(workbook).sheet1.acell("A1").value == "finished"


def _wait_until_heard(port: int, key: str) -> None:
    """The server reads connections in turn: when a later one is answered, the earlier was heard."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request("GET", f"/v4/spreadsheets/{key}")
    connection.getresponse().read()
    connection.close()


def _wait_until_closed(port: int) -> None:
    """Until no new connection is taken."""
    pause = threading.Event()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
        except OSError:
            return
        pause.wait(0.01)
