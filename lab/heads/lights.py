"""Light: what comes from all sides, and lamps with the shadows of head and worn things."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .environments import harmonics
from .raster import DepthBuffer

COSINE = (math.pi, *(2 * math.pi / 3,) * 3, *(math.pi / 4,) * 5)  # a matt surface smooths the harmonics so
WINDOW = 4.6  # side of a shadow map, decimetres
CENTRE = (0.0, 6.9, 0.4)  # of the window, in the world
MAP = 256  # texels of a shadow map's side
RANGE = 0.02  # of nearness for a decimetre towards the lamp
TAPS, SEARCH = 9, 4
BIAS = 0.025  # decimetres
GOLDEN = 2.399963


def matt(ambient: Tensor, normal: Tensor, picture: Tensor) -> Tensor:
    """[K, 3] what a white matt surface gives back of the light from all sides.

    ambient: [N, 9, 3] radiance; normal: [K, 3]; picture: [K].
    """
    smoothed = ambient * ambient.new_tensor(COSINE)[:, None] / math.pi
    return seen_towards(smoothed, normal, picture)


def seen_towards(ambient: Tensor, direction: Tensor, picture: Tensor) -> Tensor:
    """[K, 3] radiance from directions [K, 3], never below zero."""
    basis = harmonics(direction)  # [K, 9]
    if len(ambient) == 1:
        return (basis @ ambient[0]).clamp(min=0.0)
    return torch.einsum("kc,kcr->kr", basis, ambient[picture]).clamp(min=0.0)


def turned_back(ambient: Tensor, turned: Tensor) -> Tensor:
    """The harmonics [N, 9, 3] as a head sees them that is turned by [N, 3, 3]."""
    index = torch.arange(32, dtype=torch.float64) + 0.5
    height = 1 - index / 16
    ring = (1 - height.square()).sqrt()
    places = torch.stack([ring * (index * GOLDEN).cos(), ring * (index * GOLDEN).sin(), height], -1)
    solve = torch.linalg.pinv(harmonics(places)).to(ambient)  # [9, 32]
    out = torch.einsum(
        "nij,pj->npi", turned, places.to(ambient)
    )  # [N, 32, 3] the head's directions in the world
    return solve @ (harmonics(out) @ ambient)


def frame_of(towards: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vectors right and up [N, 3] across directions [N, 3]."""
    upright = towards.new_tensor([0.0, 1.0, 0.0]).expand_as(towards)
    lying = towards.new_tensor([0.0, 0.0, 1.0]).expand_as(towards)
    steep = towards[:, 1:2].abs() > 0.95
    right = F.normalize(torch.linalg.cross(torch.where(steep, lying, upright), towards), dim=1)
    return right, torch.linalg.cross(towards, right)


@dataclass(frozen=True)
class ShadowMap:
    """What N lamps see of the heads, one lamp a picture."""

    towards: Tensor  # [N, 3] unit, to the lamp
    right: Tensor  # [N, 3]
    up: Tensor  # [N, 3]
    buffer: DepthBuffer

    @classmethod
    def empty(cls, towards: Tensor, side: int = MAP) -> ShadowMap:
        right, up = frame_of(towards)
        return cls(towards, right, up, DepthBuffer.empty(len(towards), side, towards.device))

    def seen_from(self, picture: Tensor | int, places: Tensor) -> tuple[Tensor, Tensor]:
        """Texels [.., 2] and nearness [..] of world places [.., 3]; `picture` indexes the lamps."""
        away = places - places.new_tensor(CENTRE)
        scale = self.buffer.side / WINDOW
        x = (away * self.right[picture]).sum(-1) * scale + self.buffer.side / 2
        y = self.buffer.side / 2 - (away * self.up[picture]).sum(-1) * scale
        return torch.stack([x, y], -1), 1.0 + (away * self.towards[picture]).sum(-1) * RANGE

    def lit(self, picture: Tensor, places: Tensor, facing: Tensor, spread: Tensor, turn: Tensor) -> Tensor:
        """[K] the share of the lamp that places [K, 3] see.

        facing: [K] cosine between the surface and the lamp; spread: [K] the lamp's half width over its distance;
        turn: [K] radians by which the pattern of taps is turned, so that few taps do.
        """
        side = self.buffer.side
        scale = side / WINDOW  # texels of a decimetre
        texel, near = self.seen_from(picture, places)
        flat = self.buffer.nearness.view(-1)
        base = picture * (side * side)
        # a surface that the lamp grazes must not shade itself
        steep = ((1.0 - facing.square()).clamp(min=0.0).sqrt() / facing.clamp(min=0.15)).clamp(max=4.0)

        def at(radius: Tensor, tap: int, taps: int) -> Tensor:
            """How much nearer to the lamp something is, decimetres."""
            out = radius * math.sqrt((tap + 0.5) / taps)
            angle = turn + tap * GOLDEN
            x = (texel[:, 0] + out * angle.cos()).clamp(0, side - 1).long()
            y = (texel[:, 1] + out * angle.sin()).clamp(0, side - 1).long()
            gap = (flat[base + y * side + x] - near) * (1.0 / RANGE)
            return gap - steep * (out + 1.0) * (1.0 / scale)

        reach = (spread * (0.8 * scale)).clamp(min=1.0)
        blocked = torch.zeros_like(near)
        blockers = torch.full_like(near, 1e-6)
        for tap in range(SEARCH):
            gap = at(reach, tap, SEARCH) - BIAS
            hit = (gap > 0).to(gap)
            blocked, blockers = blocked + hit * gap, blockers + hit
        radius = (spread * (blocked / blockers) * scale).clamp(min=0.7)
        total = torch.zeros_like(near)
        for tap in range(TAPS):
            total = total + ((at(radius, tap, TAPS) - BIAS) <= 0).to(near)
        return total / TAPS
