"""Every error that localsheets raises on purpose: two small trees, drawn here.

Decided here: the shape and the words of a refusal. Decided elsewhere: when to refuse.

An `ApiError` is an answer in Google's own form; whoever serves the API turns it into a response.

    ApiError                         code, status, message and details of a Sheets or Drive error

A `WorkbookError` is about the file that holds a workbook, so no request could be answered at all.
Its message is a sentence to a person: which file, what was found, what to do.

    WorkbookError
    ├── WorkbookNotFoundError        there is no such file
    ├── WorkbookExistsError          a file is already where one was to be made
    ├── NotAWorkbookError            the file is something else
    ├── WorkbookDamagedError         it was a workbook, and can't be read any more
    ├── WorkbookVersionError         another version of this program wrote it
    ├── WorkbookReadOnlyError        it may be read, not written
    ├── WorkbookBusyError            another process held it for too long
    ├── WorkbookFullError            the disk is full
    └── UnsuitableFileSystemError    files there can't be shared safely (network or mounted drives)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class ApiError(Exception):
    """A request that is answered with an error body like Google's.

    `code` is the HTTP status, `status` Google's canonical name of it, `details` the objects
    (`{"@type": …}`) that go beside the message for machines; most errors have none.
    """

    def __init__(
        self, code: int, status: str, message: str, details: Sequence[dict[str, Any]] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.details = list(details)

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}


def invalid_argument(message: str, details: Sequence[dict[str, Any]] = ()) -> ApiError:
    """400: the request itself is wrong, whatever the state of the spreadsheet."""
    return ApiError(400, "INVALID_ARGUMENT", message, details)


def permission_denied(message: str = "The caller does not have permission") -> ApiError:
    """403, in the words that Google's recordings show."""
    return ApiError(403, "PERMISSION_DENIED", message)


def not_found(message: str = "Requested entity was not found.") -> ApiError:
    """404, in the words that Google's recordings show."""
    return ApiError(404, "NOT_FOUND", message)


class WorkbookError(Exception):
    """The file of a workbook can't be used; the message says which file, why and what to do."""


class WorkbookNotFoundError(WorkbookError):
    """There is no file at that path."""


class WorkbookExistsError(WorkbookError):
    """A workbook was to be made where a file is already."""


class NotAWorkbookError(WorkbookError):
    """The file is not a workbook, and never was."""


class WorkbookDamagedError(WorkbookError):
    """The file is a workbook that can't be read any more."""


class WorkbookVersionError(WorkbookError):
    """The file's layout is of a version that this program neither knows nor can migrate."""


class WorkbookReadOnlyError(WorkbookError):
    """A write was asked of a workbook that may only be read."""


class WorkbookBusyError(WorkbookError):
    """Another process held the workbook's lock for longer than a writer waits."""


class WorkbookFullError(WorkbookError):
    """The disk that holds the workbook has no room left."""


class UnsuitableFileSystemError(WorkbookError):
    """The file system doesn't keep what a shared workbook needs (locks, shared memory)."""
