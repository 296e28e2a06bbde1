"""The processes of torchrun wait for each other where one of them writes what all read."""

from __future__ import annotations

import torch.distributed as dist

from ..running import distributed


def wait() -> None:
    """Returns once every process is here."""
    if distributed.world() > 1:
        dist.barrier()
