"""A folder of workbook files as a Drive: every `*.sheet` in it is a spreadsheet.

Decided here: which file holds an id, what a new file is called, how many stay open. The id is in
the file, so a file may be moved, renamed and copied, by anybody and at any time; what is known of
the folder is looked up again when it turns out wrong. Whether a file is a copy: `storage`.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from ..errors import WorkbookError, WorkbookExistsError, WorkbookNotFoundError, not_found
from ..storage import files
from ..storage.identity import SUFFIX, Summary, duplicate, settled, workbook_files
from ..switches import Switches
from ..workbook import Workbook

_KEPT_OPEN = 64
_LONGEST_NAME = 180  # bytes of a title that go into a file's name; a draft's is longer
_BESIDE = ("-wal", "-shm")  # what SQLite keeps beside an open file
_UNSAFE = re.compile(r"[^\w .()+,=@-]+")


class Folder:
    """The workbooks of a folder. Safe to use from several threads.

    Raises:
        WorkbookNotFoundError: there is no such folder.
    """

    def __init__(self, path: Path, switches: Switches | None = None) -> None:
        if not path.is_dir():
            raise WorkbookNotFoundError(f"There is no folder {path}. Make it first: mkdir {path}")
        self.path = path
        self.switches = switches
        self._open: OrderedDict[str, Workbook] = OrderedDict()
        self._lock = threading.RLock()

    def workbook(self, spreadsheet_id: str) -> Workbook:
        """The workbook with an id, opened if need be; ApiError 404 if there is none."""
        with self._lock:
            found = self._open.get(spreadsheet_id)
            if found is not None:
                self._open.move_to_end(spreadsheet_id)
                return found
        for summary in self._scan():
            if summary.spreadsheet_id == spreadsheet_id:
                return self._opened(summary.path)
        raise not_found()

    def reopened(self, workbook: Workbook, error: WorkbookError) -> Workbook:
        """The spreadsheet where its file is now; ApiError 404 if it was deleted."""
        del error
        with self._lock:
            if self._open.get(workbook.spreadsheet_id) is workbook:
                self._dropped(workbook.spreadsheet_id)
                _clear_beside(workbook.path)
        return self.workbook(workbook.spreadsheet_id)

    def summaries(self) -> list[Summary]:
        """Every workbook that can be read, by file name; what isn't one is passed over."""
        return list(self._scan())

    def create(self, title: str) -> Workbook:
        """A new workbook, in a file named after its title."""
        for path in self._names(title):
            try:
                files.create(path, title)
            except WorkbookExistsError:
                continue
            return self._opened(path)
        raise AssertionError("there is always another name")

    def copy(self, workbook: Workbook, title: str) -> Workbook:
        """A copy of a workbook as it is now, in a file named after its title."""
        source = settled(workbook.path)
        properties = json.dumps({**json.loads(source.properties), "title": title})
        draft = self.path / f".copy.{secrets.token_hex(6)}"
        try:
            duplicate(source.path, draft, properties, time.time())
            return self._opened(self._linked(draft, title))
        except (OSError, sqlite3.DatabaseError) as error:
            raise WorkbookError(f"{source.path} can't be copied: {error}.") from error
        finally:
            draft.unlink(missing_ok=True)

    def _linked(self, draft: Path, title: str) -> Path:
        """A finished file under its own name, the first that is free."""
        for path in self._names(title):
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                continue
            return path
        raise AssertionError("there is always another name")

    def remove(self, workbook: Workbook) -> None:
        """Delete a workbook's file, between two writes.

        Who has it open is told so at the next request.
        """
        with self._lock:
            with workbook.locked():
                workbook.path.unlink(missing_ok=True)
            self._dropped(workbook.spreadsheet_id)
            for beside in _BESIDE:
                workbook.path.with_name(workbook.path.name + beside).unlink(missing_ok=True)

    def close(self) -> None:
        """Close every file; the next request opens what it needs."""
        with self._lock:
            for spreadsheet_id in list(self._open):
                self._dropped(spreadsheet_id)

    def _scan(self) -> Iterator[Summary]:
        known: set[str] = set()
        for path in workbook_files(self.path):
            try:
                summary = settled(path)
            except WorkbookError:
                continue
            if summary.spreadsheet_id not in known:  # a hard link, or a copy that can't be written
                known.add(summary.spreadsheet_id)
                yield summary

    def _opened(self, path: Path) -> Workbook:
        workbook = Workbook(path, self.switches)
        with self._lock:
            first = self._open.setdefault(workbook.spreadsheet_id, workbook)
            while len(self._open) > _KEPT_OPEN:
                self._dropped(next(iter(self._open)))
        if first is not workbook:  # another thread opened it meanwhile
            workbook.close()
        return first

    def _dropped(self, spreadsheet_id: str) -> None:
        workbook = self._open.pop(spreadsheet_id, None)
        if workbook is not None:
            workbook.close()

    def _names(self, title: str) -> Iterator[Path]:
        """File names for a title: `lr sweep.sheet`, then `lr sweep (2).sheet` …"""
        safe = _UNSAFE.sub("_", title).strip(" .").encode()[:_LONGEST_NAME].decode(errors="ignore")
        safe = safe or "Untitled"
        yield self.path / f"{safe}{SUFFIX}"
        number = 2
        while True:
            yield self.path / f"{safe} ({number}){SUFFIX}"
            number += 1


def _clear_beside(path: Path) -> None:
    """Clear away what SQLite left beside a file that was moved, once there is nothing in it."""
    log, index = (path.with_name(path.name + suffix) for suffix in _BESIDE)
    if not path.exists() and log.exists() and not log.stat().st_size:
        log.unlink(missing_ok=True)
        index.unlink(missing_ok=True)
