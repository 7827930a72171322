"""Random batches do to a workbook what they do to plain lists, and a wrong batch does nothing.

The machine talks to two clients of one spreadsheet by turns, so each must see what the other did.
How they are connected is one method: a subclass runs the same machine over HTTP, against a real
server, and there every refusal is word for word the one in process.
"""

from __future__ import annotations

import copy
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from gspread.exceptions import APIError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.contract.localsheets.grid_model import (
    OPERATIONS,
    Grid,
    Operation,
    Refused,
    Value,
    cut,
)
from tests.served import Served, served
from tests.unit.localsheets.calls import (
    RELAXED,
    Calls,
    Json,
    cells,
    close,
    open_calls,
    pin,
    row,
)
from tests.unit.localsheets.follower import followed, stored

HEIGHT, WIDTH = 70, 5  # tall enough to be read by whole columns

NUMBERS = st.lists(st.integers(0, 11), min_size=6, max_size=6)
VALUES: st.SearchStrategy[Value] = st.sampled_from(
    [None, "", "ready", "Ready", "running", "été", "=1+1", "1", 0, 1, -2.5, 1e-7, True, False]
)
Step = tuple[Operation, list[int], Value]
STEPS: st.SearchStrategy[Step] = st.tuples(st.sampled_from(OPERATIONS), NUMBERS, VALUES)
WRONG: list[Json] = [
    cells([["x"]], 0, sheet=999999),
    cells([["x"]], 5000),
    {"noSuchKind": {}},
    {"deleteDimension": {"range": row(0, 5000)}},
    {"updateCells": {"rows": [], "start": {}}},
    {"repeatCell": {"range": {"startRowIndex": 9, "endRowIndex": 2}, "cell": {}, "fields": "note"}},
]


class SheetAgainstLists(RuleBasedStateMachine):
    """One sheet, driven by two clients."""

    def new_path(self) -> Path:
        """Where this example's workbook is going to be."""
        folder = tempfile.TemporaryDirectory()
        self.endings.append(folder.cleanup)
        return Path(folder.name) / "runs.sheet"

    def connect(self, path: Path) -> tuple[Calls, Callable[[], None]]:
        """A client of a workbook file, and how it is closed; here in this process."""
        calls = open_calls(path)
        return calls, lambda: close(calls)

    def __init__(self) -> None:
        super().__init__()
        self.endings: list[Callable[[], object]] = []
        self.path = self.new_path()
        close(open_calls(self.path, create=True))
        connected = [self.connect(self.path) for _ in range(2)]
        self.clients = [calls for calls, _ in connected]
        self.closings = [closing for _, closing in connected]
        self.model = Grid.of(HEIGHT, WIDTH)
        size = {"gridProperties": {"rowCount": HEIGHT, "columnCount": WIDTH}}
        fields = "gridProperties(rowCount,columnCount)"
        self.client.batch({"updateSheetProperties": {"properties": size, "fields": fields}})
        # Each cell at the upper left is one of a kind, so nothing is displaced unseen.
        named = [[f"{row}.{column}" for column in range(WIDTH)] for row in range(12)]
        self.client.put("Sheet1", named)
        for model_row, line in zip(self.model.rows, named):
            for cell, value in zip(model_row.cells, line):
                cell.value = value

    @property
    def client(self) -> Calls:
        """The one whose turn it is."""
        self.clients.reverse()
        return self.clients[0]

    def refused(self, requests: list[Json], words: str) -> APIError:
        """A batch is refused in these words."""
        with pytest.raises(APIError, match=words) as caught:
            self.client.batch(*requests)
        assert caught.value.error["status"] == "INVALID_ARGUMENT"
        return caught.value

    def _planned(self, steps: list[Step]) -> tuple[Grid, list[Json], tuple[list[Json], str] | None]:
        """The model after them, their requests, and the first batch of them that is refused."""
        model, requests, wrong = copy.deepcopy(self.model), list[Json](), None
        for step, numbers, value in steps:
            try:
                request = step(model, numbers, value)
            except Refused as refused:
                (kind,) = refused.request
                words = f"Invalid requests[{len(requests)}].{kind}: {refused.words}"
                wrong = wrong or ([*requests, refused.request], re.escape(words))
            else:
                requests += [] if request is None else [request]
        return model, requests, wrong

    @rule(
        steps=st.lists(STEPS, min_size=1, max_size=5), relaxed=st.booleans(), insist=st.booleans()
    )
    def batch(self, steps: list[Step], relaxed: bool, insist: bool) -> None:
        """What merges forbid is left out, or else nothing happens."""
        model, requests, wrong = self._planned(steps)
        if insist and wrong is not None:
            self.refused(*wrong)
        elif requests:
            replies = self.client.batch(*requests, headers=RELAXED if relaxed else None)
            assert len(replies) == len(requests)
            self.model = model

    @rule(
        steps=st.lists(STEPS, max_size=4),
        wrong=st.sampled_from(WRONG) | st.just("pin"),
        at=st.integers(0, 4),
    )
    def batch_with_a_wrong_request(self, steps: list[Step], wrong: Any, at: int) -> None:
        _, requests, _ = self._planned(steps)
        at = min(at, len(requests))
        inserted = [wrong]
        if wrong == "pin":  # one that is there already
            inserted = [pin(77, row(0)), pin(77, row(1))]
        requests[at:at] = inserted
        self.refused(requests, rf"requests\[{at + len(inserted) - 1}\]")

    @rule(numbers=NUMBERS, values=st.lists(st.lists(VALUES, max_size=4), min_size=1, max_size=3))
    def values_update(self, numbers: list[int], values: list[list[Value]]) -> None:
        """RAW: null leaves a cell alone, "" empties it."""
        top, left = numbers[0] % self.model.height, numbers[1] % self.model.width
        values = [line[: self.model.width - left] for line in values[: self.model.height - top]]
        answer = self.client.put(
            f"{_letter(left)}{top + 1}:{_letter(self.model.width - 1)}", values
        )
        written = 0
        for model_row, line in zip(self.model.rows[top:], values):
            for cell, value in zip(model_row.cells[left:], line):
                if value is not None:
                    cell.value = None if value == "" else value
                    written += 1
        assert answer.get("updatedCells", 0) == written

    @rule(numbers=NUMBERS)
    def values_clear(self, numbers: list[int]) -> None:
        top, left = numbers[0] % self.model.height, numbers[1] % self.model.width
        bottom = min(top + numbers[2], self.model.height - 1)
        calls = self.client
        where = f"{_letter(left)}{top + 1}:{_letter(self.model.width - 1)}{bottom + 1}"
        calls.client.request("post", f"{calls.address}/values/{where}:clear", json={})
        for model_row in self.model.rows[top : bottom + 1]:
            for cell in model_row.cells[left:]:
                cell.value = None

    @rule(numbers=NUMBERS, values=st.lists(VALUES, min_size=1, max_size=4))
    def write_through_a_pin(self, numbers: list[int], values: list[Value]) -> None:
        """The row with the pin is written, wherever it is now; one that isn't there writes none."""
        pin_id = 1 + numbers[0] % 6
        found = self.model.pins().get(pin_id)
        if found is not None and found[0] == "COLUMNS":
            return
        values = values[: self.model.width]
        lookup = {"developerMetadataLookup": {"metadataId": pin_id}}
        calls = self.client
        answer = calls.client.request(
            "post",
            f"{calls.address}/values:batchUpdateByDataFilter",
            json={
                "valueInputOption": "RAW",
                "data": [{"dataFilter": lookup, "majorDimension": "ROWS", "values": [values]}],
            },
        ).json()
        assert len(answer.get("responses", [])) == (found is not None)
        if found is not None:
            for cell, value in zip(self.model.rows[found[1]].cells, values):
                if value is not None:
                    cell.value = None if value == "" else value

    @invariant()
    def values_are_those_of_the_lists(self) -> None:
        for calls in self.clients:
            assert _typed(calls.get("Sheet1")) == _typed(self.model.values())
            by_columns = calls.get("Sheet1", majorDimension="COLUMNS")
            assert _typed(by_columns) == _typed(self.model.columns())

    @invariant()
    def colours_are_those_of_the_lists(self) -> None:
        fields = "sheets.data.rowData.values.userEnteredFormat.backgroundColor"
        found = self.client.spreadsheet(ranges="Sheet1", fields=fields)
        data = found.get("sheets", [{}])[0].get("data", [{}])[0].get("rowData", [])
        shown = [[_red(cell) for cell in line.get("values", [])] for line in data]
        assert cut(shown) == self.model.colours()

    @invariant()
    def merges_are_those_of_the_lists(self) -> None:
        sheets = self.client.spreadsheet(fields="sheets.merges").get("sheets", [{}])
        names = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
        found = [tuple(merge[name] for name in names) for merge in sheets[0].get("merges", [])]
        assert sorted(found) == sorted(self.model.merges().values())

    @invariant()
    def pins_are_on_their_lines(self) -> None:
        found = {}
        for mark in self.client.marks():
            place = mark["location"]["dimensionRange"]
            assert place["endIndex"] == place["startIndex"] + 1
            found[mark["metadataId"]] = (place["dimension"], place["startIndex"])
        assert found == self.model.pins()

    @invariant()
    def the_grid_is_as_large_as_the_lists(self) -> None:
        sheet = self.client.spreadsheet(fields="sheets.properties")["sheets"][0]["properties"]
        grid = sheet["gridProperties"]
        assert (grid["rowCount"], grid["columnCount"]) == (self.model.height, self.model.width)

    def teardown(self) -> None:
        for closing in self.closings:
            closing()
        by_log, by_tables = followed(self.path), stored(self.path)
        by_tables.pop("properties")
        by_log.pop("properties", None)
        assert by_log == by_tables
        for ending in self.endings:
            ending()


class SheetOverHttp(SheetAgainstLists):
    """The same by two clients of a server; a third, in process, is told the same errors."""

    folder: ClassVar[Path]
    server: ClassVar[Served]

    def __init__(self) -> None:
        super().__init__()
        self.witness, closing = super().connect(self.path)
        self.closings.append(closing)

    def new_path(self) -> Path:
        return self.folder / f"{uuid.uuid4().hex}.sheet"

    def connect(self, path: Path) -> tuple[Calls, Callable[[], None]]:
        in_process = open_calls(path)
        close(in_process)
        key = in_process.address.rpartition("/")[2]
        client = self.server.client()
        return Calls(client, key), client.session.close

    def refused(self, requests: list[Json], words: str) -> APIError:
        by_server = super().refused(requests, words)
        with pytest.raises(APIError) as caught:
            self.witness.batch(*requests)
        assert by_server.response.json() == caught.value.response.json()
        assert by_server.code == caught.value.code
        return by_server


def _letter(column: int) -> str:
    return "ABCDEFGHIJ"[column]


def _typed(values: list[list[Value]]) -> list[list[tuple[bool, Value]]]:
    """TRUE is not 1."""
    return [[(isinstance(value, bool), value) for value in line] for line in values]


def _red(cell: Json) -> int | None:
    colour = cell.get("userEnteredFormat", {}).get("backgroundColor")
    return None if colour is None else round(colour.get("red", 0) * 255)


SheetAgainstLists.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestSheetAgainstLists = SheetAgainstLists.TestCase


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Served]]:
    """A folder and its server, for all examples; each has a workbook of its own in it."""
    folder = tmp_path_factory.mktemp("model")
    with served(folder) as server:
        yield folder, server


def test_a_sheet_over_http_against_lists(shelf: tuple[Path, Served]) -> None:
    SheetOverHttp.folder, SheetOverHttp.server = shelf
    run_state_machine_as_test(
        SheetOverHttp,
        settings=settings(SheetAgainstLists.TestCase.settings, max_examples=30),
    )
