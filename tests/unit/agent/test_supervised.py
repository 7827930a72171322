"""A script and its supervisor, as real processes."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from gsheet_ml_scheduler.agent.grace import Ending
from gsheet_ml_scheduler.agent.outcomes import Ended
from gsheet_ml_scheduler.agent.supervised import Order, Reserve, Supervised

PATIENCE = 30.0
Start = Callable[..., Supervised]


def order(folder: Path, *words: str, grace: float = 5.0, log_bytes: int = 1_000_000) -> Order:
    return Order(list(words), {"GSHEET_ML_TEST": "yes"}, str(folder), grace, log_bytes)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it didn't happen"
        time.sleep(0.01)


def wait(script: Supervised) -> Supervised:
    deadline = time.monotonic() + PATIENCE
    while not script.is_over:
        assert time.monotonic() < deadline, "it didn't end"
        select.select([script], [], [], 0.5)
        script.listen()
    return script


def printed(folder: Path) -> str:
    path = folder / "output.log"
    return path.read_text(errors="replace") if path.exists() else ""


def said(folder: Path, word: str) -> None:
    until(lambda: word in printed(folder))


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped doesn't."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    scripts: list[Supervised] = []

    def begin(*words: str, **changes: float) -> Supervised:
        scripts.append(Supervised())
        scripts[-1].start(order(tmp_path, *words, **changes))  # type: ignore[arg-type]
        return scripts[-1]

    yield begin
    for script in scripts:
        if not script.is_over:
            script.abandon()


def test_a_script_gets_its_arguments_its_environment_and_no_input(
    start: Start, tmp_path: Path
) -> None:
    program = (
        "import os, sys; print(sys.argv[1:], os.environ['GSHEET_ML_TEST'], sys.stdin.read() == '')"
    )
    script = wait(start(sys.executable, "-c", program, "; rm -rf /", "$(id)", "a\nb"))
    assert script.ended == Ended(0, "['; rm -rf /', '$(id)', 'a\\nb'] yes True\n")
    assert printed(tmp_path) == script.ended.last_words


@pytest.mark.parametrize(
    ("words", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -SEGV $$", -11), ("kill -9 $$", -9)]
)
def test_how_a_script_ended_is_heard(start: Start, words: str, code: int) -> None:
    script = wait(start("sh", "-c", words))
    assert script.ended is not None
    assert script.ended.code == code


def test_a_program_that_is_not_there_is_refused(start: Start) -> None:
    assert wait(start("no-such-program")).refused == "No such file or directory"


def test_a_file_that_is_no_program_is_refused(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    assert wait(start(str(tmp_path / "data"))).refused == "Permission denied"


def test_an_argument_that_is_too_long_is_refused(start: Start) -> None:
    assert wait(start("echo", "🙂" * 50_000, "x" * 3_000_000)).refused == "Argument list too long"


def test_its_output_goes_to_the_log_as_it_comes(start: Start, tmp_path: Path) -> None:
    script = start("sh", "-c", "printf 'half a line'; echo err >&2; sleep 60")
    said(tmp_path, "half a lineerr\n")
    script.end(Ending(0, 5))
    assert wait(script).ended == Ended(-signal.SIGTERM, "half a lineerr\n")


def test_printed_metrics_go_to_the_file_beside_those_of_the_script(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(b'{"half":')
    wait(start("sh", "-c", """echo 'gsheet-ml: {"loss": 0.3}'; printf 'gsheet-ml: {"loss": 1}'"""))
    half, *lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert half == '{"half":'
    assert [json.loads(line)["loss"] for line in lines] == [0.3, 1]


def test_what_looks_like_a_metric_but_is_none_is_said_once(start: Start) -> None:
    script = wait(start("sh", "-c", "for i in 1 2 3; do echo 'gsheet-ml: {loss: 0.3}'; done"))
    assert script.notices == [
        "'gsheet-ml: {loss: 0.3}' is printed, but it is no JSON object of numbers, bools or text, "
        "so nothing is logged."
    ]


def test_on_a_full_disk_the_script_goes_on_and_its_metrics_arrive(
    start: Start, tmp_path: Path
) -> None:
    for name in ("output.log", "metrics.jsonl"):
        (tmp_path / name).symlink_to("/dev/full")
    script = wait(start("sh", "-c", "echo 'gsheet-ml: {\"loss\": 0.3}'; echo bye; exit 3"))
    assert script.ended == Ended(3, 'gsheet-ml: {"loss": 0.3}\nbye\n')
    assert script.metrics == {"loss": 0.3}
    assert [notice.partition(":")[0] for notice in script.notices] == [
        f"{tmp_path}/output.log can't be written",
        f"{tmp_path}/metrics.jsonl can't be written",
    ]


def test_a_flood_of_output_is_cut_but_its_last_metric_arrives(start: Start, tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "for i in range(200): os.write(1, os.urandom(65536).replace(b'\\n', b' '))\n"
        "print('\\ngsheet-ml: {\"last\": 1}')"
    )
    wait(start(sys.executable, "-c", program, log_bytes=1_000_000))
    sizes = [it.stat().st_size for it in tmp_path.glob("output.log*")]
    assert 500_000 < sum(sizes) <= 1_100_000
    assert '"last": 1' in (tmp_path / "metrics.jsonl").read_text()


def test_an_agent_that_does_not_listen_does_not_hold_a_script_up(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "metrics.jsonl").symlink_to("/dev/full")
    program = (
        "for i in range(20000): print('gsheet-ml: {\"i\": %d}' % i)\nopen('finished', 'w').close()"
    )
    script = start(sys.executable, "-c", f"import os; os.chdir({str(tmp_path)!r})\n{program}")
    until(lambda: (tmp_path / "finished").exists())  # nobody has listened so far
    assert wait(script).metrics == {"i": 19999}


STUBBORN = "trap '' TERM INT HUP; sleep 300 & echo $! $$; while :; do sleep 0.2; done"


def pids(folder: Path, count: int) -> list[int]:
    until(lambda: len(printed(folder).split()) >= count)
    return [int(word) for word in printed(folder).split()[:count]]


def test_stop_asks_and_a_script_may_take_its_time_to_end(start: Start, tmp_path: Path) -> None:
    script = start(
        "sh",
        "-c",
        "trap 'sleep 0.3; echo saved; exit 7' TERM; echo up; while :; do sleep 0.05; done",
    )
    said(tmp_path, "up")
    script.end(Ending(0, 20))
    ended = wait(script).ended
    assert ended is not None and ended.code == 7
    assert ended.last_words.endswith("saved\n")


def test_a_script_that_ignores_sigterm_is_killed_after_the_grace_time_with_its_children(
    start: Start, tmp_path: Path
) -> None:
    script = start("sh", "-c", STUBBORN)
    family = pids(tmp_path, 2)
    began = time.monotonic()
    script.end(Ending(0, 1))
    ended = wait(script).ended
    assert ended is not None and ended.code == -signal.SIGKILL
    assert 0.9 < time.monotonic() - began < 10
    assert not any(map(is_alive, family))


def test_an_earlier_ending_still_holds_when_a_later_one_is_asked_for(
    start: Start, tmp_path: Path
) -> None:
    script = start("sh", "-c", STUBBORN)
    pids(tmp_path, 2)
    script.end(Ending(0, 0.5))
    script.end(Ending(100, 200))
    assert wait(script).ended is not None
    assert script.seconds < 50


def test_a_paused_script_stands_still_with_its_children_and_can_still_be_ended(
    start: Start, tmp_path: Path
) -> None:
    script = start("sh", "-c", "while :; do echo x; sleep 0.05; done")
    said(tmp_path, "x")
    script.pause()
    seen: list[int] = []

    def stands_still() -> bool:
        seen.append(len(printed(tmp_path)))
        time.sleep(0.2)
        return len(seen) > 3 and len(set(seen[-4:])) == 1

    until(stands_still)
    script.resume()
    until(lambda: len(printed(tmp_path)) > seen[-1])
    script.pause()
    script.end(Ending(0, 20))
    assert wait(script).ended == Ended(-signal.SIGTERM, printed(tmp_path))


@pytest.mark.parametrize(
    "child",
    [
        "sleep 300",
        pytest.param(
            "setsid sleep 300",
            marks=pytest.mark.skipif(
                sys.platform != "linux", reason="orphans are adopted on Linux"
            ),
        ),
    ],
)
def test_children_that_a_script_leaves_behind_are_ended_too(
    start: Start, tmp_path: Path, child: str
) -> None:
    script = wait(start("sh", "-c", f"{child} & echo $!; exit 0"))
    assert script.ended is not None and script.ended.code == 0
    assert not is_alive(pids(tmp_path, 1)[0])


AGENT = """
import json, sys, time
from gsheet_ml_scheduler.agent.supervised import Order, Supervised
script = Supervised()
script.start(Order(sys.argv[3:], {}, sys.argv[1], float(sys.argv[2]), 10**6))
while not script.pid:
    script.listen()
print(script.pid, flush=True)
time.sleep(300)
"""


def agent(folder: Path, grace: float, words: Sequence[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", AGENT, str(folder), str(grace), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_agent_dies_its_scripts_end_with_their_children(
    tmp_path: Path, number: signal.Signals
) -> None:
    with agent(tmp_path, 0.5, ["sh", "-c", STUBBORN]) as process:
        family = pids(tmp_path, 2)
        process.send_signal(number)
        until(lambda: not any(map(is_alive, family)))
    assert "[gsheet-ml: the agent is gone, so this script is ended]" in printed(tmp_path)


def test_a_script_whose_agent_died_has_the_grace_time_to_save(tmp_path: Path) -> None:
    words = "trap 'echo saved; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    with agent(tmp_path, 20, ["sh", "-c", words]) as process:
        said(tmp_path, "up")
        process.kill()
        said(tmp_path, "saved")


def test_when_a_supervisor_is_killed_its_script_dies_and_the_agent_hears_of_it(
    start: Start, tmp_path: Path
) -> None:
    script = start("sh", "-c", STUBBORN)
    family = pids(tmp_path, 2)
    os.kill(script._process.pid, signal.SIGKILL)
    ended = wait(script).ended
    assert ended == Ended(-9, "The process that watched over the script was killed.")
    until(lambda: not any(map(is_alive, family)))


def test_a_supervisor_needs_nothing_but_pythons_own_library(tmp_path: Path) -> None:
    """`-S` hides every installed package; the rooms it imports must not want one."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3] / 'src')!r}); "
        "from gsheet_ml_scheduler.agent import supervisor; "
        "print([name for name in sys.modules if name.split('.')[0] == 'gspread'])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_supervisor_in_reserve_is_used_once_and_ends_when_it_is_not_needed(
    tmp_path: Path,
) -> None:
    reserve = Reserve()
    reserve.fill()
    reserve.fill()
    first, second = reserve.take(), reserve.take()
    assert first is not second
    for script in (first, second):
        script.start(order(tmp_path, "true"))
        assert wait(script).ended == Ended(0)
    reserve.fill()
    spare = reserve.take()
    spare.dismiss()
    assert spare._process.returncode == 0
    reserve.dismiss()


def test_a_supervisor_in_reserve_ends_with_its_agent() -> None:
    program = (
        "import time\n"
        "from gsheet_ml_scheduler.agent.supervised import Supervised\n"
        "print(Supervised()._process.pid, flush=True)\n"
        "time.sleep(300)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        spare = int(process.stdout.readline())
        assert is_alive(spare)
        process.kill()
        until(lambda: not is_alive(spare))
