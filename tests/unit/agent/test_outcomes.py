"""How a script ended -> what its row says, and how it is asked to end."""

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.agent.grace import FOLLOWERS_TIME, Ending, ending_of, hurried
from gsheet_ml_scheduler.agent.limits import Limits, Tally, claims_no_more, too_many_failures
from gsheet_ml_scheduler.agent.outcomes import (
    LONGEST_ERROR,
    Asked,
    Ended,
    Outcome,
    error_line,
    in_words,
    outcome_of,
)
from gsheet_ml_scheduler.runsheet.lifecycle import State, state_of

TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 3, in <module>
    raise ValueError("bad shape")
{error}
"""


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, "done"),
        (1, "failed: exit 1"),
        (137, "failed: exit 137"),
        (-signal.SIGSEGV, "failed: killed by SIGSEGV"),
        (-signal.SIGKILL, "failed: killed by SIGKILL"),
        (-64 - 1, "failed: killed by signal 65"),
    ],
)
def test_an_exit_becomes_a_status(code: int, status: str) -> None:
    outcome = outcome_of(Ended(code), Asked.NOTHING)
    assert outcome.status == status
    assert outcome.state is state_of(status, "dF53M7")


@pytest.mark.parametrize("code", [0, 1, -15, -9])
@pytest.mark.parametrize(
    ("asked", "state", "status"),
    [
        (Asked.STOP, State.STOPPED, "stopped"),
        (Asked.KILL, State.KILLED, "killed"),
        (Asked.REQUEUE, None, "ready"),
    ],
)
def test_what_was_asked_for_is_no_failure_however_the_script_ends(
    asked: Asked, state: State | None, status: str, code: int
) -> None:
    assert outcome_of(Ended(code), asked) == Outcome(state, status)


def test_a_failure_carries_the_last_error_line_or_else_the_reason() -> None:
    output = TRACEBACK.format(error="ValueError: bad shape")
    assert outcome_of(Ended(1, output), Asked.NOTHING).error == "ValueError: bad shape"
    assert outcome_of(Ended(3, "\n\n"), Asked.NOTHING).error == "exit 3"


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (TRACEBACK.format(error="ValueError: bad shape"), "ValueError: bad shape"),
        (TRACEBACK.format(error="KeyboardInterrupt"), "KeyboardInterrupt"),
        (
            TRACEBACK.format(error="torch.cuda.OutOfMemoryError: CUDA out of memory. Tried …"),
            "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried …",
        ),
        ("ValueError: first\nRuntimeError: second\nwandb: done\n", "RuntimeError: second"),
        ("[rank0]: RuntimeError: NCCL\nend", "[rank0]: RuntimeError: NCCL"),
        (
            "usage: train.py [-h]\ntrain.py: error: unrecognized arguments: --x=1\n",
            "train.py: error: unrecognized arguments: --x=1",
        ),
        ("sh: 1: nope: command not found", "sh: 1: nope: command not found"),
        ("\x1b[31mValueError\x1b[0m: red\x1b[K\n", "ValueError: red"),
        ("10%|#  |\r20%|## |\rValueError: after a bar\r", "ValueError: after a bar"),
        ("loss 0.3\nno idea\n   \n", "no idea"),
        ("", ""),
        ("\x00\x01\x02", ""),
    ],
)
def test_the_line_that_says_best_what_went_wrong(output: str, line: str) -> None:
    assert error_line(output) == line


@given(st.text())
def test_any_output_gives_one_short_line_without_control_characters(output: str) -> None:
    line = error_line(output)
    assert len(line) <= LONGEST_ERROR
    assert "\n" not in line and "\r" not in line and "\x1b" not in line


def test_what_a_person_would_have_to_write_is_said_in_words() -> None:
    assert in_words(Outcome(State.DONE, "done")) == "it ended: 'done'"
    assert in_words(None) == in_words(Outcome(None, "ready")) == "it is to be 'ready' again"


def test_kill_kills_and_stop_asks_first() -> None:
    assert ending_of(Asked.KILL, 30, follows=False) == Ending(0, 0)
    assert ending_of(Asked.KILL, 30, follows=True) == Ending(0, 0)
    assert ending_of(Asked.STOP, 30, follows=False) == Ending(0, 30)
    assert ending_of(Asked.GIVE_UP, 30, follows=True) == Ending(0, 30)


def test_a_script_that_follows_stop_requests_is_left_its_last_step() -> None:
    wait = 30 * FOLLOWERS_TIME
    assert ending_of(Asked.STOP, 30, follows=True) == Ending(wait, wait + 30)


def test_giving_a_run_back_takes_the_grace_time_at_most() -> None:
    assert ending_of(Asked.REQUEUE, 30, follows=False) == Ending(0, 30)
    assert ending_of(Asked.REQUEUE, 30, follows=True) == Ending(15, 30)
    assert hurried(30) == Ending(0, 5)
    assert hurried(2) == Ending(0, 2)


@given(st.sampled_from(Asked), st.floats(0, 1e4), st.booleans())
def test_sigterm_never_comes_after_sigkill(asked: Asked, grace: float, follows: bool) -> None:
    ending = ending_of(asked, grace, follows=follows)
    assert 0 <= ending.term <= ending.kill


def tally(outcomes: str) -> Tally:
    made = Tally()
    for sign in outcomes:
        made.started += 1
        made.count(done=sign == "d", failed=sign == "f")
    return made


@pytest.mark.parametrize(
    ("outcomes", "stops"),
    [("ff", False), ("fff", True), ("ffdf", False), ("ffsff", False), ("dfff", True), ("", False)],
)
def test_failures_in_a_row_count_and_anything_else_interrupts_them(
    outcomes: str, stops: bool
) -> None:
    why = too_many_failures(Limits(failures=3), tally(outcomes))
    assert (why is not None) is stops
    assert why is None or why.startswith("3 runs in a row failed, so no more are claimed.")
    assert too_many_failures(Limits(failures=None), tally(outcomes)) is None


def test_limits_are_sentences() -> None:
    assert claims_no_more(Limits(runs=2), tally("d"), 0) is None
    why = claims_no_more(Limits(runs=2), tally("df"), 0)
    assert why == "2 runs were started, as many as asked for."
    assert claims_no_more(Limits(seconds=3600), Tally(), 3599) is None
    assert (
        claims_no_more(Limits(seconds=3600), Tally(), 3600)
        == "The time is up (1 h): no more runs are claimed."
    )
    assert claims_no_more(Limits(), tally("f" * 5), 0) is not None


def test_a_tally_in_words() -> None:
    assert Tally().words() == "no run"
    assert tally("ddfs").words() == "2 done · 1 failed · 1 ended otherwise"
