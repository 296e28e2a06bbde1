"""Light on hair: a white gleam, a coloured one further along, what shines through, and what is scattered.

The gleams are those of Marschner and others (2003), in the short form of Karis (2016).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFT = 0.035 * 2  # radians: the hair's scales tilt the gleams
SHINE = 0.045  # what a hair reflects straight


def strand_gleam(along: Tensor, view: Tensor, light: Tensor, colour: Tensor, rough: Tensor) -> Tensor:
    """[K, 3] what strands send to the viewer of a lamp that would make a white sheet show 1.

    along, view, light: [K, 3] unit, `along` towards the tip; colour: [K, 3]; rough: [K].
    """
    sin_l, sin_v = (along * light).sum(1).clamp(-1, 1), (along * view).sum(1).clamp(-1, 1)
    cos_l, cos_v = (1 - sin_l.square()).clamp(min=1e-4).sqrt(), (1 - sin_v.square()).clamp(min=1e-4).sqrt()
    across = ((light * view).sum(1) - sin_l * sin_v) / (cos_l * cos_v)  # cosine of the turn around the hair
    across = across.clamp(-1.0, 1.0)
    half = (0.5 + 0.5 * across).clamp(min=0.0).sqrt()
    sum_ = sin_l + sin_v
    width = rough.square().clamp(min=0.02)
    turn = (0.5 * (torch.asin(sin_l) - torch.asin(sin_v))).cos().clamp(min=0.2)

    def long(shift: float, spread: Tensor) -> Tensor:
        return torch.exp(-0.5 * ((sum_ - shift) / spread).square()) / (spread * math.sqrt(2 * math.pi))

    reflected = SHINE + (1 - SHINE) * (1 - (0.5 + 0.5 * (light * view).sum(1)).clamp(min=0).sqrt()) ** 5
    first = long(-2 * SHIFT, width) * 0.18 * half * reflected
    through = torch.exp(-3.65 * across - 3.98) * long(SHIFT, 0.5 * width + 0.02)
    passed = colour.clamp(min=1e-4) ** (0.5 * half / turn)[:, None]
    second = torch.exp(17.0 * across - 16.78) * long(4 * SHIFT, 2 * width) * (1 - SHINE) ** 2 * 0.8
    twice = colour.clamp(min=1e-4) ** (0.8 / turn)[:, None]
    gleam = first[:, None] + (through[:, None] * passed * 0.8) + second[:, None] * twice
    return gleam * (math.pi * cos_l[:, None])


def strand_scatter(along: Tensor, view: Tensor, light: Tensor, colour: Tensor) -> Tensor:
    """[K, 3] what many strands scatter of a lamp, times what gets to them; shapes as for strand_gleam."""
    sin_l = (along * light).sum(1).clamp(-1, 1)
    facing = F.normalize(view - (along * view).sum(1, keepdim=True) * along, dim=1)
    wrapped = ((facing * light).sum(1) * 0.5 + 0.5).clamp(min=0.0)
    return colour * (0.55 * wrapped * (1.0 - 0.4 * sin_l.square()))[:, None]
