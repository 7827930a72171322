"""Training in several processes (ranks) that act as one worker: only rank 0 talks to the sheet.

Decided in this package: who is which rank (`ranks`), where they meet (`meeting`), how they talk
(`channel` over sockets, `torch_channel` over PyTorch's own connections), and what is done together
(`together`, `scheduler`). Elsewhere: everything about the sheet; rank 0 asks `GSheetMLScheduler`.
"""

from gsheet_ml_scheduler.distributed.scheduler import DistributedScheduler, SharedRun

__all__ = ["DistributedScheduler", "SharedRun"]
