"""The decisions of the run queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.runsheet import claims
from gsheet_ml_scheduler.runsheet.answers import Look
from gsheet_ml_scheduler.runsheet.columns import Columns, parse
from gsheet_ml_scheduler.runsheet.values import Scalar

NOW = datetime(2026, 11, 22, 10, 15, 3, tzinfo=timezone.utc)
TOKEN = "claimed by dF53M7 2026-11-22 10:15:03Z 3f9a"
HEADER = ["run_name", "status", "worker_name", "n_epoch", "learning_rate"]


def columns_of(header: list[str] | None = None) -> Columns:
    names = header or HEADER
    defaults = {"status": "N/A", "worker_name": "N/A", "n_epoch": 10, "learning_rate": 0.5}
    return parse(names, [defaults.get(name, "") for name in names], sheet="s")


def test_a_token_carries_the_worker_and_the_servers_time() -> None:
    assert claims.make_token("dF53M7", NOW, "3f9a") == TOKEN
    token = claims.parse_token(TOKEN)
    assert token == claims.Token("dF53M7", NOW, "3f9a")


@given(
    st.text(alphabet="abcXYZ019", min_size=1, max_size=6),
    st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(timezone.utc)),
    st.text(alphabet="0123456789abcdef", min_size=1),
)
def test_tokens_survive_being_written_and_read(worker: str, at: datetime, nonce: str) -> None:
    token = claims.parse_token(claims.make_token(worker, at, nonce))
    assert token == claims.Token(worker, at.replace(microsecond=0), nonce)


@pytest.mark.parametrize(
    "text",
    ["claimed by me, thanks", "claimed by dF53M7 2026-02-31 10:15:03Z 3f9a", "ready", "", 3, None,
     TOKEN + " "],
)  # fmt: skip
def test_a_persons_own_words_are_no_token(text: object) -> None:
    assert claims.parse_token(text) is None


def test_a_token_is_stale_after_two_minutes_and_not_before() -> None:
    column = ["done", TOKEN, 3, "", True, TOKEN]
    assert claims.stale_tokens(column, NOW + timedelta(minutes=2)) == []
    assert claims.stale_tokens(column, NOW + timedelta(minutes=2, seconds=1)) == [TOKEN]


CELLS = st.sampled_from(["ready", "done", "", "3/10", 1, True])
NAMES = st.sampled_from(["", "dF53M7"])


@given(st.lists(CELLS), st.lists(NAMES), st.sets(st.integers(0, 5)), st.integers(0, 30))
def test_a_claimable_run_is_found_whenever_there_is_one(
    statuses: list[object], workers: list[str], passed_over: set[int], skip: int
) -> None:
    claimable = [
        i
        for i, status in enumerate(statuses)
        if status == "ready" and not (i < len(workers) and workers[i]) and i not in passed_over
    ]
    seen = Look(columns_of(), statuses, workers, NOW, (), (), ())
    found = claims.choose(seen, passed_over, claims.Taker(), skip)
    assert found == (claimable[skip % len(claimable)] if claimable else None)


def test_a_claim_is_confirmed_only_by_its_own_token_beside_a_blank_name() -> None:
    columns = columns_of()
    assert claims.is_confirmed(columns, ["1", TOKEN], TOKEN)
    assert claims.is_confirmed(columns, ["1", TOKEN, "", 3], TOKEN)
    assert not claims.is_confirmed(columns, ["1", TOKEN, "xY12ab"], TOKEN)
    assert not claims.is_confirmed(columns, ["1", TOKEN + "0"], TOKEN)
    assert not claims.is_confirmed(columns, ["1", "ready"], TOKEN)
    assert not claims.is_confirmed(columns, [], TOKEN)
    assert not claims.is_confirmed(columns, None, TOKEN)
    assert not claims.is_confirmed(columns_of(HEADER[::-1]), ["1", TOKEN], TOKEN)


def test_defaults_go_into_blank_config_cells_only() -> None:
    columns = columns_of()
    assert claims.defaults_to_fill_in(columns, ["1", TOKEN], ()) == {3: 10, 4: 0.5}
    assert claims.defaults_to_fill_in(columns, ["1", TOKEN, "", 0, ""], ()) == {4: 0.5}
    assert claims.defaults_to_fill_in(columns, ["1", TOKEN, "", "", ""], {4}) == {3: 10}


def test_a_run_is_ours_only_while_its_row_names_us() -> None:
    columns = columns_of()
    assert claims.is_ours(columns, ["1", "whatever", "dF53M7"], "dF53M7")
    assert not claims.is_ours(columns, ["1", "running", ""], "dF53M7")
    assert not claims.is_ours(columns, None, "dF53M7")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (None, "its row was deleted, or another worker took the run over"),
        (["1", "ready"], "its worker_name was emptied .status 'ready'."),
        (["1", "running", "xY12ab"], "its row names worker 'xY12ab'"),
    ],
)
def test_a_lost_run_says_why(row: list[object] | None, words: str) -> None:
    assert pytest.raises(AssertionError, match=words).matches(
        AssertionError(claims.lost_because(columns_of(), row, "dF53M7"))
    )


def test_changed_keys_are_those_whose_value_differs_for_training() -> None:
    old: dict[str, Scalar] = {"a": 1, "b": 1.5, "c": "x", "d": True}
    assert claims.changed_keys(old, dict(old)) == []
    assert claims.changed_keys(old, {"a": True, "b": 2.0, "c": "x", "d": True, "e": 0}) == [
        "a",
        "b",
        "e",
    ]


names = st.permutations([*HEADER, "loss", "note"])


@given(names, names)
def test_a_write_that_met_moved_columns_is_repaired(before: list[str], now: list[str]) -> None:
    old, new = columns_of(before), columns_of(now)
    row = {name: f"old {name}" for name in before}
    wanted = {"status": "3/10", "loss": 0.5}
    sheet = dict(row)
    written = {old.ids[name]: value for name, value in wanted.items()}
    for index, value in written.items():
        sheet[now[index]] = str(value)
    cells = claims.repair(old, [row[name] for name in before], written, new.names, wanted)
    for index, value in cells.items():
        sheet[now[index]] = value
    assert sheet == row | wanted


def test_a_write_that_landed_in_a_column_just_inserted_empties_it_again() -> None:
    old, new = columns_of(), columns_of(["run_name", "mine", *HEADER[1:]])
    cells = claims.repair(old, ["1", "running", "w"], {1}, new.names, {"status": "done"})
    assert cells == {1: "", 2: "done"}


def test_a_row_for_a_write_leaves_the_other_cells_alone() -> None:
    assert claims.as_row({1: "running", 3: 0}) == [None, "running", None, 0]


def look(priorities: Sequence[object] = (), only_on: Sequence[object] = (), count: int = 4) -> Look:
    return Look(columns_of(), ["ready"] * count, [], NOW, (), priorities, only_on)


def test_a_higher_priority_comes_first_and_then_the_order_of_the_sheet() -> None:
    everybody = claims.Taker()
    assert claims.choose(look([1, 5, "high", 5]), (), everybody) == 1
    assert claims.choose(look([1, 5, "high", 5]), {1}, everybody) == 3
    assert claims.choose(look([-1, -1.5, ""]), (), everybody) == 2
    assert claims.choose(look(), (), everybody) == 0


def test_after_a_lost_race_the_choice_is_among_equals() -> None:
    assert claims.choose(look([1, 5, "", 5]), {1}, claims.Taker(), skip=1) == 3
    assert claims.choose(look([5, 1, 5, 5]), (), claims.Taker(), skip=1) == 2


def test_who_loses_races_spreads_out_and_comes_back_to_the_first_run() -> None:
    spreads = [1]
    for won in [False] * 9 + [True] * 70:
        spreads.append(claims.spread_after(spreads[-1], won=won))
    assert spreads[:10] == [1, 2, 4, 8, 16, 32, 64, 64, 64, 64]
    assert spreads[10:13] == [63, 62, 61]
    assert spreads[-1] == 1


def test_a_run_goes_only_to_a_worker_that_its_row_names() -> None:
    only_on = ["a100", "host=gpu-*", "colab, h100", ""]
    assert claims.choose(look((), only_on), (), claims.Taker()) == 3
    for tags, host, first in [
        ({"a100"}, "x", 0),
        (set(), "GPU-7", 1),
        ({"H100"}, "gpu", 2),
        ({"colab"}, "y", 2),
    ]:
        taker = claims.Taker(frozenset(tags), host)
        assert claims.choose(look((), only_on), (), taker) == first


@given(
    st.lists(st.tuples(CELLS, NAMES, st.sampled_from(["", 1, 2, "x"]), st.sampled_from(["", "a"]))),
    st.integers(0, 30),
    st.booleans(),
)
def test_whatever_may_be_claimed_is_found(
    rows: list[tuple[object, str, object, str]], skip: int, tagged: bool
) -> None:
    taker = claims.Taker(frozenset(["a"]) if tagged else frozenset())
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    seen = Look(columns_of(), columns[0], columns[1], NOW, (), columns[2], columns[3])
    claimable = {
        at
        for at, (status, worker, _, only_on) in enumerate(rows)
        if status == "ready" and not worker and (tagged or not only_on)
    }
    found = claims.choose(seen, (), taker, skip)
    assert (found in claimable) if claimable else (found is None)
