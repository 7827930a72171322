"""A folder is a Drive: its `*.sheet` files are spreadsheets, whoever puts them there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import gspread
import pytest
from gspread.exceptions import APIError, SpreadsheetNotFound
from gspread.utils import ExportFormat

from gsheet_ml_scheduler import localsheets

FILES = "https://www.googleapis.com/drive/v3/files"


@pytest.fixture
def drive(tmp_path: Path) -> gspread.Client:
    return localsheets.gspread_client(tmp_path)


def names(drive: gspread.Client, title: str | None = None) -> list[str]:
    """The names of the files that are listed, in alphabetical order."""
    return sorted(file["name"] for file in drive.list_spreadsheet_files(title))


def ask(drive: gspread.Client, verb: str, path: str, body: Any = None, **query: Any) -> Any:
    """A Drive request's answer."""
    return drive.http_client.request(verb, FILES + path, params=query, json=body).json()


def refusal(
    drive: gspread.Client, verb: str, path: str, body: Any = None, **query: Any
) -> APIError:
    """The error that a Drive request is answered with."""
    with pytest.raises(APIError) as caught:
        ask(drive, verb, path, body, **query)
    return caught.value


# ---------------------------------------------------------------- making, finding, naming


def test_a_new_spreadsheet_is_a_file_named_after_its_title(
    drive: gspread.Client, tmp_path: Path
) -> None:
    made = [drive.create(title) for title in ("lr sweep", "lr sweep", "a/b:c", "../up", "é" * 300)]
    files = sorted(path.name for path in tmp_path.glob("*.sheet"))
    assert files[:4] == ["_up.sheet", "a_b_c.sheet", "lr sweep (2).sheet", "lr sweep.sheet"]
    assert len(files[4].encode()) <= 255
    assert [book.title for book in made] == ["lr sweep", "lr sweep", "a/b:c", "../up", "é" * 300]
    assert len({book.id for book in made}) == 5


def test_spreadsheets_are_opened_by_title_key_and_link(drive: gspread.Client) -> None:
    made = drive.create("mine")
    made.sheet1.update([["x"]])
    link = f"https://docs.google.com/spreadsheets/d/{made.id}/edit#gid=0"
    for found in (drive.open("mine"), drive.open_by_key(made.id), drive.open_by_url(link)):
        assert found.sheet1.get_all_values() == [["x"]]
    with pytest.raises(SpreadsheetNotFound):
        drive.open("nobody's")
    with pytest.raises(SpreadsheetNotFound):
        drive.open_by_key("nokey").sheet1  # noqa: B018


def test_what_another_process_does_to_the_folder_shows(
    drive: gspread.Client, tmp_path: Path
) -> None:
    mine = drive.create("mine")
    script = (
        "import sys; from gsheet_ml_scheduler import localsheets as l\n"
        "drive = l.gspread_client(sys.argv[1]); drive.del_spreadsheet(sys.argv[2])\n"
        "drive.create('theirs').sheet1.update([['hello']])"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path), mine.id], check=True)
    assert names(drive) == ["theirs"]
    assert drive.open("theirs").sheet1.acell("A1").value == "hello"
    with pytest.raises(APIError, match="Requested entity was not found"):
        mine.sheet1.get_all_values()


def test_files_that_are_no_workbooks_are_passed_over(drive: gspread.Client, tmp_path: Path) -> None:
    drive.create("one")
    (tmp_path / "empty.sheet").touch()
    (tmp_path / "notes.sheet").write_text("a text")
    (tmp_path / "folder.sheet").mkdir()
    (tmp_path / "other.txt").write_text("x")
    assert names(drive) == ["one"]
    with pytest.raises(localsheets.WorkbookNotFoundError, match="There is no folder"):
        localsheets.gspread_client(tmp_path / "nowhere")


def test_many_spreadsheets_do_not_stay_open(drive: gspread.Client) -> None:
    others = len(list(Path("/dev/fd").iterdir()))
    for number in range(70):
        drive.create(f"n{number}")
    assert len(list(Path("/dev/fd").iterdir())) - others <= 64 * 3
    for number in (0, 35, 69):
        assert drive.open(f"n{number}").sheet1.title == "Sheet1"


# ---------------------------------------------------------------- files that go about


def test_a_file_that_is_renamed_while_it_is_open_keeps_its_id_and_every_write(
    drive: gspread.Client, tmp_path: Path
) -> None:
    book = drive.create("a")
    book.sheet1.update([["written"]])
    (tmp_path / "a.sheet").rename(tmp_path / "b.sheet")
    assert book.sheet1.get_all_values() == [["written"]]
    book.sheet1.update_acell("B1", "later")
    again = localsheets.open_workbook(tmp_path / "b.sheet")
    assert (again.id, again.sheet1.get_all_values()) == (book.id, [["written", "later"]])


def test_drive_finds_a_file_where_it_is_now(drive: gspread.Client, tmp_path: Path) -> None:
    one, two = drive.create("1"), drive.create("2")
    close(drive)
    assert [book.sheet1.title for book in (one, two)] == ["Sheet1", "Sheet1"]
    (tmp_path / "1.sheet").rename(tmp_path / "away")
    assert refusal(drive, "get", f"/{one.id}").code == 404
    close(drive)
    (tmp_path / "2.sheet").rename(tmp_path / "3.sheet")
    (tmp_path / "away").rename(tmp_path / "2.sheet")
    assert [ask(drive, "get", f"/{book.id}")["name"] for book in (one, two)] == ["1", "2"]
    drive.del_spreadsheet(two.id)
    assert (names(drive), [path.name for path in tmp_path.glob("*.sheet")]) == (["1"], ["2.sheet"])


def close(drive: gspread.Client) -> None:
    """Let go of the files, so that all there is to them is in them."""
    client = drive.http_client
    assert isinstance(client, localsheets.FolderClient)
    client.folder.close()


def test_a_copy_beside_its_original_becomes_another_spreadsheet(
    drive: gspread.Client, tmp_path: Path
) -> None:
    original = drive.create("a")
    original.sheet1.update([["x"]])
    close(drive)
    shutil.copy(tmp_path / "a.sheet", tmp_path / "0.sheet")  # sorts before the original
    first, second = drive.openall()
    assert first.id != second.id
    assert original.id in (first.id, second.id)
    copy = localsheets.open_workbook(tmp_path / "0.sheet")
    assert copy.id != original.id
    copy.sheet1.update([["y"]])
    assert original.sheet1.get_all_values() == [["x"]]
    assert {file["id"] for file in drive.list_spreadsheet_files()} == {copy.id, original.id}


def test_a_copy_elsewhere_is_the_same_spreadsheet_moved(
    drive: gspread.Client, tmp_path: Path
) -> None:
    original = drive.create("a")
    close(drive)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(tmp_path / "a.sheet", elsewhere / "a.sheet")
    assert localsheets.open_workbook(elsewhere / "a.sheet").id == original.id


def test_a_copy_that_may_not_be_written_does_not_hide_its_original(
    drive: gspread.Client, tmp_path: Path
) -> None:
    original = drive.create("a")
    close(drive)
    shutil.copy(tmp_path / "a.sheet", tmp_path / "b.sheet")
    (tmp_path / "b.sheet").chmod(0o444)
    original.sheet1.update([["x"]])
    assert [file["id"] for file in drive.list_spreadsheet_files()] == [original.id]


def test_a_file_that_comes_back_answers_again(drive: gspread.Client, tmp_path: Path) -> None:
    book = drive.create("a")
    book.sheet1.update([["x"]])
    away = tmp_path / "away"
    (tmp_path / "a.sheet").rename(away)
    with pytest.raises(APIError, match="404"):
        book.sheet1.get_all_values()
    away.rename(tmp_path / "a.sheet")
    assert book.sheet1.get_all_values() == [["x"]]


# ---------------------------------------------------------------- copy, delete, rename


def test_a_copy_has_what_was_last_written_and_is_its_own(drive: gspread.Client) -> None:
    book = drive.create("a")
    book.sheet1.update([["x"]])
    book.sheet1.format("A1", {"textFormat": {"bold": True}})
    copy = drive.copy(book.id, copy_permissions=True)
    assert (copy.title, copy.id == book.id) == ("Copy of a", False)
    assert drive.copy(book.id, "named").title == "named"
    copy.sheet1.update_acell("A1", "y")
    assert book.sheet1.acell("A1").value == "x"
    fields = "sheets.data.rowData.values.userEnteredFormat"
    styles = [b.fetch_sheet_metadata({"fields": fields}) for b in (book, copy)]
    assert styles[0] == styles[1] != {}


def test_a_deleted_spreadsheet_leaves_nothing_and_tells_who_has_it_open(
    drive: gspread.Client, tmp_path: Path
) -> None:
    book = drive.create("a")
    opened = localsheets.open_workbook(tmp_path / "a.sheet")
    opened.sheet1.update([["x"]])
    drive.del_spreadsheet(book.id)
    assert list(tmp_path.iterdir()) == []
    assert refusal(drive, "delete", f"/{book.id}").code == 404
    with pytest.raises(localsheets.WorkbookNotFoundError, match="moved or deleted while it was"):
        opened.sheet1.update([["y"]])


def test_a_file_is_renamed_by_its_title_which_is_one_with_the_spreadsheets(
    drive: gspread.Client,
) -> None:
    book = drive.create("a")
    book.update_title("b")
    assert names(drive) == ["b"]
    assert ask(drive, "patch", f"/{book.id}", {"name": "c"}) == {
        "kind": "drive#file",
        "id": book.id,
        "name": "c",
        "mimeType": "application/vnd.google-apps.spreadsheet",
    }
    assert drive.open("c").id == book.id
    assert (
        "no trash" in refusal(drive, "patch", f"/{book.id}", {"trashed": True}).args[0]["message"]
    )


def test_a_files_times_and_version_follow_its_writes(drive: gspread.Client) -> None:
    book = drive.create("a")
    fields = "createdTime,modifiedTime,version"
    before = ask(drive, "get", f"/{book.id}", fields=fields)
    book.sheet1.update([["x"]])
    after = ask(drive, "get", f"/{book.id}", fields=fields)
    assert before["createdTime"] == before["modifiedTime"] == after["createdTime"]
    assert after["modifiedTime"] > before["modifiedTime"]
    assert int(after["version"]) == int(before["version"]) + 1
    assert book.creationTime == after["createdTime"]


# ---------------------------------------------------------------- listing

# files.list's q: "Search for files and folders", Drive API; and what gspread makes of it.
SHEET = 'mimeType="application/vnd.google-apps.spreadsheet"'
QUERIES: list[tuple[str, list[str]]] = [
    (SHEET, ["Alpha one", "beta", "it's"]),
    (f'{SHEET} and name = "beta"', ["beta"]),
    ("name = 'it\\'s'", ["it's"]),
    ("name != 'beta'", ["Alpha one", "it's"]),
    ("name contains 'ON'", ["Alpha one"]),
    ("name contains 'lpha'", []),
    ("mimeType = 'text/plain'", []),
    ("not name contains 'alpha'", ["beta", "it's"]),
    ("name = 'beta' or name = 'Alpha one'", ["Alpha one", "beta"]),
    ("(name = 'beta' or name = 'Alpha one') and trashed = false", ["Alpha one", "beta"]),
    ("trashed = true", []),
    ("modifiedTime > '2020-01-01T00:00:00'", ["Alpha one", "beta", "it's"]),
    ("createdTime < '2020-01-01T00:00:00'", []),
    ("'root' in parents", ["Alpha one", "beta", "it's"]),
    (f'{SHEET} and parents in "root"', ["Alpha one", "beta", "it's"]),
    ("'other' in parents", []),
    ("'me' in owners", ["Alpha one", "beta", "it's"]),
]


@pytest.fixture
def three(drive: gspread.Client) -> gspread.Client:
    for title in ("Alpha one", "beta", "it's"):
        drive.create(title)
    return drive


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_a_query_lists(three: gspread.Client, query: str, found: list[str]) -> None:
    files = ask(three, "get", "", q=query, fields="files(name)")["files"]
    assert sorted(file["name"] for file in files) == found


@pytest.mark.parametrize(
    "query", ["name", "name = ", "name = beta", "size > '1'", "a b", "(name='x'"]
)
def test_a_query_that_cannot_be_read_is_refused(three: gspread.Client, query: str) -> None:
    assert "Invalid Value" in refusal(three, "get", "", q=query).error["message"]


def test_a_listing_comes_in_pages_in_the_order_that_is_asked_for(three: gspread.Client) -> None:
    first = ask(three, "get", "", pageSize=2, orderBy="name desc")
    assert first.keys() == {"kind", "incompleteSearch", "nextPageToken", "files"}
    token = first["nextPageToken"]
    rest = ask(three, "get", "", pageSize=2, orderBy="name desc", pageToken=token)
    listed = [file["name"] for page in (first, rest) for file in page["files"]]
    assert listed == ["it's", "beta", "Alpha one"]
    assert "nextPageToken" not in rest
    assert "orderBy=size" in refusal(three, "get", "", orderBy="size").error["message"]


# ---------------------------------------------------------------- CSV


def test_a_csv_holds_the_first_sheet_as_people_see_it(drive: gspread.Client) -> None:
    book = drive.create("a")
    rows: list[list[Any]] = [["a,b", '"', ""], [], ["x\ny", 1.5, True, "last"]]
    book.sheet1.update(rows)
    book.sheet1.format("B3", {"numberFormat": {"type": "PERCENT", "pattern": "0%"}})
    assert book.export(ExportFormat.CSV).decode() == (
        '"a,b","""",,\r\n,,,\r\n"x\ny",150%,TRUE,last'
    )
    assert book.export(ExportFormat.TSV).decode().splitlines()[2] == "x y\t150%\tTRUE\tlast"
    with pytest.raises(APIError, match="can be exported as text/csv or text/tab-separated-values"):
        book.export(ExportFormat.PDF)


def test_an_imported_csv_replaces_everything(drive: gspread.Client) -> None:
    book = drive.create("a")
    book.sheet1.update([["old", "old"], ["old", "old"]])
    book.sheet1.format("A1", {"textFormat": {"bold": True}})
    book.add_worksheet("second", 2, 2)
    drive.import_csv(book.id, 'lr,"name, quoted"\r\n1e-3,x\r\n' + "1,2\r\n" * 1200)
    (sheet,) = book.worksheets()
    assert sheet.get("A1:C3") == [["lr", "name, quoted"], ["1.00E-03", "x"], ["1", "2"]]
    assert sheet.row_count == 1202
    found = book.fetch_sheet_metadata(
        {"fields": "sheets.data.rowData.values.userEnteredFormat.textFormat"}
    )
    assert "textFormat" not in str(found)


# ---------------------------------------------------------------- permissions, and one file alone


def test_the_owner_is_the_only_one_who_has_permission(drive: gspread.Client) -> None:
    book = drive.create("a")
    (owner,) = book.list_permissions()
    assert (owner["type"], owner["role"]) == ("user", "owner")
    book.share(str(owner["emailAddress"]), "user", "writer")
    with pytest.raises(APIError, match=r"a\.sheet is a file on this machine .*a@b\.org"):
        book.share("a@b.org", "user", "writer")
    with pytest.raises(APIError, match="can't be shared with anyone"):
        book.share("", "anyone", "reader")
    assert refusal(drive, "delete", f"/{book.id}/permissions/{owner['id']}").code == 403
    assert refusal(drive, "delete", f"/{book.id}/permissions/x").code == 404
    assert refusal(drive, "post", f"/{book.id}/comments", {"content": "x"}, fields="id").code == 403


def test_an_error_of_drive_has_drives_own_form(drive: gspread.Client) -> None:
    assert refusal(drive, "get", "/nokey").response.json() == {
        "error": {
            "code": 404,
            "message": "File not found: nokey.",
            "errors": [
                {
                    "message": "File not found: nokey.",
                    "domain": "global",
                    "reason": "notFound",
                    "location": "fileId",
                    "locationType": "parameter",
                }
            ],
        }
    }
    made = refusal(drive, "post", "", {"name": "x", "parents": ["elsewhere"]})
    assert made.error["message"] == "File not found: elsewhere."


def test_a_single_file_answers_for_itself_and_makes_no_company(tmp_path: Path) -> None:
    book = localsheets.open_workbook(tmp_path / "a.sheet", create=True)
    book.sheet1.update([["x"]])
    nobody: Any = None
    client: Any = book.client
    makes_one: Any = lambda *_: client  # noqa: E731
    drive = gspread.Client(nobody, client.session, makes_one)
    assert names(drive) == ["a"]
    assert book.export(ExportFormat.CSV) == b"x"
    book.update_title("b")
    assert book.client.get_file_drive_metadata(book.id)["name"] == "b"
    refused = r"serves the one file .*a\.sheet, so it can't make 'c'"
    with pytest.raises(APIError, match=refused):
        drive.create("c")
    with pytest.raises(APIError, match=refused):
        drive.copy(book.id, "c")
    with pytest.raises(APIError, match=r"can't delete a.sheet. localsheets.gspread_client\("):
        drive.del_spreadsheet(book.id)
    with pytest.raises(SpreadsheetNotFound):
        drive.open_by_key("other").sheet1  # noqa: B018
