"""Everything that a step draws at random, from the run's seed and the step's position alone.

So a resumed run draws what it would have drawn, and many processes draw what one would: normals are drawn
for the joint batch and shared out; choices are the same everywhere.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor

from . import distributed


def choices(seed: int, seen: int, purpose: str) -> random.Random:
    """The source of everything that a step draws; the same in every process and every run."""
    return random.Random(f"{seed}/{seen}/{purpose}")


class Draws:
    """The random numbers of one step; `purpose` keeps users of the same position apart."""

    def __init__(self, seed: int, seen: int, purpose: str, device: torch.device | None = None):
        self.choices = choices(seed, seen, purpose)
        # 32 bits: a generator on the CPU ignores the rest
        self._normals = torch.Generator(device or "cpu").manual_seed(self.choices.getrandbits(32))

    @property
    def device(self) -> torch.device:
        return self._normals.device

    def normal(self, each: int, *shape: int) -> Tensor:
        """This process's normals [each, *shape] of the joint batch."""
        return distributed.share(self.joint_normal(each * distributed.world(), *shape))

    def joint_normal(self, batch: int, *shape: int) -> Tensor:
        """The joint batch's normals [batch, *shape], the same in every process."""
        return torch.randn(batch, *shape, generator=self._normals, device=self.device)

    def uniform(self, each: int) -> Tensor:
        """This process's numbers [each] in 0..1 of the joint batch."""
        joint = torch.rand(each * distributed.world(), generator=self._normals, device=self.device)
        return distributed.share(joint)
