"""gsheet-ml as a page's reader runs it: a process of its own, but one that has its modules already.

Starting an interpreter and loading the modules would take nine tenths of the time of a page's test.
"""

from gsheet_ml_scheduler.cli import app
from tests.forking import CONTEXT


def gsheet_ml(words: list[str]) -> None:
    """Runs one command to its end; it must succeed."""
    process = CONTEXT.Process(target=_run, args=(words,))
    process.start()
    process.join()
    assert process.exitcode == 0, (words, process.exitcode)


def _run(words: list[str]) -> None:
    app(words, prog_name="gsheet-ml")
