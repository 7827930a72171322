"""Which GPUs an agent takes, and when one is left alone."""

import pytest

from gsheet_ml_scheduler.agent.gpus import Filling, Gpu, choose, is_free, variables
from gsheet_ml_scheduler.agent.slots import Slot, slots_on, slots_without_gpus
from gsheet_ml_scheduler.errors import CommandError

GIB = 2**30
A, B, C = (Gpu(i, f"GPU-{i}{i}{i}{i}-x", f"Model {i}", 80 * GIB) for i in range(3))


@pytest.mark.parametrize(
    ("wanted", "visible", "expected"),
    [
        ("all", None, [A, B, C]),
        ("ALL", None, [A, B, C]),
        ("0,2", None, [A, C]),
        ("2, 0", None, [C, A]),
        ("1,1", None, [B]),
        ("GPU-1111", None, [B]),
        ("all", "2,1", [C, B]),
        ("all", "GPU-0000-x", [A]),
        ("0", "2", [A]),
    ],
)
def test_which_gpus_are_meant(wanted: str, visible: str | None, expected: list[Gpu]) -> None:
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert choose(wanted, [A, B, C], environment) == expected


@pytest.mark.parametrize(
    ("wanted", "there", "environment", "sentence"),
    [
        ("all", [], {}, "no GPU that NVIDIA's driver knows.*--slots N instead"),
        ("3", [A, B], {}, r"--gpus=3 names '3', but the GPUs are: 0 \(Model 0\), 1 \(Model 1\)"),
        ("", [A], {}, "names no GPU. Say all, or numbers such as 0,1"),
        ("all", [A], {"CUDA_VISIBLE_DEVICES": "7"}, "CUDA_VISIBLE_DEVICES=7 names '7'"),
        ("all", [A], {"CUDA_VISIBLE_DEVICES": ""}, "CUDA_VISIBLE_DEVICES= names no GPU"),
    ],
)
def test_gpus_that_are_not_there_are_a_sentence(
    wanted: str, there: list[Gpu], environment: dict[str, str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        choose(wanted, there, environment)


@pytest.mark.parametrize(
    ("filling", "own", "runs", "free"),
    [
        (Filling(0, 80 * GIB), (), 0, True),
        (Filling(GIB, 80 * GIB), (), 0, True),  # a desktop, or the driver's own
        (Filling(40 * GIB, 80 * GIB), (), 0, False),
        (Filling(40 * GIB, 80 * GIB, {7: 40 * GIB}), (), 0, False),
        (Filling(40 * GIB, 80 * GIB, {7: 40 * GIB}), (7,), 1, True),
        (Filling(70 * GIB, 80 * GIB, {7: 40 * GIB, 8: 30 * GIB}), (7,), 1, False),
        (Filling(70 * GIB, 80 * GIB, {7: None}), (9,), 1, True),  # a container hides whose it is
        (Filling(70 * GIB, 80 * GIB, {}), (9,), 1, True),
    ],
)
def test_a_gpu_is_free_if_nobody_else_fills_its_memory(
    filling: Filling, own: tuple[int, ...], runs: int, free: bool
) -> None:
    assert is_free(filling, own, own_runs=runs) is free


def test_a_script_sees_one_gpu_counted_as_nvidia_smi_counts() -> None:
    assert variables(C) == {"CUDA_VISIBLE_DEVICES": "2", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def test_slots_are_spread_over_the_gpus() -> None:
    assert slots_on([A, B], 2) == [Slot(1, A), Slot(2, B), Slot(3, A), Slot(4, B)]
    assert [slot.name for slot in slots_on([B], 1)] == ["slot 1 (GPU 1)"]
    assert [slot.name for slot in slots_without_gpus(2)] == ["slot 1", "slot 2"]
