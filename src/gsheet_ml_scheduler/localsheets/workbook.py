"""A workbook file that answers requests: the one door to it, in process and over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import validation
from .api import schemas
from .api.call import Call
from .book import Book
from .errors import invalid_argument
from .live.guards import Guard
from .live.live import Live
from .model.structure import Json
from .storage import files, identity
from .storage.lagging import LaggingReader
from .storage.snapshot import Writer
from .storage.store import Store
from .switches import Switches

if TYPE_CHECKING:
    from .api.routes import Route

Method = Callable[[Book, Call], Json]


class Workbook:
    """An open workbook file. Safe to use from several threads and after a fork.

    Raises:
        WorkbookError: the file can't be used as a workbook; the message says why.
    """

    def __init__(self, path: Path, switches: Switches | None = None) -> None:
        self.spreadsheet_id = identity.settled(path).spreadsheet_id
        self.path = path
        self.switches = switches or Switches()
        self._store = Store(path, read_only=files.require_workbook(path))
        self.live = Live(self._store)
        self._lagging = LaggingReader(self._store) if self.switches.reads_lag_one_write else None

    def answer(
        self,
        route: Route,
        query: Mapping[str, Any],
        body: Json | None,
        *,
        author: str,
        relaxed: bool = False,
        guard: Guard | None = None,
    ) -> Json:
        """Do what a method says and answer its JSON.

        Args:
            route: the method.
            query: the query's parameters; values are text or lists of it.
            body: the request's JSON.
            author: who asks, for the change log.
            relaxed: a write need not be on the disk before it is answered; see `storage`.
            guard: what the sender says beside a write: its name, what it was made on.

        Raises:
            ApiError: the request is wrong; nothing was changed.
            WorkbookError: the file can't be read or written; nothing was changed.
        """
        call = Call(route.path, query, body or {}, self.switches)
        wanted = call.text("fields")
        if wanted:
            schemas.require_fields(route.message, wanted)
        if route.writes:
            found = self.write(route.answer, call, author=author, relaxed=relaxed, guard=guard)
        else:
            found = self.read(route.answer, call)
        mask = call.mask()
        return found if mask is None else mask.select(found)

    def read(self, method: Method, call: Call) -> Json:
        """Apply a method to the workbook as it is; raises as `answer`."""
        if self._lagging is not None:
            with self._lagging.reading() as snapshot:
                return method(Book(snapshot), call)
        with self._store.reading() as snapshot:
            return method(Book(snapshot), call)

    def write(
        self,
        method: Method,
        call: Call,
        *,
        author: str,
        relaxed: bool = False,
        guard: Guard | None = None,
    ) -> Json:
        """Apply a method and keep what it changed; raises as `answer`."""
        try:
            with self._store.writing(relaxed=relaxed) as writer:
                if self._lagging is not None:
                    self._lagging.before_write()
                if guard is not None:
                    return self._guarded(writer, method, call, author, guard)
                book = Book(writer)
                found = self._applied(book, method, call)
                book.commit(author)
        except UnicodeEncodeError as error:
            raise invalid_argument(
                "Invalid value: text holds half a character (a lone UTF-16 surrogate)."
            ) from error
        return found

    def _applied(self, book: Book, method: Method, call: Call) -> Json:
        found = method(book, call)
        self._complete(book, call)
        return found

    def _complete(self, book: Book, call: Call) -> None:
        """What a batch leads to beyond what it says."""
        if self.switches.strict_validation_refuses:
            validation.require_valid(book)
        book.recalculate()
        call.finish()

    def _guarded(
        self, writer: Writer, method: Method, call: Call, author: str, guard: Guard
    ) -> Json:
        known = guard.answered(writer, self.path)
        if known is not None:
            return known
        missed = guard.missed(writer, self.path)
        book = Book(writer)
        found = method(book, call)
        guard.require_untouched(
            writer, self.path, book, missed
        )  # formulas that follow aren't meant
        self._complete(book, call)
        book.commit(author, guard.applied(found))
        guard.committed(writer, self.path)
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While nobody writes; WorkbookError if the file is gone or read-only."""
        with self._store.writing():
            yield

    def close(self) -> None:
        """Close the file."""
        if self._lagging is not None:
            self._lagging.close()
        self.live.close()
        self._store.close()
