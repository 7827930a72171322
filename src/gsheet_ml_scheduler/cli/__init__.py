"""gsheet-ml: a guest. It parses, calls one thing, and shows it.

Decided here: the commands, their help, and what an error looks like: one red sentence and exit
code 1 (2 for a command that can't be understood, 130 for Ctrl-C). Decided elsewhere: everything
else. The server, the demo and the sweeps are imported when a command needs them; gspread, which
nearly all of them need, at once.
"""

from gsheet_ml_scheduler.cli import (  # noqa: F401 - they register their commands
    adding,
    control,
    doctor,
    logs,
    looking,
    serve,
    transfer,
    work,
)
from gsheet_ml_scheduler.cli.commands import app

__all__ = ["app"]
