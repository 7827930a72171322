"""Results that can't be written now wait on this machine, until a sheet that was away is back (P7).

One small file for each claim: which row it was, the results, and the outcome if training has ended.
It is replaced as a whole, by renaming, so a crash at any moment leaves the last one or the new one.
It lies beside the run, if the run has a directory (`GSHEET_ML_RUN_DIR`), and a link to it in the
user's state directory; otherwise there. So a later process of the same user on this machine finds
it. A process that still cares for its file holds a lock on it, and nobody else touches it.

Decided here: where the files are, what is in them, whose turn it is. Nothing in them gives access
to anything: a spreadsheet is named by its id, never by an address with its token. Elsewhere:
whether the row is still that claim's, and the writing itself (`settling.py`).
"""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import platformdirs

from gsheet_ml_scheduler.runsheet.values import Scalar

RUN_DIR = "GSHEET_ML_RUN_DIR"
"""Environment variable: the directory of the run that this process trains."""
STATE_DIR = "GSHEET_ML_STATE_DIR"
"""Environment variable: where to keep things of this user, if not in the usual place."""

_VERSION = 1
_SUFFIX = ".json"
_DROPPED_KEPT = 100
_HOUR = 3600.0
"""What lies about for so long isn't being made at this moment."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One claim of one run: by what its row is found, and what the row has to say to be written.

    `run_id` is what names the run also when it is put back.
    """

    spreadsheet: str
    sheet_id: int
    worker: str
    pin: int
    run_name: str = field(compare=False)
    lease: str = field(compare=False, default="")
    run_id: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: its status text, and the name of its colour; None: back to `ready`."""

    text: str
    color: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What waits to be written: the last value of each cell, and the ending if there was one.

    `unclear` is a write to the row of which nobody knew what it hit (`writing.Unclear.record`).
    """

    claim: Claimed
    cells: Mapping[str, Scalar]
    ending: Ending | None
    at: str
    unclear: Mapping[str, Any] | None = None


def as_text(kept: Kept) -> str:
    """What a file holds."""
    return json.dumps({"version": _VERSION, **asdict(kept)}, indent=1) + "\n"


def from_text(text: str) -> Kept | None:
    """What a file says; None if it isn't whole, or of a later version of this program."""
    try:
        found = json.loads(text)
        if found["version"] != _VERSION:
            return None
        ending = found["ending"]
        return Kept(
            Claimed(**found["claim"]),
            dict(found["cells"]),
            None if ending is None else Ending(**ending),
            str(found["at"]),
            found.get("unclear"),
        )
    except (ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True)
class _Mine:
    """A file that this process has locked."""

    path: Path
    descriptor: int


@dataclass(slots=True)
class Journal:
    """The results that wait on this machine, of all runs of one user.

    Whatever goes wrong with a file is told by `notice` and ends there: it must not end a training.
    """

    folder: Path
    notice: Callable[[str], None]
    run_folder: Path | None = None
    _mine: dict[Claimed, _Mine] = field(default_factory=dict)

    def keep(
        self,
        claim: Claimed,
        cells: Mapping[str, Scalar],
        ending: Ending | None,
        at: datetime,
        unclear: Mapping[str, Any] | None = None,
    ) -> Path | None:
        """Keeps what can't be written; it replaces what was kept of that claim before.

        Args:
            claim: whose results these are.
            cells: results by column name, all that the sheet doesn't have.
            ending: how the run ended; None while it goes on.
            at: the time, for people.
            unclear: a write that has to be cleared up first.

        Returns:
            The file; None if it couldn't be made.
        """
        kept = Kept(claim, dict(cells), ending, f"{at:%Y-%m-%d %H:%M:%S%z}", unclear)
        home = self._sheet_folder(claim.spreadsheet, claim.sheet_id)
        name = _file_name(claim)
        try:
            _make_folder(home)
            path = home / name
            if self.run_folder is not None:
                path = self.run_folder.absolute() / f"unwritten-{name}"
                _link(home / name, path)
            mine = _Mine(path, _replace(path, as_text(kept)))
        except OSError as error:
            self.notice(
                f"The results of run {claim.run_name} can't be kept on this machine ({error}). "
                "They are lost if this process ends before the sheet is back."
            )
            return None
        self.leave(claim)
        self._mine[claim] = mine
        return path

    def written(self, claim: Claimed) -> None:
        """The sheet has it all, so nothing need be kept of that claim."""
        mine = self._mine.pop(claim, None)
        if mine is None:
            return
        with contextlib.suppress(OSError):
            mine.path.unlink(missing_ok=True)
            link = self._sheet_folder(claim.spreadsheet, claim.sheet_id) / _file_name(claim)
            link.unlink(missing_ok=True)
        os.close(mine.descriptor)

    def leave(self, claim: Claimed) -> None:
        """Gives up; the file stays for another process."""
        mine = self._mine.pop(claim, None)
        if mine is not None:
            os.close(mine.descriptor)

    def pending(self, spreadsheet: str, sheet_id: int) -> Iterator[Kept]:
        """What processes left behind that have ended, each locked until it is settled or left."""
        home = self._sheet_folder(spreadsheet, sheet_id)
        if not home.is_dir():
            return
        for litter in home.glob(".*"):  # of a process that was killed while it wrote
            _forget_old(litter)
        for entry in sorted(home.glob(f"*{_SUFFIX}")):
            try:
                found = self._take(entry)
            except FileNotFoundError:
                _forget_old(entry)  # settled by another process, or its run's directory is gone
                continue
            except OSError as error:
                self.notice(f"{entry} can't be read ({error}). It may hold results of a run.")
                continue
            if found is not None:
                yield found

    def unclear_of(
        self, spreadsheet: str, sheet_id: int, pins: Collection[int]
    ) -> Mapping[str, Any] | None:
        """The write to be cleared up that is kept of a row with one of these pins.

        Only looked at: whoever has the file's lock keeps it.
        """
        home = self._sheet_folder(spreadsheet, sheet_id)
        for entry in (path for pin in pins for path in home.glob(f"*-{pin}{_SUFFIX}")):
            try:
                kept = from_text(entry.read_text(encoding="utf-8", errors="replace"))
            except FileNotFoundError:  # settled in this moment
                continue
            except OSError as error:
                self.notice(f"{entry} can't be read ({error}). It may hold results of a run.")
                continue
            if kept is not None and kept.unclear is not None:
                return kept.unclear
        return None

    def drop(self, claim: Claimed) -> Path | None:
        """What was kept isn't the row's business any more: moves it aside, for people.

        Returns:
            Where it is now; None if it is gone.
        """
        mine = self._mine.pop(claim, None)
        if mine is None:
            return None
        aside = self.folder / "dropped"
        target = aside / mine.path.name
        try:
            _make_folder(aside)
            target.write_text(mine.path.read_text(encoding="utf-8"), encoding="utf-8")
            mine.path.unlink(missing_ok=True)
            link = self._sheet_folder(claim.spreadsheet, claim.sheet_id) / _file_name(claim)
            link.unlink(missing_ok=True)
            _forget_oldest(aside)
        except OSError as error:
            self.notice(f"{mine.path} can't be moved to {aside} ({error}).")
            return mine.path
        finally:
            os.close(mine.descriptor)
        return target

    def _take(self, entry: Path) -> Kept | None:
        """A file and its lock; None if another process has it, or it is already ours."""
        path = entry.resolve(strict=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        if not _locked(descriptor) or not _is_still(descriptor, path):
            os.close(descriptor)
            return None
        kept = from_text(path.read_text(encoding="utf-8", errors="replace"))
        if kept is None or kept.claim in self._mine:
            os.close(descriptor)
            if kept is None:
                self.notice(f"{path} isn't readable as the results of a run. Look into it.")
            return None
        self._mine[kept.claim] = _Mine(path, descriptor)
        return kept

    def _sheet_folder(self, spreadsheet: str, sheet_id: int) -> Path:
        """The folder of one tab; an id is any text, so its fingerprint makes the name."""
        digest = hashlib.sha256(spreadsheet.encode()).hexdigest()[:16]
        return self.folder / "unwritten" / f"{digest}-{sheet_id}"


def user_journal(notice: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> Journal:
    """The journal of this user; nothing is read or made yet."""
    state, run = environ.get(STATE_DIR), environ.get(RUN_DIR)
    folder = Path(state) if state else platformdirs.user_state_path("gsheet-ml-scheduler")
    return Journal(folder, notice, Path(run) if run and Path(run).is_dir() else None)


def _file_name(claim: Claimed) -> str:
    return f"{hashlib.sha256(claim.worker.encode()).hexdigest()[:8]}-{claim.pin}{_SUFFIX}"


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _replace(path: Path, text: str) -> int:
    """A new file in the place of an old one, whole or not at all; its descriptor, locked."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    descriptor = os.open(fresh, flags, 0o600)
    try:
        _locked(descriptor)  # nobody else knows the file yet
        data = memoryview(text.encode())
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        os.close(descriptor)
        fresh.unlink(missing_ok=True)
        raise
    return descriptor


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours now. A file system without locks has no other process to fear."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_still(descriptor: int, path: Path) -> bool:
    """Whether the file that was locked is the one that has the name, and wasn't replaced."""
    found = path.stat()
    mine = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)


def _link(link: Path, target: Path) -> None:
    """A link in the state directory to a file beside a run."""
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _forget_old(litter: Path) -> None:
    """Deletes a file or a link that leads nowhere, unless somebody may be making it just now."""
    with contextlib.suppress(FileNotFoundError):
        if time.time() - litter.lstat().st_mtime > _HOUR:
            litter.unlink()


def _forget_oldest(folder: Path) -> None:
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    for file in files[:-_DROPPED_KEPT]:
        file.unlink(missing_ok=True)
