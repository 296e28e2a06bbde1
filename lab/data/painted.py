"""Batches of painted portraits, made while a network trains on them."""

from __future__ import annotations

import torch
from torch import Tensor

from ..painter import CONTROLS
from ..worlds import PORTRAITS
from .world_batches import WorldBatches

RARE = 0.2  # a gate is rare if at most this share of the population has it on
_RARE = [k for k, control in enumerate(CONTROLS) if control.kind == "gate" and control.middle <= RARE]
_GRADUAL = [k for k, control in enumerate(CONTROLS) if control.kind != "gate"]
FAR = (1.5, 3.6)  # deviations: where sliders end; a normal distribution hardly gets there


class PaintedBatches(WorldBatches):
    """Batches of painted portraits.

    A share `rare` of them has one rare control (a hat, earrings, freckles...) turned on; a share `far` has
    one gradual control far towards one of its ends.
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
        super().__init__(PORTRAITS, resolution, batch, seed=seed, seen=seen, correlated=correlated)
        self.rare = rare
        self.far = far

    def joint(self, generator: torch.Generator) -> Tensor:
        joint = super().joint(generator)
        if self.rare:
            joint = with_rare(joint, self.rare, generator)
        if self.far:
            joint = with_far(joint, self.far, generator)
        return joint


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
