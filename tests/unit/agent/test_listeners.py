"""What an agent says when perhaps nobody listens any more."""

import os
import subprocess
import sys
from pathlib import Path

from gsheet_ml_scheduler.agent.listeners import Listeners

PROGRAM = """
import sys
from rich.console import Console
from gsheet_ml_scheduler.agent.listeners import Listeners
sys.stdin.read()  # until nobody listens
console = Console(file=Listeners(sys.stdout))
for _ in range(3):
    console.print("is anybody there?" * 10_000)
sys.stderr.write("still here")
"""


def test_a_file_that_is_there_gets_every_word(tmp_path: Path) -> None:
    with (tmp_path / "said").open("w", encoding="utf-8") as file:
        listeners = Listeners(file)
        assert listeners.write("größer\n") == 7
        listeners.flush()
        assert listeners.encoding == "utf-8"
        assert not listeners.isatty()
    assert (tmp_path / "said").read_text(encoding="utf-8") == "größer\n"


def test_a_reader_that_is_gone_is_no_error_and_spoils_no_exit_code() -> None:
    reader, writer = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=writer,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(writer)
        os.close(reader)
        _, said = process.communicate(b"", timeout=60)
    assert said == b"still here"
    assert process.returncode == 0
