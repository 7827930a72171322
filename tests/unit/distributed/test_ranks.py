"""Which rank a process is, as its launcher says."""

import pytest

from gsheet_ml_scheduler.distributed.ranks import Rank, all_on_this_machine, rank_of
from gsheet_ml_scheduler.errors import RanksError


@pytest.mark.parametrize(
    ("environ", "rank"),
    [
        ({}, Rank(0, 1)),
        ({"RANK": "3", "WORLD_SIZE": "8"}, Rank(3, 8)),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "2"}, Rank(1, 2)),
        ({"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2", "SLURM_NTASKS": "9"}, Rank(1, 2)),
        ({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "4"}, Rank(0, 4)),
        ({"PMI_RANK": "5", "PMI_SIZE": "6"}, Rank(5, 6)),
        ({"RANK": "1", "WORLD_SIZE": "4", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, Rank(1, 4)),
    ],
)
def test_every_launcher_tells_the_rank(environ: dict[str, str], rank: Rank) -> None:
    assert rank_of(environ) == rank
    assert rank.is_first == (rank.number == 0)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"RANK": "4", "WORLD_SIZE": "4"}, "RANK=4 and WORLD_SIZE=4 don't go together"),
        ({"RANK": "1"}, "WORLD_SIZE is '', not a number"),
        ({"RANK": "first", "WORLD_SIZE": "2"}, "RANK is 'first', not a number"),
    ],
)
def test_variables_that_make_no_sense_are_an_error(environ: dict[str, str], words: str) -> None:
    with pytest.raises(RanksError, match=words):
        rank_of(environ)


def test_ranks_on_one_machine_are_known_as_such_where_the_launcher_says_so() -> None:
    assert all_on_this_machine({"LOCAL_WORLD_SIZE": "4"}, 4)
    assert all_on_this_machine({"SLURM_TASKS_PER_NODE": "4"}, 4)
    assert not all_on_this_machine({"SLURM_TASKS_PER_NODE": "4(x2)"}, 8)
    assert not all_on_this_machine({"LOCAL_WORLD_SIZE": "4"}, 8)
    assert not all_on_this_machine({}, 2)
