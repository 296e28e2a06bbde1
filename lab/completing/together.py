"""What the processes of torchrun do as one: they speak once, and wait for what one of them writes."""

from __future__ import annotations

import torch.distributed as dist

from ..running import distributed


def say(text: str) -> None:
    """Prints a line, or several, once."""
    if distributed.rank() == 0:
        print(text, flush=True)


def wait() -> None:
    """Returns once every process is here."""
    if distributed.world() > 1:
        dist.barrier()
