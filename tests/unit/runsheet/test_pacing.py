"""Waiting and trying again."""

import random
from collections.abc import Callable

import pytest
from gspread.exceptions import APIError
from requests import Response
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout

from gsheet_ml_scheduler.errors import AccessError, CellError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet.columns import StillLoadingError
from gsheet_ml_scheduler.runsheet.pacing import Pacing, Patience


class Hours:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def refused(
    code: int, text: str = '{"error": {"code": 0, "message": "no", "status": "X"}}'
) -> APIError:
    response = Response()
    response.status_code = code
    response._content = text.replace('"code": 0', f'"code": {code}').encode()
    return APIError(response)


def failing(*errors: Exception) -> Callable[[], str]:
    left = list(errors)

    def step() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return step


def pacing(hours: Hours) -> Pacing:
    return Pacing(hours.sleep, lambda: hours.now, random.Random(1))


@pytest.mark.parametrize(
    "error",
    [*map(refused, (429, 500, 502, 503, 504)), refused(502, "<html>Bad Gateway</html>"),
     NoConnection("reset"), ReadTimeout("slow"), StillLoadingError("E7")],
)  # fmt: skip
def test_what_passes_by_itself_is_tried_again(error: Exception) -> None:
    hours = Hours()
    assert pacing(hours).until_done(failing(error, error), Patience(60), what="sync") == "done"
    assert len(hours.slept) == 2


def test_a_step_that_succeeds_never_waits() -> None:
    hours = Hours()
    assert pacing(hours).until_done(failing(), Patience(60), what="sync") == "done"
    assert hours.slept == []


def test_waits_grow_with_full_jitter_up_to_the_cap() -> None:
    hours = Hours()
    patience = Patience(10_000, first_wait=1, longest_wait=8)
    pacing(hours).until_done(failing(*[refused(429)] * 200), patience, what="sync")
    for number, wait in enumerate(hours.slept):
        assert 0 <= wait <= min(8, 2**number)
    assert max(hours.slept) > 7
    assert min(hours.slept[10:]) < 1


def test_patience_ends_with_a_sentence() -> None:
    hours = Hours()
    with pytest.raises(
        SheetUnreachableError,
        match=r"couldn't claim a run within 20 s, .*answered 429: no. Nothing",
    ):
        pacing(hours).until_done(failing(*[refused(429)] * 999), Patience(20), what="claim a run")
    assert hours.now <= 20


def test_no_answer_at_all_ends_with_a_sentence() -> None:
    with pytest.raises(SheetUnreachableError, match=r"no answer came .ReadTimeout: slow."):
        pacing(Hours()).until_done(failing(*[ReadTimeout("slow")] * 999), Patience(1), what="x")


def test_a_refusal_that_does_not_pass_is_not_repeated() -> None:
    hours = Hours()
    with pytest.raises(AccessError, match=r"couldn't claim a run: .*403: no. Share the sheet"):
        pacing(hours).until_done(failing(refused(403)), Patience(60), what="claim a run")
    with pytest.raises(SheetUnreachableError, match="answered 404"):
        pacing(hours).until_done(failing(refused(404)), Patience(60), what="claim a run")
    assert hours.slept == []


def test_a_formula_that_never_gets_a_value_ends_as_an_error_of_its_cell() -> None:
    with pytest.raises(CellError, match="E7"):
        pacing(Hours()).until_done(failing(*[StillLoadingError("E7")] * 99), Patience(5), what="x")
