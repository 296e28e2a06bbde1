"""Pictures at a lower resolution."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def downsample(picture: Tensor, resolution: int) -> Tensor:
    """Antialiased reduction of [N, C, R, R] to `resolution`, which divides R: the mean of each cell."""
    factor = picture.shape[-1] // resolution
    return picture if factor == 1 else F.avg_pool2d(picture, factor)
