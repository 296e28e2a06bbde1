"""Losses between pictures: large things must agree, and small things that people look at even more."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SQUARED = 4.0  # weight of a squared difference relative to an absolute one: they are equal at 1/4


def attention(points: Tensor, sizes: Tensor, resolution: int) -> Tensor:
    """How much each pixel counts: 1 everywhere, more around the points that people look at.

    points [N, K, 2] in the unit square, sizes [K, 2] = (radius in the unit square, weight) -> [N, 1, R, R]
    with mean 1.
    """
    grid = (torch.arange(resolution, device=points.device) + 0.5) / resolution  # [R]
    dx = grid[None, None] - points[..., :1]  # [N, K, R]
    dy = grid[None, None] - points[..., 1:]  # [N, K, R]
    radius = sizes[None, :, :1]
    across, down = torch.exp(-0.5 * (dx / radius) ** 2), torch.exp(-0.5 * (dy / radius) ** 2)
    weights = 1 + torch.einsum("k,nky,nkx->nyx", sizes[:, 1], down, across)[:, None]  # [N, 1, R, R]
    return weights / weights.mean(dim=(2, 3), keepdim=True)


def picture_loss(output: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Weighted distance of the pictures [N, 3, R, R] and of their gradients, which keep edges sharp."""
    difference = output - target
    dx = F.pad(difference[..., 1:] - difference[..., :-1], (0, 1))
    dy = F.pad(difference[..., 1:, :] - difference[..., :-1, :], (0, 0, 0, 1))
    return ((_far(difference) + _far(dx) + _far(dy)) * weights).mean()


def _far(difference: Tensor) -> Tensor:
    """L1 plus L2: to L1 alone, a missing lock of hair is no worse than grain all over."""
    return difference.abs() + SQUARED * difference.square()
