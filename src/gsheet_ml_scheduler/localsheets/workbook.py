"""A workbook file that answers requests: the one door to it, in process and over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import files
from .book import Book
from .call import Call
from .routes import Route
from .store import Store
from .structure import Json
from .switches import Switches


class Workbook:
    """An open workbook file. Safe to use from several threads and after a fork.

    Raises:
        WorkbookError: the file can't be used as a workbook; the message says why.
    """

    def __init__(self, path: Path, switches: Switches | None = None) -> None:
        read_only = files.require_workbook(path)
        self.path = path
        self.switches = switches or Switches()
        self._store = Store(path, read_only=read_only)
        with self._store.reading() as snapshot:
            self.spreadsheet_id = snapshot.structure.spreadsheet_id

    def answer(
        self,
        route: Route,
        query: Mapping[str, Any],
        body: Json | None,
        *,
        author: str,
        relaxed: bool = False,
    ) -> Json:
        """Do what a method says and answer its JSON.

        Args:
            route: the method.
            query: the query's parameters; values are text or lists of it.
            body: the request's JSON.
            author: who asks, for the change log.
            relaxed: a write need not be on the disk before it is answered; see store.py.

        Raises:
            ApiError: the request is wrong; nothing was changed.
            WorkbookError: the file can't be read or written; nothing was changed.
        """
        call = Call(route.path, query, body or {}, self.switches)
        if route.writes:
            with self._store.writing(relaxed=relaxed) as writer:
                book = Book(writer)
                found = route.answer(book, call)
                call.finish()
                book.commit(author)
        else:
            with self._store.reading() as snapshot:
                found = route.answer(Book(snapshot), call)
        mask = call.mask()
        return found if mask is None else mask.select(found)

    def close(self) -> None:
        """Close the file."""
        self._store.close()
