"""A script and all its children: started, signalled together, and gone at the end.

Decided here: that a script leads a session of its own, so that one signal reaches it and its
children; that on Linux its supervisor adopts whoever leaves that session, and the script dies if
the supervisor is killed; when nobody is left. Only Python's own library: this runs in a supervisor.
Elsewhere: when which signal is sent (`supervisor`).
"""

import ctypes
import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

_SET_DEATH_SIGNAL, _ADOPT_ORPHANS = 1, 36  # prctl(2)
_INHERITED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CANT_START = 127


class Family:
    """One script's processes. Made by the supervisor, which is their parent."""

    def __init__(self) -> None:
        """Nobody is started yet."""
        self._adopts = sys.platform == "linux" and _prctl(_ADOPT_ORPHANS, 1)
        self._has_children = False
        self.leader = 0
        self.code: int | None = None
        """The leader's exit code, or minus the signal that ended it; None while it runs."""

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], output: int) -> None:
        """Starts the script, with the descriptor as its output.

        Raises:
            OSError: it can't be started.
        """
        parent = os.getpid()
        failure, told = os.pipe()
        self.leader = os.fork()
        if not self.leader:
            _become(arguments, environment, output, told, parent)
        os.close(told)
        with os.fdopen(failure, "rb") as answer:
            number = answer.read()
        if number:
            os.waitpid(self.leader, 0)
            raise OSError(int(number), os.strerror(int(number)))

    def signal(self, number: int) -> None:
        """Sends a signal to the script and all its children."""
        if not self.leader:
            return
        for send, whom in ((os.killpg, self.leader), *((os.kill, it) for it in self._strays())):
            try:
                send(whom, number)
            except (ProcessLookupError, PermissionError):  # gone; on macOS a zombie isn't permitted
                continue

    def reap(self) -> None:
        """Takes note of whoever has ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._has_children = False
                return
            self._has_children = True
            if not pid:
                return
            if pid == self.leader:
                self.code = os.waitstatus_to_exitcode(status)

    @property
    def is_gone(self) -> bool:
        """Whether the script and all its children have ended."""
        self.reap()
        if self.code is None:
            return False
        return not self._has_children if self._adopts else not self._is_group_left()

    def _is_group_left(self) -> bool:
        try:
            os.killpg(self.leader, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # macOS, of a zombie that somebody else hasn't reaped yet
            return True
        return True

    def _strays(self) -> list[int]:
        """Descendants outside the script's process group; known where orphans are adopted."""
        if not self._adopts:
            return []
        parents: dict[int, int] = {}
        groups: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            parents[int(entry.name)], groups[int(entry.name)] = int(fields[1]), int(fields[2])
        found, waiting = set[int](), [os.getpid()]
        while waiting:
            parent = waiting.pop()
            born = [pid for pid, of in parents.items() if of == parent and pid not in found]
            found.update(born)
            waiting += born
        return [pid for pid in found if groups[pid] != self.leader]


def _become(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    output: int,
    told: int,
    parent: int,
) -> NoReturn:
    """In the new process: turns into the script, or says why it can't."""
    try:
        os.setsid()
        if sys.platform == "linux":
            _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(_CANT_START)
        for number in _INHERITED:
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.execvpe(arguments[0], list(arguments), dict(environment))  # noqa: S606 - no shell is the point
    except OSError as error:
        os.write(told, str(error.errno or errno.EIO).encode())
    except ValueError:  # a NUL, or no program
        os.write(told, str(errno.EINVAL).encode())
    finally:
        os._exit(_CANT_START)


def _prctl(option: int, value: int) -> bool:
    """Linux's prctl; whether it worked."""
    try:
        return int(ctypes.CDLL(None).prctl(option, value, 0, 0, 0)) == 0
    except (OSError, AttributeError):
        return False
