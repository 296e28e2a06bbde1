"""How an artist's picture may differ from a painted one: place, colour, grain, sharpness and medium.

All randomness comes from a step's `Draws`, so that a run resumes exactly and processes share one joint batch.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..running.draws import Draws

PAPER = 0.94  # how light paper is, in -1..1


def augment(picture: Tensor, draws: Draws, strength: float = 1.0) -> Tensor:
    """Varies [N, 3, R, R] in -1..1, each picture separately: strength 0 leaves it, 1 is what other hands and
    cameras do."""
    return vary_look(shift(picture, draws, strength), draws, strength)


def vary_look(picture: Tensor, draws: Draws, strength: float = 1.0) -> Tensor:
    """The part of `augment` that leaves everything in place."""
    return grain(soften(jitter(picture, draws, strength), draws, strength), draws, strength)


def shift(picture: Tensor, draws: Draws, strength: float = 1.0) -> Tensor:
    """Small similarity moves of [N, 3, R, R]: a face is found only to within a few pixels."""
    angle = _spread(picture, draws, math.radians(5) * strength)
    scale = torch.exp(_spread(picture, draws, 0.06 * strength))
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    move_x, move_y = _spread(picture, draws, 0.05 * strength), _spread(picture, draws, 0.05 * strength)
    theta = torch.stack([torch.stack([cos, -sin, move_x], 1), torch.stack([sin, cos, move_y], 1)], 1)
    grid = F.affine_grid(theta, list(picture.shape), align_corners=False)  # theta [N, 2, 3] -> [N, R, R, 2]
    return F.grid_sample(picture, grid, padding_mode="border", align_corners=False)


def jitter(picture: Tensor, draws: Draws, strength: float = 1.0) -> Tensor:
    """Varies saturation, contrast, brightness and tint of [N, 3, R, R]."""
    grey = _grey(picture)
    saturation = 1 + _each(_spread(picture, draws, 0.25 * strength))
    contrast = 1 + _each(_spread(picture, draws, 0.15 * strength))
    brightness = _each(_spread(picture, draws, 0.1 * strength))
    tint = 0.03 * strength * draws.normal(len(picture), 3, 1, 1)
    return (grey + (picture - grey) * saturation) * contrast + brightness + tint


def soften(picture: Tensor, draws: Draws, strength: float = 1.0) -> Tensor:
    """Halves the resolution of a third of the pictures."""
    soft = F.interpolate(F.avg_pool2d(picture, 2), scale_factor=2, mode="bilinear", align_corners=False)
    return _some(picture, soft, draws, 0.33 * strength)


def grain(picture: Tensor, draws: Draws, strength: float = 1.0) -> Tensor:
    """Adds noise of up to 0.05 to [N, 3, R, R], clamped to -1..1."""
    amount = 0.05 * strength * _each(draws.uniform(len(picture)))
    return (picture + amount * draws.normal(*picture.shape)).clamp(-1, 1)


def media(picture: Tensor, draws: Draws) -> Tensor:
    """Shows half of [N, 3, R, R] in other media: without colour, as lines on paper, in few tones, out of
    focus."""
    kind = draws.uniform(len(picture))
    looks = (_grey(picture), _lines(picture, draws), _posterised(picture, draws), _blurred(picture))
    for number, look in enumerate(looks):
        chosen = (kind >= number / 8) & (kind < (number + 1) / 8)
        picture = torch.where(_each(chosen), look, picture)
    return picture


def vignetted(picture: Tensor, draws: Draws, share: float) -> Tensor:
    """Turns a share of portraits [N, 3, R, R] into heads that fade into paper, as in artists' sketches."""
    steps = torch.linspace(-1, 1, picture.shape[-1], device=picture.device)
    reach = 0.5 + 0.3 * _each(draws.uniform(len(picture)))  # [N, 1, 1, 1]
    away = torch.sqrt((steps[None, :] / 0.85) ** 2 + steps[:, None] ** 2)  # [R, R], 0 at the middle
    paper = torch.sigmoid(16 * (away - reach))  # [N, 1, R, R], 1 on bare paper
    return _some(picture, torch.lerp(picture, torch.full_like(picture, PAPER), paper), draws, share)


def _lines(picture: Tensor, draws: Draws) -> Tensor:
    """Dark where a picture is darker than its surroundings, and bare paper elsewhere."""
    grey = (_grey(picture)[:, :1] + 1) / 2  # [N, 1, R, R] in 0..1
    around = F.avg_pool2d(grey, 7, stride=1, padding=3, count_include_pad=False)
    pressure = 1.5 + 3 * _each(draws.uniform(len(picture)))
    line = (1 - pressure * (around - grey).clamp(min=0) / around.clamp(min=0.1)).clamp(0, 1)
    return (line * (PAPER + 1) - 1).expand_as(picture)


def _posterised(picture: Tensor, draws: Draws) -> Tensor:
    steps = 1 + torch.floor(5 * _each(draws.uniform(len(picture))))  # 2 to 6 tones per channel
    return torch.round((picture + 1) / 2 * steps) / steps * 2 - 1


def _blurred(picture: Tensor) -> Tensor:
    soft = F.avg_pool2d(picture, 4)
    return F.interpolate(soft, picture.shape[-2:], mode="bilinear", align_corners=False)


def _grey(picture: Tensor) -> Tensor:
    return picture.mean(dim=1, keepdim=True).expand_as(picture)


def _spread(picture: Tensor, draws: Draws, width: float) -> Tensor:
    """[N] between -width and width."""
    return (draws.uniform(len(picture)) * 2 - 1) * width


def _each(values: Tensor) -> Tensor:
    """[N] -> [N, 1, 1, 1]: one value per picture."""
    return values.view(-1, 1, 1, 1)


def _some(picture: Tensor, other: Tensor, draws: Draws, share: float) -> Tensor:
    """`other` for about `share` of the pictures."""
    return torch.where(_each(draws.uniform(len(picture)) < share), other, picture)
