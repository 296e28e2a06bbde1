"""The exponential moving average of a network (StyleGAN2's g_ema)."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

Averaged = TypeVar("Averaged", bound=nn.Module)


class Average(Generic[Averaged]):
    """Keeps `network`, a copy that slowly follows another network.

    `half_life` is in thousands of pictures; the ramp-up shortens it while few pictures have been seen.
    Buffers are copied, since different noise maps would change fixed-noise pictures; learned buffers are
    averaged.
    """

    def __init__(self, network: Averaged, half_life: float, ramp_up: float = 0.05):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.half_life = half_life
        self.ramp_up = ramp_up

    @torch.no_grad()
    def update(self, network: Averaged, batch: int, seen: int) -> None:
        """One step after a batch of `batch` pictures, with `seen` in total since the start of the run."""
        half_life = min(self.half_life * 1000, seen * self.ramp_up)
        decay = 0.5 ** (batch / max(half_life, 1e-8))
        together = get_ema_multi_avg_fn(decay)
        together(list(self.network.parameters()), list(network.parameters()), 0)
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.lerp_(theirs, 1 - decay) if theirs.requires_grad else mine.copy_(theirs)
