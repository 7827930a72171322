"""How a script is asked to end, and when it is made to: seconds to SIGTERM, seconds to SIGKILL.

Decided here: how long each kind of end waits. A script that asks `current_run().stop_requested`
follows by itself, so it is left more time before it is told with a signal. Pure. Elsewhere: who
sends the signals (`supervisor`), what the row says afterwards (`outcomes`).
"""

from dataclasses import dataclass

from gsheet_ml_scheduler.agent.outcomes import Asked

FOLLOWERS_TIME = 10.0
"""So many times the grace time a script that follows stop requests has for its last step."""
IN_A_HURRY = 5.0
"""Seconds between SIGTERM and SIGKILL, at most, when somebody pressed Ctrl-C twice."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Seconds from now until SIGTERM and until SIGKILL."""

    term: float
    kill: float


def ending_of(asked: Asked, grace: float, *, follows: bool) -> Ending:
    """How a script is ended that somebody asked to stop, to be killed or to be given back.

    Args:
        asked: what was asked for.
        grace: the seconds that a script has between SIGTERM and SIGKILL.
        follows: whether the script asks for stop requests by itself.
    """
    if asked is Asked.KILL:
        return Ending(0.0, 0.0)
    if asked is Asked.STOP and follows:
        wait = FOLLOWERS_TIME * grace
        return Ending(wait, wait + grace)
    if asked is Asked.REQUEUE and follows:
        return Ending(grace / 2, grace)  # a machine that is taken away won't wait longer
    return Ending(0.0, grace)


def hurried(grace: float) -> Ending:
    """How all scripts are ended when the agent itself is to stop at once."""
    return Ending(0.0, min(grace, IN_A_HURRY))
