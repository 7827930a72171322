"""Which of the processes of a distributed training is this one?

Pure: launchers tell it in environment variables, which are an argument here. Whether PyTorch's
processes have found each other already is looked up in `torch_channel.py`, and goes first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gsheet_ml_scheduler.errors import RanksError

_LAUNCHERS = (
    ("RANK", ("WORLD_SIZE",)),  # torchrun, accelerate, and most that people write themselves
    ("SLURM_PROCID", ("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")),  # srun
    ("OMPI_COMM_WORLD_RANK", ("OMPI_COMM_WORLD_SIZE",)),  # Open MPI's mpirun
    ("PMI_RANK", ("PMI_SIZE",)),  # MPICH, Intel MPI
)
_ON_THIS_MACHINE = (
    "LOCAL_WORLD_SIZE",
    "OMPI_COMM_WORLD_LOCAL_SIZE",
    "MPI_LOCALNRANKS",
    "SLURM_TASKS_PER_NODE",
)


@dataclass(frozen=True, slots=True)
class Rank:
    """A process's number among so many; 0 is the one that talks to the sheet."""

    number: int
    size: int

    @property
    def is_first(self) -> bool:
        """Whether this process talks to the sheet."""
        return self.number == 0


def rank_of(environ: Mapping[str, str]) -> Rank:
    """What the launcher told this process; rank 0 of 1 if nothing did.

    Raises:
        RanksError: the launcher's variables don't make sense.
    """
    for variable, sizes in _LAUNCHERS:
        if variable not in environ:
            continue
        size_variable = next((name for name in sizes if name in environ), sizes[0])
        number = _number(environ, variable)
        size = _number(environ, size_variable)
        if not 0 <= number < size:
            raise RanksError(
                f"{variable}={number} and {size_variable}={size} don't go together: ranks count "
                "from 0. Look at how this process was started."
            )
        return Rank(number, size)
    return Rank(0, 1)


def all_on_this_machine(environ: Mapping[str, str], size: int) -> bool:
    """Whether all ranks are known to run on one machine."""
    return any(environ.get(variable) == str(size) for variable in _ON_THIS_MACHINE)


def _number(environ: Mapping[str, str], variable: str) -> int:
    text = environ.get(variable, "")
    if not (text.isascii() and text.isdigit()):
        raise RanksError(
            f"The environment variable {variable} is {text!r}, not a number, but a launcher of "
            "distributed training seems to be at work. Look at how this process was started."
        )
    return int(text)
