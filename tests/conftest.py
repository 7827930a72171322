"""For all tests: Ctrl-C and a closed terminal end things, whoever started the tests, and nothing is
kept in the user's own folders.

A shell that starts a command in the background lets it ignore SIGINT, nohup SIGHUP, and every
process that the tests start would inherit that; then those that are to be interrupted never end.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gsheet_ml_scheduler.runsheet.journal import STATE_DIR

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the processes of the tests keep what they keep for their user."""
    folder = tmp_path_factory.mktemp("state")
    os.environ[STATE_DIR] = str(folder)
    yield folder
    del os.environ[STATE_DIR]
