"""Fixed irregular fields for skin, of mean 0 and deviation 1, smooth and without an end."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

CELLS = 48  # after so many cells the fields repeat
CHANNELS = 4


@lru_cache(maxsize=2)
def _volume(device: torch.device) -> Tensor:
    """[1, 4, 49, 49, 49]: the first layer again at the end, so that there is no seam."""
    random = torch.Generator().manual_seed(20)
    raw = torch.randn(1, CHANNELS, CELLS, CELLS, CELLS, generator=random)
    kernel = torch.tensor([0.25, 0.5, 0.25])
    for axis in range(3):
        shape = [1, 1, 1, 1, 1]
        shape[2 + axis] = 3
        weight = kernel.view(shape).expand(CHANNELS, 1, *shape[2:])
        padded = F.pad(raw, [1 if a == axis else 0 for a in (2, 1, 0) for _ in "ab"], mode="circular")
        raw = F.conv3d(padded, weight, groups=CHANNELS)
    raw = (raw - raw.mean()) / raw.std()
    for axis in (2, 3, 4):
        raw = torch.cat([raw, raw.narrow(axis, 0, 1)], axis)
    return raw.contiguous().to(device)


def irregular(points: Tensor, cell: float, shift: float = 0.0) -> Tensor:
    """[K, 4] of points [K, 3]; `cell` is half the distance between two spots; `shift` takes other fields."""
    place = torch.remainder(points * (1.0 / (cell * CELLS)) + shift, 1.0) * 2.0 - 1.0  # [K, 3]
    found = F.grid_sample(_volume(points.device), place.view(1, -1, 1, 1, 3), align_corners=True)
    return found.view(CHANNELS, -1).T * 1.25  # between the cells' corners it is flatter
