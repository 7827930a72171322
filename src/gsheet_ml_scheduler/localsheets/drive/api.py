"""The Drive v3 methods that gspread and its users call, on a Drive that is a folder or a file.

Decided here: what a workbook file looks like as a Drive file, and what of Drive a local one doesn't
have: nobody to share with, no trash, no comments. Those are refused with a sentence, not ignored.
Each function takes a Drive, a Call and the author, and answers a Reply. Reference:
https://developers.google.com/drive/api/reference/rest/v3.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ..api import fields
from ..api import spreadsheets as spreadsheets_api
from ..api.call import Call
from ..api.replies import Reply
from ..errors import ApiError, WorkbookNotFoundError
from ..model.structure import Json
from ..storage.identity import Summary, peek
from ..workbook import Workbook
from . import csv_text
from . import query as drive_query
from .drive import Drive, owner_name

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
_ROOT = "root"  # Drive's own alias for the folder that everything is in
_SHOWN = "kind,id,name,mimeType"  # what a file is answered as if no `fields` are asked for
_EXPORTS = {"text/csv": ",", "text/tab-separated-values": "\t"}
_PAGE = 100  # Drive's default


class DriveError(ApiError):
    """An error in the form that Drive v3 has, which is older than that of Sheets."""

    def __init__(self, code: int, reason: str, message: str, location: str = "") -> None:
        super().__init__(code, reason, message)
        self.location = location

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        said = {"message": self.message, "domain": "global", "reason": self.status}
        if self.location:
            said |= {"location": self.location, "locationType": "parameter"}
        return {"error": {"code": self.code, "message": self.message, "errors": [said]}}


def get(drive: Drive, call: Call, _author: str) -> Reply:
    """files.get."""
    return _shown(_workbook(drive, call), call)


def list_files(drive: Drive, call: Call, _author: str) -> Reply:
    """files.list, the latest first if nothing else is asked for."""
    query = call.text("q")
    test = drive_query.parse(query) if query else (lambda _: True)
    found = [file for file in map(_file, drive.summaries()) if test(file)]
    for key in reversed((call.text("orderBy") or "createdTime desc").split(",")):
        name, _, way = key.strip().partition(" ")
        if name not in ("name", "createdTime", "modifiedTime") or way not in ("", "desc"):
            raise DriveError(400, "invalid", f"Invalid Value: orderBy={key}", "orderBy")
        found.sort(key=lambda file: str(file[name]), reverse=way == "desc")
    size, start = _number(call, "pageSize", _PAGE), _number(call, "pageToken", 0)
    page: Json = {"kind": "drive#fileList", "incompleteSearch": False}
    if start + size < len(found):
        page["nextPageToken"] = str(start + size)
    page["files"] = found[start : start + size]
    mask = f"kind,incompleteSearch,nextPageToken,files({_SHOWN})"
    return Reply(200, _masked(page, call, mask))


def create(drive: Drive, call: Call, _author: str) -> Reply:
    """files.create, of a spreadsheet."""
    kind = call.body.get("mimeType", SPREADSHEET)
    if kind != SPREADSHEET:
        raise DriveError(
            400, "invalid", f"Only spreadsheets are kept here ({SPREADSHEET}), not {kind}."
        )
    _require_root(call)
    return _shown(drive.create(_name(call, "Untitled")), call)


def copy(drive: Drive, call: Call, _author: str) -> Reply:
    """files.copy; without a name it is a "Copy of" the original."""
    workbook = _workbook(drive, call)
    _require_root(call)
    title = json.loads(peek(workbook.path).properties)["title"]
    return _shown(drive.copy(workbook, _name(call, f"Copy of {title}")), call)


def update(drive: Drive, call: Call, author: str) -> Reply:
    """files.update of the name, which is the spreadsheet's title."""
    workbook = _workbook(drive, call)
    if call.body.get("trashed"):
        raise DriveError(400, "invalid", "A local workbook has no trash to go to: delete it.")
    name = call.body.get("name")
    if isinstance(name, str) and name:
        _titled(workbook, name, author)
    return _shown(workbook, call)


def _titled(workbook: Workbook, title: str, author: str) -> None:
    change = {"updateSpreadsheetProperties": {"properties": {"title": title}, "fields": "title"}}
    batch = Call(body={"requests": [change]}, switches=workbook.switches)
    workbook.write(spreadsheets_api.batch_update, batch, author=author)


def delete(drive: Drive, call: Call, _author: str) -> Reply:
    """files.delete, for good."""
    drive.remove(_workbook(drive, call))
    return Reply(204, None, "text/html")


def export(drive: Drive, call: Call, _author: str) -> Reply:
    """files.export: the first sheet as people see it, as text with commas or with tabs."""
    workbook = _workbook(drive, call)
    kind = call.text("mimeType") or ""
    if kind not in _EXPORTS:
        raise DriveError(
            400,
            "badRequest",
            f"A local workbook can be exported as {' or '.join(_EXPORTS)}, not as {kind}.",
            "convertTo",
        )
    method: Callable[..., Any] = csv_text.export
    text = workbook.read(lambda book, _: {"text": method(book, _EXPORTS[kind])}, Call())["text"]
    return Reply(200, text.encode(), kind)


def import_csv(drive: Drive, call: Call, author: str) -> Reply:
    """Drive v2's files.update with a CSV to convert: what was in the file is replaced by it."""
    workbook = _workbook(drive, call)
    if not isinstance(call.body, bytes):
        raise DriveError(400, "badRequest", "Only the text of a CSV can be uploaded.")
    data = call.body.decode("utf-8-sig")

    def replace(book: Any, _: Call) -> Json:
        csv_text.replace_all(book, data)
        return {}

    workbook.write(replace, Call(switches=workbook.switches), author=author)
    file = _file(peek(workbook.path))
    named = {name: file[name] for name in ("id", "mimeType")}
    return Reply(200, {"kind": "drive#file", **named, "title": file["name"]})


# ---------------------------------------------------------------- comments and permissions


def list_comments(drive: Drive, call: Call, _author: str) -> Reply:
    """comments.list: a local workbook has none (a cell's note is another thing)."""
    _workbook(drive, call)
    _require_fields(call)
    page: Json = {"kind": "drive#commentList", "comments": []}
    return Reply(200, _masked(page, call, "*"))


def create_comment(drive: Drive, call: Call, _author: str) -> Reply:
    """comments.create: refused."""
    _workbook(drive, call)
    raise DriveError(403, "forbidden", "A local workbook keeps no comments. Use a cell's note.")


def list_permissions(drive: Drive, call: Call, _author: str) -> Reply:
    """permissions.list: the owner."""
    _workbook(drive, call)
    page: Json = {"kind": "drive#permissionList", "permissions": [_owner()]}
    return Reply(200, _masked(page, call, "kind,permissions(kind,id,type,role)"))


def create_permission(drive: Drive, call: Call, _author: str) -> Reply:
    """permissions.create: there is nobody to share with but the owner."""
    workbook = _workbook(drive, call)
    wanted = call.body.get("emailAddress")
    if call.body.get("type") != "user" or wanted not in (owner_name(), "me"):
        whom = wanted or call.body.get("domain") or call.body.get("type")
        raise DriveError(
            403,
            "forbidden",
            f"{workbook.path.name} is a file on this machine and belongs to {owner_name()}, so it "
            f"can't be shared with {whom}. Give others access to the file, or serve it.",
        )
    return Reply(200, _masked(_owner(), call, "kind,id,type,role"))


def delete_permission(drive: Drive, call: Call, _author: str) -> Reply:
    """permissions.delete: the owner stays."""
    workbook = _workbook(drive, call)
    if call.path[1] != _owner()["id"]:
        raise DriveError(404, "notFound", f"Permission not found: {call.path[1]}.", "permissionId")
    raise DriveError(403, "forbidden", f"{workbook.path.name} can't be without its owner.")


def about(_drive: Drive, call: Call, _author: str) -> Reply:
    """about.get: who is asking."""
    _require_fields(call)
    return Reply(200, _masked({"kind": "drive#about", "user": _user()}, call, "*"))


# ---------------------------------------------------------------- what the answers are made of


def _workbook(drive: Drive, call: Call) -> Workbook:
    try:
        return _present(drive, drive.workbook(call.path[0]))
    except ApiError as error:
        if error.code != 404:
            raise
        text = f"File not found: {call.path[0]}."
        raise DriveError(404, "notFound", text, "fileId") from error


def _present(drive: Drive, workbook: Workbook) -> Workbook:
    """The workbook where its file is now: it may have gone elsewhere since it was opened."""
    try:
        if peek(workbook.path).spreadsheet_id == workbook.spreadsheet_id:
            return workbook
        gone = WorkbookNotFoundError(f"{workbook.path} is another spreadsheet now.")
    except WorkbookNotFoundError as error:
        gone = error
    return drive.reopened(workbook, gone)


def _shown(workbook: Workbook, call: Call) -> Reply:
    return Reply(200, _masked(_file(peek(workbook.path)), call, _SHOWN))


def _masked(found: Json, call: Call, default: str) -> Json:
    return fields.parse(call.text("fields") or default, spaces=True).select(found)


def _file(summary: Summary) -> Json:
    return {
        "kind": "drive#file",
        "id": summary.spreadsheet_id,
        "name": json.loads(summary.properties)["title"],
        "mimeType": SPREADSHEET,
        "createdTime": _time(summary.created),
        "modifiedTime": _time(summary.modified),
        "version": str(summary.revision + 1),
        "parents": [_ROOT],
        "trashed": False,
        "starred": False,
        "shared": False,
        "ownedByMe": True,
        "owners": [_user()],
        "permissions": [_owner()],
        "originalFilename": summary.path.name,
        "webViewLink": f"https://docs.google.com/spreadsheets/d/{summary.spreadsheet_id}/edit",
    }


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _user() -> Json:
    email = owner_name()
    name = email.partition("@")[0]
    return {"kind": "drive#user", "displayName": name, "me": True, "emailAddress": email}


def _owner() -> Json:
    user = _user()
    return {
        "kind": "drive#permission",
        "id": "owner",
        "type": "user",
        "role": "owner",
        "displayName": user["displayName"],
        "emailAddress": user["emailAddress"],
        "deleted": False,
    }


def _name(call: Call, default: str) -> str:
    name = call.body.get("name") or default
    if not isinstance(name, str):
        raise DriveError(400, "invalid", f"Invalid Value: name={name!r}", "name")
    return name


def _require_root(call: Call) -> None:
    """A local Drive has one folder."""
    for parent in call.body.get("parents") or []:
        if parent != _ROOT:
            raise DriveError(404, "notFound", f"File not found: {parent}.", "fileId")


def _require_fields(call: Call) -> None:
    if not call.text("fields"):
        text = "The 'fields' parameter is required for this method."
        raise DriveError(400, "required", text, "fields")


def _number(call: Call, name: str, default: int) -> int:
    text = call.text(name)
    if not text:
        return default
    if not text.isdigit() or (name == "pageSize" and not 1 <= int(text) <= 1000):
        raise DriveError(400, "invalid", f"Invalid Value: {name}={text}", name)
    return int(text)
