"""Light that enters skin and leaves it elsewhere: what falls on it is blurred on the screen, red furthest."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .sample_sheet import SOFT, SOFT_ALBEDO, SOFT_LIGHT

REACH = (0.034, 0.016, 0.009)  # decimetres, the deviation for red, green, blue
SHARE = (0.85, 0.70, 0.60)  # of the light that enters


def scattered(pixels: Tensor, pixel: Tensor) -> Tensor:
    """Light [N, 3, R, R] to be added to pixels [N, CHANNELS, R, R]; pixel: [N] their size at the face, dm."""
    falls, albedo, cover = pixels[:, SOFT_LIGHT], pixels[:, SOFT_ALBEDO], pixels[:, SOFT]
    reach = falls.new_tensor(REACH) / pixel[:, None]  # [N, 3] pixels
    half = max(1, math.ceil(0.016 * falls.shape[-1]))
    blurred, weight = _blurred(falls, reach, half), _blurred(cover.expand_as(falls), reach, half)
    change = blurred / weight.clamp(min=1e-3) - falls / cover.clamp(min=1e-3)
    return albedo * change * falls.new_tensor(SHARE).view(1, 3, 1, 1)


def _blurred(values: Tensor, deviation: Tensor, half: int) -> Tensor:
    """Values [N, C, R, R] blurred by their own deviations [N, C]."""
    count, channels, side, _ = values.shape
    steps = torch.arange(-half, half + 1, device=values.device)
    kernel = torch.exp(-0.5 * (steps / deviation.reshape(-1, 1).clamp(min=0.2)).square())  # [N * C, k]
    kernel = kernel / kernel.sum(1, keepdim=True)
    flat = values.reshape(1, count * channels, side, side)
    flat = F.conv2d(flat, kernel[:, None, None], padding=(0, half), groups=count * channels)
    flat = F.conv2d(flat, kernel[:, None, :, None], padding=(half, 0), groups=count * channels)
    return flat.view(values.shape)
