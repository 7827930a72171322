"""Where the next run goes: the first slot that is free, on a GPU that nobody else fills.

Decided here: which processes on a GPU are this agent's own, and that a GPU which can't be looked at
is left alone. Elsewhere: when others fill a GPU (`gpus`), which slots there are (`slots`).
"""

import os
from collections.abc import Sequence

from gsheet_ml_scheduler.agent.gpus import Driver, Filling, Gpu, is_free
from gsheet_ml_scheduler.agent.jobs import Job
from gsheet_ml_scheduler.agent.slots import Slot
from gsheet_ml_scheduler.agent.telling import Telling
from gsheet_ml_scheduler.errors import CommandError


class Placing:
    """The slots of an agent."""

    def __init__(self, slots: Sequence[Slot], driver: Driver | None, telling: Telling) -> None:
        """Nothing is asked yet.

        Args:
            slots: all of them.
            driver: for slots with a GPU.
            telling: who says which GPUs are left alone.
        """
        self.slots = slots
        self._driver = driver
        self._telling = telling
        self._told: dict[int, str] = {}

    def free_slot(self, jobs: Sequence[Job]) -> Slot | None:
        """A slot for one more run; None when there is none now."""
        taken = {job.slot.number for job in jobs}
        free = (slot for slot in self.slots if slot.number not in taken)
        return next((slot for slot in free if self._is_usable(slot.gpu, jobs)), None)

    def _is_usable(self, gpu: Gpu | None, jobs: Sequence[Job]) -> bool:
        if gpu is None or self._driver is None:
            return True
        leaders = [job.pid for job in jobs if job.slot.gpu == gpu]
        try:
            filling = self._driver.filling(gpu)
        except CommandError as error:
            self._tell(gpu, f"{error} It gets no runs until it can.")
            return False
        own = [pid for pid in filling.by_process if _session(pid) in leaders]
        if is_free(filling, own, own_runs=len(leaders)):
            self._told.pop(gpu.index, None)
            return True
        self._tell(gpu, _left_alone(gpu, filling))
        return False

    def _tell(self, gpu: Gpu, sentence: str) -> None:
        """Once, until the GPU could be used in between."""
        if gpu.index not in self._told:
            self._told[gpu.index] = sentence
            self._telling.notice(sentence)


def _session(pid: int) -> int:
    """Whose script a process belongs to: each leads a session of its own."""
    try:
        return os.getsid(pid)
    except OSError:  # it has just ended, or another container's
        return -1


def _left_alone(gpu: Gpu, filling: Filling) -> str:
    used, total = filling.used / 2**30, filling.total / 2**30
    return f"GPU {gpu.index} is left alone: {used:.1f} of its {total:.1f} GiB are in use by others."
