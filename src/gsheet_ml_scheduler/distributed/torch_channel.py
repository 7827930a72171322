"""Ranks that PyTorch has connected already.

Decided here: that a process group, where there is one, is the best way to talk: it works across
machines, and it is the one that training itself depends on. PyTorch isn't a dependency; it is only
looked for among the modules that the script has imported.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from gsheet_ml_scheduler.distributed.ranks import Rank
from gsheet_ml_scheduler.errors import RanksError


class TorchChannel:
    """The default process group of `torch.distributed`."""

    def __init__(self, distributed: Any) -> None:
        """The group exists."""
        self._distributed = distributed
        self._lost: RanksError | None = None
        self.rank = Rank(int(distributed.get_rank()), int(distributed.get_world_size()))

    def gather(self, said: Any) -> list[Any]:
        """See `Channel`; NCCL has no gather of objects, so every rank hears it."""
        everybody: list[Any] = [None] * self.rank.size
        self._all_do(lambda: self._distributed.all_gather_object(everybody, json.dumps(said)))
        return [json.loads(one) for one in everybody] if self.rank.is_first else []

    def spread(self, said: Any) -> Any:
        """See `Channel`."""
        message = [json.dumps(said) if self.rank.is_first else None]
        self._all_do(lambda: self._distributed.broadcast_object_list(message, src=0))
        return json.loads(str(message[0]))

    def close(self) -> None:
        """The group is the script's own."""

    def _all_do(self, collective: Callable[[], None]) -> None:
        """An operation of all ranks; after one that failed, the group is of no more use."""
        if self._lost is not None:
            raise self._lost
        try:
            collective()
        except RuntimeError as error:
            self._lost = RanksError(
                f"the ranks have lost each other ({error}). One has ended, or its machine is out "
                "of reach; its own output says why."
            )
            raise self._lost from error


def torch_channel() -> TorchChannel | None:
    """A channel over PyTorch's process group; None if there is none (yet)."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return TorchChannel(distributed)
