"""Waiting and trying again."""

import random
import threading
import time
from collections.abc import Callable
from typing import cast

import pytest
from gspread import HTTPClient
from gspread.exceptions import APIError
from requests import Response
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout

from gsheet_ml_scheduler.errors import AccessError, CellError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet.budget import Kind, Urgency
from gsheet_ml_scheduler.runsheet.columns import StillLoadingError
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_LOOK, Pacing, Patience, PutOffError
from gsheet_ml_scheduler.runsheet.rationed import RationedClient, kind_of, limit_of

GOOGLES_429 = """{"error": {"code": 0, "message": "Quota exceeded for quota metric 'Read requests' \
and limit 'Read requests per minute per user'", "status": "RESOURCE_EXHAUSTED", "details": [
{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
"domain": "googleapis.com", "metadata": {"quota_limit": "ReadRequestsPerMinutePerUser",
"quota_unit": "1/min/{project}/{user}", "quota_limit_value": "60"}},
{"@type": "type.googleapis.com/google.rpc.Help", "links": []}]}}"""


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


# ------------------------------------------------------------ the budget


class Location:
    """A client of a location that answers everything, or refuses what is too much."""

    def __init__(self, hours: Hours) -> None:
        self.hours = hours
        self.asked: list[tuple[float, str]] = []
        self.refusals = 0
        self.refuse_with: APIError | None = None

    def request(self, method: str, endpoint: str, params: object = None, **more: object) -> str:
        self.asked.append((self.hours.now, endpoint))
        if self.refusals:
            self.refusals -= 1
            raise self.refuse_with or refused(429)
        return "answer"


def rationed(
    hours: Hours, limit: float | None = 60
) -> tuple[Pacing, Location, Callable[[], object], Callable[[], object]]:
    """A pacing within a limit, a location, and a read and a write there."""
    location = Location(hours)
    paced = Pacing(hours.sleep, lambda: hours.now, random.Random(1), limit)
    client = RationedClient(cast(HTTPClient, location), paced)
    return (
        paced,
        location,
        lambda: client.request("post", "…/values:batchGetByDataFilter"),
        lambda: client.request("post", "…:batchUpdate"),
    )


def came_through(paced: Pacing, step: Callable[[], object], what: str = "sync") -> bool:
    """Whether a sync was made, and not put off."""
    try:
        paced.now_or_later(step, what=what)
    except PutOffError:
        return False
    return True


def test_a_claim_waits_until_there_is_room_for_all_of_it() -> None:
    hours = Hours()
    paced, location, read, write = rationed(hours, 6)

    def claim() -> str:
        for request in (read, write, read, write, write):
            request()
        return "done"

    assert paced.until_done(claim, FOR_A_LOOK, what="claim") == "done"
    assert hours.now == 0
    assert paced.until_done(claim, FOR_A_LOOK, what="claim") == "done"
    times = [at for at, _ in location.asked[5:]]
    assert times == [times[0]] * 5
    assert times[0] == pytest.approx(60, abs=0.1)


def test_a_step_that_finds_no_room_for_too_long_ends_with_a_sentence() -> None:
    paced, _, _, write = rationed(Hours(), 3)
    with pytest.raises(SheetUnreachableError, match="couldn't paint within 5 s: the requests that"):
        paced.until_done(lambda: [write() for _ in range(9)], Patience(5), what="paint")


def test_a_heartbeat_goes_at_once_where_syncs_have_used_up_their_part() -> None:
    hours = Hours()
    paced, _, _, write = rationed(hours)
    paced.until_done(lambda: [write() for _ in range(48)], Patience(1), what="claim")
    paced.until_done(write, Patience(60, urgency=Urgency.HEARTBEAT), what="prolong the lease")
    assert hours.now == 0
    with pytest.raises(SheetUnreachableError):
        paced.until_done(write, Patience(1), what="claim")


def test_a_repair_goes_at_once_also_where_all_is_used_up() -> None:
    hours = Hours()
    paced, _, _, write = rationed(hours)
    paced.until_done(
        lambda: [write() for _ in range(60)], Patience(1, urgency=Urgency.HEARTBEAT), what="beat"
    )
    paced.insisted(write, what="repair a row")
    assert hours.now == 0


def test_a_repair_is_made_again_for_twenty_seconds_but_only_where_it_was_refused() -> None:
    hours = Hours()
    assert pacing(hours).insisted(failing(refused(429), refused(429)), what="repair") == "done"
    assert 0 < hours.now <= 20
    hours = Hours()
    with pytest.raises(APIError):
        pacing(hours).insisted(failing(*[refused(429)] * 99), what="repair")
    assert 5 < hours.now <= 20
    for error in (refused(500), ReadTimeout("slow")):
        hours = Hours()
        with pytest.raises(type(error)):
            pacing(hours).insisted(failing(error), what="repair")
        assert hours.now == 0


def test_a_sync_that_comes_too_soon_is_put_off_without_waiting() -> None:
    hours = Hours()
    paced, location, read, _ = rationed(hours)
    synced = 0
    for _ in range(6000):  # one every 10 ms, for a minute
        synced += came_through(paced, read)
        hours.now += 0.01
    assert hours.slept == []
    assert 40 <= synced == len(location.asked) <= 42
    gaps = [b[0] - a[0] for a, b in zip(location.asked, location.asked[1:])]
    assert max(gaps) < 1.5  # evenly, not all at the beginning of the minute


def test_where_no_limit_is_known_every_sync_goes_through() -> None:
    hours = Hours()
    paced, location, read, _ = rationed(hours, None)
    assert all(came_through(paced, read) for _ in range(1000))
    assert len(location.asked) == 1000


def test_a_sync_that_is_told_to_slow_down_is_put_off_at_once() -> None:
    hours = Hours()
    paced, location, read, _ = rationed(hours)
    location.refusals = 1
    assert not came_through(paced, read)
    assert not came_through(paced, read)
    assert len(location.asked) == 1
    assert hours.slept == []
    assert paced.per_minute(Kind.READ) == pytest.approx(42)
    assert paced.per_minute(Kind.WRITE) == 60
    hours.now += 5
    assert paced.now_or_later(read, what="sync") == "answer"


def test_syncs_that_are_put_off_for_minutes_are_told_as_out_of_reach() -> None:
    hours = Hours()
    paced, location, read, _ = rationed(hours)
    location.refusals = 10**9
    told = 0
    for _ in range(1000):
        try:
            assert not came_through(paced, read, "sync run 7")
        except SheetUnreachableError as error:
            assert "couldn't sync run 7 for 18" in str(error)
            assert "an account of their own" in str(error)
            told += 1
        hours.now += 1
    assert 3 <= told <= 5
    assert len(location.asked) < 60


def test_a_sync_that_fails_for_another_reason_is_tried_again_as_ever() -> None:
    hours = Hours()
    paced, _, _, _ = rationed(hours)
    step = failing(refused(503), NoConnection("reset"))
    assert paced.now_or_later(step, what="sync") == "done"
    with pytest.raises(SheetUnreachableError, match="within 20 s"):
        hours.now += 10
        paced.now_or_later(failing(*[refused(503)] * 999), what="sync")


def test_training_hardly_waits_for_a_sheet_that_is_away() -> None:
    """An hour without the sheet, and a script that syncs every second."""
    hours = Hours()
    paced = pacing(hours)
    attempts, told = 0, list[str]()

    def away() -> str:
        nonlocal attempts
        attempts += 1
        raise NoConnection("refused")

    while hours.now < 3600:
        try:
            paced.now_or_later(away, what="sync run 7")
        except PutOffError:
            pass
        except SheetUnreachableError as error:
            told.append(str(error))
        hours.now += 1
    assert sum(hours.slept) <= 20
    assert "couldn't sync run 7 within 20 s" in told[0]
    assert told[1].startswith("couldn't sync run 7: no answer came (ConnectionError: refused).")
    assert 20 < len(told) < 60  # a person hears of it now and then
    hours.now += 120
    assert paced.now_or_later(lambda: "back", what="sync run 7") == "back"
    assert paced.now_or_later(lambda: "back", what="sync run 7") == "back"


def test_a_sheet_that_was_away_for_one_sync_is_asked_by_the_very_next_one() -> None:
    hours = Hours()
    paced = pacing(hours)
    with pytest.raises(SheetUnreachableError):
        paced.now_or_later(failing(*[refused(503)] * 999), what="sync")
    assert paced.now_or_later(failing(), what="sync") == "done"


def test_what_google_says_about_its_quota_is_learnt() -> None:
    hours = Hours()
    paced, location, read, _ = rationed(hours, None)
    location.refuse_with, location.refusals = refused(429, GOOGLES_429), 1
    for _ in range(200):
        paced.until_done(read, Patience(500), what="read")
    assert paced.per_minute(Kind.READ) <= 60
    hours.now += 3600 * 5
    assert paced.per_minute(Kind.READ) == 60


def test_the_limit_of_a_whole_project_is_not_taken_for_ones_own() -> None:
    text = GOOGLES_429.replace("PerMinutePerUser", "PerMinutePerProject")
    assert limit_of(refused(429, GOOGLES_429)) == 60
    assert limit_of(refused(429, text)) is None
    assert limit_of(refused(429, GOOGLES_429.replace('"60"', '"many"'))) is None
    assert limit_of(refused(429)) is None


@pytest.mark.parametrize(
    ("method", "endpoint", "kind"),
    [
        ("get", "https://sheets.googleapis.com/v4/spreadsheets/k/values/A1", Kind.READ),
        ("post", "…/spreadsheets/k/values:batchGetByDataFilter", Kind.READ),
        ("post", "…/spreadsheets/k/developerMetadata:search", Kind.READ),
        ("post", "…/spreadsheets/k:getByDataFilter", Kind.READ),
        ("post", "…/spreadsheets/k/values:batchUpdateByDataFilter", Kind.WRITE),
        ("post", "…/spreadsheets/k:batchUpdate", Kind.WRITE),
        ("put", "…/spreadsheets/k/values/A1", Kind.WRITE),
    ],
)
def test_google_counts_reads_and_writes_apart(method: str, endpoint: str, kind: Kind) -> None:
    assert kind_of(method, endpoint) is kind


def test_the_first_failure_is_told_once_and_only_if_another_attempt_follows() -> None:
    hours, told = Hours(), list[float]()
    paced = pacing(hours)

    def tell() -> None:
        told.append(hours.now)

    paced.until_done(failing(), Patience(60), what="end", at_first_failure=tell)
    assert told == []
    paced.until_done(failing(*[refused(503)] * 5), Patience(60), what="end", at_first_failure=tell)
    assert told == [0]


def test_threads_share_one_budget_and_none_gets_above_it() -> None:
    """Real threads and real time, in which a minute takes a quarter of a second."""
    fast = 240.0
    paced = Pacing(
        lambda seconds: time.sleep(seconds / fast), lambda: time.monotonic() * fast, limit=60
    )
    times: list[float] = []

    class Noting:
        def request(self, *_: object, **__: object) -> None:
            times.append(paced.clock())

    client = RationedClient(cast(HTTPClient, Noting()), paced)

    def work(patience: Patience) -> None:
        for _ in range(40):
            paced.until_done(lambda: client.request("post", ":batchUpdate"), patience, what="write")

    rationed = [urgency for urgency in Urgency if urgency is not Urgency.REPAIR]
    patient = [Patience(1e6, urgency=urgency) for urgency in rationed]
    threads = [threading.Thread(target=work, args=(patience,)) for patience in patient]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(times) == 160
    times.sort()
    # A request is noted a little after it was counted, so the windows are a little shorter.
    assert max(sum(at <= t < at + 50 for t in times) for at in times) <= 60
