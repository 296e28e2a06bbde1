"""Batches that a world draws while a network trains on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from ..running import distributed
from ..running.draws import choices
from ..worlds import World
from .ahead import made_ahead

WorldBatch = tuple[
    Tensor, Tensor, Tensor
]  # z [N, D], picture [N, 3, R, R] in -1..1, landmarks [N, K, 2] in the unit square


class WorldBatches(IterableDataset):
    """This process's shares of joint batches, from position `seen` on, endlessly.

    A batch depends on seed and position alone, so a run can resume.
    """

    def __init__(
        self,
        world: World,
        resolution: int,
        batch: int,
        *,
        seed: int = 0,
        seen: int = 0,
        correlated: bool = True,
    ):
        self.world = world
        self.resolution = resolution
        self.batch = batch
        self.seed = seed
        self.seen = seen
        self.correlated = correlated
        self.device = distributed.device()
        self.part = distributed.part()

    def __iter__(self) -> Iterator[WorldBatch]:
        for seen in count(self.seen, self.batch):
            bits = choices(self.seed, seen, self.world.name).getrandbits(32)
            joint = self.joint(torch.Generator().manual_seed(bits))
            z = self.part.of(joint).to(self.device)  # [N, D]
            with torch.no_grad():
                drawn = self.world.draw(z, self.resolution, self.correlated)
            yield z, drawn.rgb, drawn.landmarks

    def joint(self, generator: torch.Generator) -> Tensor:
        """The style vectors of a joint batch [joint N, D]."""
        return torch.randn(self.batch, self.world.controls.style_dim, generator=generator)

    def in_background(self) -> Iterable[WorldBatch]:
        """The same batches, drawn a few ahead by one other process; a GPU draws them on demand."""
        if self.device.type != "cpu":
            return self
        return made_ahead(self, 1, 4)
