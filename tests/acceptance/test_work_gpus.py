"""The agent on GPUs: NVIDIA's own Python library, above a driver's library of the tests' own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.at_work import LIGHT, at_work, in_file, script, until, work

pytest.importorskip("pynvml", reason="the extra gpu isn't installed")
COMPILER = shutil.which("cc") or shutil.which("gcc")
pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux", reason="the test's library needs a compiler"
)
SHOW = """
import os, sys, time
print(os.environ["CUDA_VISIBLE_DEVICES"], os.environ["CUDA_DEVICE_ORDER"], flush=True)
finish = sys.argv[1].partition("=")[2]
while finish and not os.path.exists(finish):
    time.sleep(0.02)
"""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with libnvidia-ml.so.1."""
    folder = tmp_path_factory.mktemp("nvml")
    source = Path(__file__).with_name("nvml.c")
    target = folder / "libnvidia-ml.so.1"
    words = [str(COMPILER), "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(target), str(source)]
    subprocess.run(words, check=True)
    return folder


@pytest.fixture
def gpus(tmp_path: Path, library: Path) -> dict[str, str]:
    """Three GPUs: two are free, one is filled by somebody else."""
    file = tmp_path / "gpus"
    file.write_text("400\n70000 4242:69000\n0\n")
    environment = {"LD_LIBRARY_PATH": str(library), "TEST_GPUS": str(file)}
    return {**environment, "CUDA_VISIBLE_DEVICES": "0,1,2"}


def test_each_slot_sees_one_gpu_and_one_that_is_taken_is_left_alone_until_it_is_free(
    tmp_path: Path, gpus: dict[str, str]
) -> None:
    queue = in_file(tmp_path)
    finish = tmp_path / "finish"
    queue.fill([], {}, {}, {}, finish=str(finish))
    command = [*LIGHT, script(tmp_path, SHOW)]
    with at_work(queue, tmp_path, "--gpus", "all", command=command, environment=gpus) as agent:
        agent.says("slot 3 (GPU 2): run 2 started")
        agent.says("GPU 1 is left alone: 68.4 of its 80.0 GiB are in use by others.")
        assert queue.statuses() == ["running", "running", "ready"]
        (tmp_path / "gpus").write_text("400\n0\n0\n")
        agent.says("slot 2 (GPU 1): run 3 started")
        finish.touch()
        assert agent.wait() == 0
    assert [agent.log(str(n)).split()[:2] for n in (1, 2, 3)] == [
        [gpu, "PCI_BUS_ID"] for gpu in ("0", "2", "1")
    ]


def test_runs_that_share_a_gpu_do_not_take_each_other_for_somebody_else(
    tmp_path: Path, gpus: dict[str, str]
) -> None:
    queue = in_file(tmp_path)
    finish = tmp_path / "finish"
    queue.fill([], {}, {}, finish=str(finish))
    text = f"""import os
with open({str(tmp_path / "gpus")!r}, "w") as file:
    file.write("%d %d:30000\\n0\\n0\\n" % (30400, os.getpid()))
{SHOW}"""
    words = ["--gpus", "0", "--per-gpu", "2"]
    command = [*LIGHT, script(tmp_path, text)]
    with at_work(queue, tmp_path, *words, command=command, environment=gpus) as agent:
        agent.says("slot 2 (GPU 0): run 2 started")
        until(lambda: queue.statuses() == ["running"] * 2)
        finish.touch()
        assert agent.wait() == 0


def test_a_gpu_that_is_lost_gets_no_runs_but_the_others_go_on(
    tmp_path: Path, gpus: dict[str, str]
) -> None:
    queue = in_file(tmp_path)
    queue.fill([], {}, {}, {}, finish="/")
    (tmp_path / "gpus").write_text("0\n0\n0\n")
    text = f"""
with open({str(tmp_path / "gpus")!r}, "w") as file:
    file.write("lost\\n0\\n0\\n")
{SHOW}"""
    command = [*LIGHT, script(tmp_path, text)]
    code, said, agent = work(queue, tmp_path, "--gpus", "0,2", command=command, environment=gpus)
    assert code == 0, said
    assert queue.statuses() == ["done"] * 3
    assert agent.log("3").split()[0] == "2"


def test_without_a_driver_or_with_a_wrong_number_it_says_so_before_anything_is_claimed(
    tmp_path: Path, gpus: dict[str, str]
) -> None:
    queue = in_file(tmp_path)
    queue.fill([], {}, finish="")
    command = [*LIGHT, script(tmp_path, SHOW)]
    code, said, _ = work(queue, tmp_path, "--gpus", "7", command=command, environment=gpus)
    assert (code, "--gpus=7 names '7', but the GPUs are: 0 (Test GPU)" in said) == (1, True), said
    Path(gpus["TEST_GPUS"]).unlink()
    code, said, _ = work(queue, tmp_path, "--gpus", "all", command=command, environment=gpus)
    assert (code, "no NVIDIA GPU, or no driver for it" in said) == (1, True), said
    assert queue.statuses() == ["ready"]
