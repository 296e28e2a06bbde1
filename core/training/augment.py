"""What a picture that an artist opens may differ by from a painted one: place, colour, grain, sharpness."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(picture: Tensor, strength: float = 1.0) -> Tensor:
    """Varies [N, 3, R, R] in -1..1, each picture on its own: 0 leaves it, 1 is what other hands and cameras
    do."""
    return vary_look(_shift(picture, strength), strength)


def vary_look(picture: Tensor, strength: float = 1.0) -> Tensor:
    """The part of `augment` that leaves everything in its place."""
    picture = _soften(_colour(picture, strength), strength)
    grain = 0.05 * strength * torch.rand(len(picture), 1, 1, 1)
    return (picture + grain * torch.randn_like(picture)).clamp(-1, 1)


def _spread(count: int, width: float) -> Tensor:
    return (torch.rand(count) * 2 - 1) * width


def _shift(picture: Tensor, strength: float) -> Tensor:
    """A face is found to a few pixels only: small similarity moves."""
    count = len(picture)
    angle = _spread(count, math.radians(5) * strength)
    scale = torch.exp(_spread(count, 0.06 * strength))
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    move = torch.stack([_spread(count, 0.05 * strength), _spread(count, 0.05 * strength)], dim=1)  # [N, 2]
    theta = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)  # [N, 2, 2]
    grid = F.affine_grid(torch.cat([theta, move[:, :, None]], 2), list(picture.shape), align_corners=False)
    return F.grid_sample(picture, grid, padding_mode="border", align_corners=False)


def _colour(picture: Tensor, strength: float) -> Tensor:
    """Brightness, contrast, saturation and a tint."""
    count = len(picture)
    shape = (count, 1, 1, 1)
    grey = picture.mean(dim=1, keepdim=True)  # [N, 1, R, R]
    picture = grey + (picture - grey) * (1 + _spread(count, 0.25 * strength)).view(shape)
    picture = picture * (1 + _spread(count, 0.15 * strength)).view(shape) + _spread(
        count, 0.1 * strength
    ).view(shape)
    return picture + 0.03 * strength * torch.randn(count, 3, 1, 1)


def _soften(picture: Tensor, strength: float) -> Tensor:
    """A third of the pictures at half the resolution."""
    soft = F.interpolate(F.avg_pool2d(picture, 2), scale_factor=2, mode="bilinear", align_corners=False)
    chosen = (torch.rand(len(picture), 1, 1, 1) < 0.33 * strength).float()
    return torch.lerp(picture, soft, chosen)
