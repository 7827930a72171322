"""GPUs: which there are, which this agent may take, which are free now.

Decided here: what `--gpus` and `CUDA_VISIBLE_DEVICES` mean together, and when a GPU counts as taken
by somebody else. The rules are pure; only `Driver` asks NVIDIA's library (through nvidia-ml-py).
Elsewhere: how many runs share one (`slots`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gsheet_ml_scheduler.errors import CommandError

FOREIGN_SHARE = 0.1
"""Of a GPU's memory, what others may use without filling it."""
_VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU as the driver knows it; `index` is its place by bus, as `nvidia-smi` counts."""

    index: int
    uuid: str
    name: str = ""
    total: int = 0


@dataclass(frozen=True, slots=True)
class Filling:
    """Who uses how many bytes of a GPU's memory; a process may be there whose use is unknown."""

    used: int
    total: int
    by_process: Mapping[int, int | None] = field(default_factory=dict)


def choose(wanted: str, there: Sequence[Gpu], environment: Mapping[str, str]) -> list[Gpu]:
    """The GPUs that `--gpus` means.

    `all` are those that CUDA_VISIBLE_DEVICES lets this process see, or all there are.

    Args:
        wanted: `all`, or numbers as `nvidia-smi` counts them, with commas.
        there: what the driver knows.
        environment: the environment variables.

    Raises:
        CommandError: there are none, or not those.
    """
    if not there:
        raise CommandError(
            "This machine has no GPU that NVIDIA's driver knows. Say how many runs at once with "
            "--slots N instead."
        )
    visible = environment.get(_VISIBLE)
    if wanted.strip().lower() == "all":
        return list(there) if visible is None else _named(visible, there, _VISIBLE)
    return _named(wanted, there, "--gpus")


def _named(text: str, there: Sequence[Gpu], where: str) -> list[Gpu]:
    found: list[Gpu] = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        matches = [gpu for gpu in there if word == str(gpu.index) or _is_uuid(word, gpu)]
        if not matches:
            known = ", ".join(f"{gpu.index} ({gpu.name})" for gpu in there)
            raise CommandError(f"{where}={text} names {word!r}, but the GPUs are: {known}.")
        if matches[0] not in found:
            found.append(matches[0])
    if not found:
        raise CommandError(f"{where}={text} names no GPU. Say all, or numbers such as 0,1.")
    return found


def _is_uuid(word: str, gpu: Gpu) -> bool:
    return word.startswith("GPU-") and gpu.uuid.startswith(word)


def is_free(filling: Filling, own: Collection[int], *, own_runs: int) -> bool:
    """Whether nobody else fills a GPU's memory.

    Args:
        filling: what the driver says.
        own: the processes of this agent's runs.
        own_runs: how many of this agent's runs are on the GPU.
    """
    if own_runs:
        known = [use for pid, use in filling.by_process.items() if pid not in own and use]
        foreign = sum(known)  # a container hides whose memory it is: then it is taken for our own
    else:
        foreign = filling.used
    return foreign <= filling.total * FOREIGN_SHARE


def variables(gpu: Gpu) -> dict[str, str]:
    """What makes a script see that GPU alone, counted as `nvidia-smi` counts."""
    return {_VISIBLE: str(gpu.index), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


class Driver:
    """NVIDIA's management library."""

    def __init__(self) -> None:
        """Loads it.

        Raises:
            CommandError: nvidia-ml-py isn't installed, or there is no driver.
        """
        try:
            import pynvml
        except ImportError as error:
            raise CommandError(
                "--gpus needs nvidia-ml-py, which isn't installed. This installs it: "
                "pip install 'gsheet-ml-scheduler[gpu]'. Or say how many runs at once: --slots N"
            ) from error
        self._library: Any = pynvml
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            raise CommandError(
                f"This machine has no NVIDIA GPU, or no driver for it ({error}). Say how many runs "
                "at once with --slots N instead of --gpus."
            ) from error

    def gpus(self) -> list[Gpu]:
        """The GPUs of this machine.

        Raises:
            CommandError: the driver refuses.
        """
        library = self._library
        try:
            handles = [self._handle(index) for index in range(library.nvmlDeviceGetCount())]
            return [
                Gpu(
                    index,
                    _text(library.nvmlDeviceGetUUID(handle)),
                    _text(library.nvmlDeviceGetName(handle)),
                    int(library.nvmlDeviceGetMemoryInfo(handle).total),
                )
                for index, handle in enumerate(handles)
            ]
        except library.NVMLError as error:
            raise CommandError(f"The GPUs can't be listed: {error}.") from error

    def filling(self, gpu: Gpu) -> Filling:
        """Who uses a GPU's memory now.

        Raises:
            CommandError: the driver refuses.
        """
        library = self._library
        try:
            handle = self._handle(gpu.index)
            memory = library.nvmlDeviceGetMemoryInfo(handle)
            processes = library.nvmlDeviceGetComputeRunningProcesses(handle)
        except library.NVMLError as error:
            raise CommandError(f"GPU {gpu.index} can't be looked at: {error}.") from error
        by_process = {int(it.pid): it.usedGpuMemory for it in processes}
        return Filling(int(memory.used), int(memory.total), by_process)

    def _handle(self, index: int) -> Any:
        return self._library.nvmlDeviceGetHandleByIndex(index)


def _text(raw: bytes | str) -> str:
    return raw.decode(errors="replace") if isinstance(raw, bytes) else raw
