"""A queue in a workbook, somebody else who edits it, and a wire that is watched, slow or broken."""

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import gspread
from requests import Response
from requests.exceptions import ReadTimeout

from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter
from gsheet_ml_scheduler.runsheet.leases import Terms
from gsheet_ml_scheduler.runsheet.pacing import Pacing
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler

HEADER = ["run_name", "status", "worker_name", "n_epoch", "learning_rate"]
DEFAULTS = ["", "N/A", "N/A", 10, 0.0005]

ORANGE = (1.0, 0.93, 0.8)
BLUE = (0.8, 0.9, 1.0)
GREY_TEXT = (0.8, 0.8, 0.8)
GREEN_TEXT = (0.0, 0.7, 0.12)
GREY = (0.9, 0.9, 0.9)

_READS = ("values:batchGetByDataFilter", "developerMetadata:search", ":getByDataFilter")

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    endpoint: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def is_read(self) -> bool:
        return self.method == "get" or self.endpoint.endswith(_READS)

    @property
    def is_relaxed(self) -> bool:
        return self.headers.get("Prefer") == "durability=relaxed"

    def asks(self, kind: str) -> bool:
        """Whether a batch holds a request of that kind."""
        return any(kind in request for request in self.body.get("requests", ()))


class Clock:
    """A clock that goes only when somebody sleeps, for this process and its sheet alike."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def forward(self, seconds: float) -> None:
        self.seconds += seconds

    @property
    def date(self) -> str:
        """What the sheet's `Date` header says."""
        return formatdate(1_800_000_000 + int(self.seconds), usegmt=True)


class Watched(gspread.HTTPClient):
    """A gspread client that notes every request, and lets somebody act before or after it."""

    def __init__(self, inner: gspread.HTTPClient, clock: Clock | None = None) -> None:
        self.clock = clock
        self.inner = inner
        self.session = inner.session
        self.timeout = None
        self.seen: list[Asked] = []
        self.before: Callable[[Asked], None] | None = None
        self.after: Callable[[Asked], None] | None = None

    def request(
        self,
        method: str,
        endpoint: str,
        params: Any = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: Any = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> Response:
        asked = Asked(method.lower(), endpoint, json or {}, headers or {})
        self.seen.append(asked)
        if self.before:
            self.before(asked)
        response = self.inner.request(method, endpoint, params, data, json, files, headers)
        if self.clock:
            response.headers["Date"] = self.clock.date
        if self.after:
            self.after(asked)
        return response

    def costs(self) -> tuple[int, int]:
        """How many reads and writes there were since the last time."""
        reads = sum(asked.is_read for asked in self.seen)
        writes = len(self.seen) - reads
        self.seen.clear()
        return reads, writes


def lose_answers(lost: Callable[[Asked], bool]) -> Callable[[Asked], None]:
    """An `after` or `before` that drops the connection once for a request that is meant."""
    done: list[Asked] = []

    def act(asked: Asked) -> None:
        if not done and lost(asked):
            done.append(asked)
            raise ReadTimeout("the answer got lost")

    return act


def no_more(scheduler: GSheetMLScheduler) -> None:
    """It writes nothing from now on, as if its process had been killed."""
    scheduler._guard.held = None
    scheduler._guard._heart.stop()


def at_once(clock: Clock | None = None) -> Pacing:
    """Retries without waiting."""
    clock = clock or Clock()
    return Pacing(clock.forward, clock)


@dataclass
class Queue:
    """A workbook with a queue on its first tab; `editor` is somebody with the sheet open."""

    location: str
    editor: gspread.Spreadsheet
    names: list[str] = field(default_factory=list)
    schedulers: list[GSheetMLScheduler] = field(default_factory=list)

    @property
    def sheet(self) -> gspread.Worksheet:
        return self.editor.get_worksheet(0)

    def fill(self, *rows: Sequence[Any], header: Sequence[Any] = HEADER,
             defaults: Sequence[Any] = DEFAULTS) -> "Queue":  # fmt: skip
        """Lines 1 and 2 and the runs, typed as they are."""
        self.sheet.clear()
        self.sheet.update([list(header), list(defaults), *map(list, rows)], raw=True)
        return self

    def scheduler(
        self,
        hardcoded: Mapping[str, Any] | None = None,
        *,
        terms: Terms | None = None,
        clock: Clock | None = None,
        tags: Collection[str] = (),
    ) -> tuple[GSheetMLScheduler, Watched]:
        """A scheduler whose wire is watched; with a clock, its sheet goes by that too."""
        wire = Watched(self.editor.client, clock)
        spreadsheet = gspread.Spreadsheet(wire, {"id": self.editor.id})
        scheduler = GSheetMLScheduler.on_worksheet(
            spreadsheet.get_worksheet(0), hardcoded, pacing=at_once(clock), terms=terms, tags=tags
        )
        wire.seen.clear()
        self.schedulers.append(scheduler)
        return scheduler, wire

    def writer(self) -> tuple[GSheetMLRunWriter, Watched]:
        """A run writer whose wire is watched."""
        wire = self.wire()
        spreadsheet = gspread.Spreadsheet(wire, {"id": self.editor.id})
        writer = GSheetMLRunWriter.on_worksheet(spreadsheet.get_worksheet(0), pacing=at_once())
        wire.seen.clear()
        return writer, wire

    def wire(self) -> Watched:
        return Watched(self.editor.client)

    def lines(self) -> list[list[Any]]:
        """All cells, typed."""
        return self.sheet.get_values(
            value_render_option=gspread.utils.ValueRenderOption.unformatted
        )

    def runs(self) -> dict[str, dict[str, Any]]:
        """The run rows by name, each as its cells by column name."""
        lines = self.lines()
        found: dict[str, dict[str, Any]] = {}
        for line in lines[2:]:
            cells = {n: c for n, c in zip(lines[0], line, strict=False) if n}
            if any(cell != "" for cell in line):
                assert str(cells["run_name"]) not in found
                found[str(cells["run_name"])] = cells
        return found

    def statuses(self) -> dict[str, Any]:
        return {name: cells["status"] for name, cells in self.runs().items()}

    def row_of(self, name: str) -> int:
        """The index of a run's row."""
        return self.column("run_name").index(name)

    def column(self, name: str) -> list[str]:
        lines = self.lines()
        at = lines[0].index(name)
        return [str(line[at]) if at < len(line) else "" for line in lines]

    def backgrounds(self) -> dict[str, Rgb | None]:
        """The colour of each run's first cell, by name."""
        names = self.column("run_name")
        return {
            name: colors[0]
            for name, colors in zip(names[2:], self.formats("backgroundColor")[2:], strict=False)
            if name
        }

    def text_colors(self, name: str) -> list[Rgb | None]:
        return self.formats("textFormat")[self.row_of(name)]

    def formats(self, what: str) -> list[list[Rgb | None]]:
        """A colour of every cell: `backgroundColor` or `textFormat`; None where none is set."""
        answer = self.editor.fetch_sheet_metadata(
            {
                "includeGridData": "true",
                "ranges": gspread.utils.absolute_range_name(self.sheet.title, "A1:Z60"),
                "fields": "sheets.data.rowData.values.userEnteredFormat",
            }
        )
        rows = answer["sheets"][0]["data"][0].get("rowData", [])
        return [
            [_color(cell, what) for cell in row.get("values", [{}])] or [None] for row in rows
        ] + [[None]] * (60 - len(rows))

    def pins(self, key: str = "gsheet-ml-run") -> list[Any]:
        """The developer metadata with a key."""
        body = {"dataFilters": [{"developerMetadataLookup": {"metadataKey": key}}]}
        address = f"https://sheets.googleapis.com/v4/spreadsheets/{self.editor.id}"
        response = self.editor.client.request(
            "post", f"{address}/developerMetadata:search", json=body
        )
        found: list[Any] = response.json().get("matchedDeveloperMetadata", [])
        return found

    def batch(self, *requests: Mapping[str, Any]) -> None:
        self.editor.batch_update({"requests": list(requests)})

    def lines_range(self, dimension: str, start: int, end: int | None = None) -> dict[str, Any]:
        return {
            "sheetId": self.sheet.id,
            "dimension": dimension,
            "startIndex": start,
            "endIndex": start + 1 if end is None else end,
        }

    def set(self, name: str, column: str, value: Any) -> None:
        """A person types into one cell of a run."""
        at = self.lines()[0].index(column)
        self.sheet.update_cell(self.row_of(name) + 1, at + 1, value)


def _color(cell: Mapping[str, Any], what: str) -> Rgb | None:
    found = cell.get("userEnteredFormat", {}).get(what)
    if found is not None and what == "textFormat":
        found = found.get("foregroundColor")
    if found is None:
        return None
    return (found.get("red", 0.0), found.get("green", 0.0), found.get("blue", 0.0))


def same(color: Rgb | None, wanted: Rgb | None) -> bool:
    """Whether a colour is the wanted one, as 8 bits can tell."""
    if color is None or wanted is None:
        return color is wanted
    return all(abs(a - b) < 1 / 200 for a, b in zip(color, wanted, strict=True))
