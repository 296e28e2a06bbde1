"""Batches of painted portraits, made while a network trains on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from ..painter import CONTROLS, STYLE_DIM, paint_z
from ..running import distributed
from ..running.draws import choices
from .ahead import made_ahead

RARE = 0.2  # a gate is rare if at most this share of the population has it on
_RARE = [k for k, control in enumerate(CONTROLS) if control.kind == "gate" and control.middle <= RARE]
_GRADUAL = [k for k, control in enumerate(CONTROLS) if control.kind != "gate"]
FAR = (1.5, 3.6)  # deviations: where sliders end; a normal distribution hardly gets there

PaintedBatch = tuple[
    Tensor, Tensor, Tensor
]  # z [N, D], picture [N, 3, R, R] in -1..1, landmarks [N, K, 2] in the unit square


class PaintedBatches(IterableDataset):
    """This process's shares of joint batches, from position `seen` on, endlessly.

    A share `rare` of the portraits has one rare control (a hat, earrings, freckles...) turned on; a share
    `far` has one gradual control far towards one of its ends. A batch depends on seed and position alone, so
    a run can resume.
    """

    def __init__(
        self,
        resolution: int,
        batch: int,
        *,
        seed: int = 0,
        seen: int = 0,
        correlated: bool = True,
        rare: float = 0.0,
        far: float = 0.0,
    ):
        self.resolution = resolution
        self.batch = batch
        self.seed = seed
        self.seen = seen
        self.correlated = correlated
        self.rare = rare
        self.far = far
        self.device = distributed.device()
        self.part = distributed.part()

    def __iter__(self) -> Iterator[PaintedBatch]:
        for seen in count(self.seen, self.batch):
            bits = choices(self.seed, seen, "portraits").getrandbits(32)
            generator = torch.Generator().manual_seed(bits)
            joint = torch.randn(self.batch, STYLE_DIM, generator=generator)  # [joint N, D]
            if self.rare:
                joint = with_rare(joint, self.rare, generator)
            if self.far:
                joint = with_far(joint, self.far, generator)
            z = self.part.of(joint).to(self.device)  # [N, D]
            with torch.no_grad():
                painted = paint_z(z, self.resolution, self.correlated)
            yield z, painted.rgb, painted.landmarks

    def in_background(self) -> Iterable[PaintedBatch]:
        """The same batches, painted a few ahead by one other process; a GPU paints them on demand."""
        if self.device.type != "cpu":
            return self
        return made_ahead(self, 1, 4)


def with_rare(z: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """z [N, D] with one rare control's coordinate raised far above its middle in `share` of the rows."""
    return _with_one(z, share, _RARE, z.abs() + 1.5, generator)


def with_far(z: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """z [N, D] with one gradual control's coordinate far out on its side (`FAR`) in `share` of the rows."""
    low, high = FAR
    away = low + (high - low) * torch.rand(z.shape, generator=generator)  # [N, D]
    return _with_one(z, share, _GRADUAL, away.copysign(z), generator)


def _with_one(
    z: Tensor, share: float, among: list[int], values: Tensor, generator: torch.Generator
) -> Tensor:
    """z [N, D] with one coordinate of `among` taken from `values` [N, D] in `share` of the rows."""
    count = len(z)
    chosen = torch.rand(count, generator=generator) < share
    control = torch.tensor(among)[torch.randint(len(among), (count,), generator=generator)][:, None]
    return torch.where(chosen[:, None], z.scatter(1, control, values.gather(1, control)), z)
