"""Slots: how many runs an agent has at once, and on which GPU each.

Decided here: what `--slots`, `--gpus` and `--per-gpu` mean together. Pure. Elsewhere: which GPUs
there are and whether one is free (`gpus`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gsheet_ml_scheduler.agent.gpus import Gpu


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one run at a time; numbers begin at 1."""

    number: int
    gpu: Gpu | None = None

    @property
    def name(self) -> str:
        """How people read it: `slot 2`, `slot 2 (GPU 1)`."""
        return f"slot {self.number}" + (f" (GPU {self.gpu.index})" if self.gpu else "")


def slots_without_gpus(count: int) -> list[Slot]:
    """So many slots."""
    return [Slot(number) for number in range(1, count + 1)]


def slots_on(gpus: Sequence[Gpu], per_gpu: int) -> list[Slot]:
    """So many slots on each GPU; the first ones are spread over all of them."""
    spread = [gpu for _ in range(per_gpu) for gpu in gpus]
    return [Slot(number, gpu) for number, gpu in enumerate(spread, start=1)]
