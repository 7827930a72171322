"""Every error that the scheduler raises on purpose: one tree, drawn here.

Each message is a sentence to a person: where (sheet, cell, column, file), what was found, what to
do. `localsheets` has a tree of its own, because it knows nothing of runs; `connect.py` translates.

    GSheetMLError
    ├── LocationError          the sheet can't be opened: no such file, link or tab, damaged, …
    │   └── AccessError        Google refuses: no credentials, API off, not shared, missing scope
    ├── SheetLayoutError       lines 1 and 2 can't be a queue's: a column is missing or double, …
    ├── CellError              one cell holds what a config can't: an error, a date for a number
    ├── ConfigError            a config that can't be written as a row (a ValueError, too)
    ├── NoSuchRunError         no run row has that number (an IndexError, too)
    ├── NoRunningRunError      sync, status or done without a running run
    ├── RanksError             the ranks of a distributed training don't find or follow each other
    ├── RunLost                the run isn't this worker's any more: deleted, taken back, taken over
    ├── RunInterrupted         somebody commanded kill or requeue: the run has ended
    ├── CommandError           a command can't be run: an unknown macro, no such program, no GPU, …
    ├── ServeError             a workbook can't be served so: the port is in use, no token, …
    ├── SheetUnreachableError  no answer, or refused for too long; nothing was decided
    ├── SweepError             a sweep that can't be understood, or has no end (a ValueError, too)
    └── TooManyFailuresError   several runs in a row failed; the worker claims no more
"""


class GSheetMLError(Exception):
    """Any error that the scheduler raises on purpose."""


class LocationError(GSheetMLError):
    """The location can't be opened as a sheet."""


class AccessError(LocationError):
    """Google can't be asked, or refuses: the message lists the ways in and what to do."""


class SheetLayoutError(GSheetMLError):
    """Lines 1 and 2 don't describe a run queue."""


class CellError(GSheetMLError):
    """A cell of a run's config holds something that can't be handed to training."""


class ConfigError(GSheetMLError, ValueError):
    """A config can't be written as a row of the sheet."""


class NoSuchRunError(GSheetMLError, IndexError):
    """There is no run row with that number."""


class NoRunningRunError(GSheetMLError):
    """A call needs a running run, and this worker has none."""


class RanksError(GSheetMLError):
    """The processes of a distributed training don't find each other, or don't act as one."""


class RunLost(GSheetMLError):  # noqa: N818 - the name is the protocol's word for the state
    """The run isn't this worker's any more; nothing further is written to its row."""


class RunInterrupted(GSheetMLError):  # noqa: N818 - like RunLost, no mistake of anybody's
    """Somebody commanded `kill` or `requeue`: the run has ended, and its row says how."""


class CommandError(GSheetMLError):
    """The command that runs are to be trained with can't be run as it was given."""


class ServeError(GSheetMLError):
    """A workbook can't be served as it was asked for."""


class SheetUnreachableError(GSheetMLError):
    """The sheet didn't answer, or refused for longer than the time allowed for retries."""


class SweepError(GSheetMLError, ValueError):
    """A sweep's text can't be understood, or its runs can't be listed."""


class TooManyFailuresError(GSheetMLError):
    """Several runs in a row failed, so the worker claims no more."""


OUT_OF_REACH = (LocationError, SheetLayoutError, SheetUnreachableError)
"""What training outlives (P7): no answer, no access any more, or lines 1 and 2 being edited."""
