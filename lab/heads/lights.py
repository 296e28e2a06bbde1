"""Light: what comes from all sides, and lamps with the shadows of head and worn things."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
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
TAPS, SEARCH = 10, 5
REACH = 0.8  # decimetres before a place where a wide lamp looks for what blocks it
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

        facing: [K] cosine between the surface and the lamp; spread: [K] the lamp's half width over its
        distance; turn: [K] radians by which the pattern of taps is turned, so that few taps do.
        """
        texel, near = self.seen_from(picture, places)
        seen, values = self.buffer.nearness, (picture, texel, near, facing, spread, turn)
        if places.device.type != "cpu":
            return lit_torch(seen, *values)
        share = torch.empty(len(places))
        arrays = [value.contiguous().numpy() for value in (seen, *values, torch.from_numpy(_PATTERNS), share)]
        _lit(*arrays)
        return share


def _pattern(taps: int) -> np.ndarray:
    """Points [taps, 3] spread over a disc of radius one: x, y, and how far out."""
    out = np.sqrt((np.arange(taps) + 0.5) / taps)
    angle = np.arange(taps) * GOLDEN
    return np.stack([out * np.cos(angle), out * np.sin(angle), out], 1).astype(np.float32)


_PATTERNS = np.concatenate([_pattern(SEARCH), _pattern(TAPS)])


@numba.njit(cache=True, nogil=True)
def _lit(seen, picture, texel, near, facing, spread, turn, patterns, share):
    side = seen.shape[1]
    scale = np.float32(side / WINDOW)
    one = np.float32(1.0)
    for k in range(len(near)):
        page = seen[picture[k]]
        c, s = np.cos(turn[k]), np.sin(turn[k])
        square = max(one - facing[k] * facing[k], np.float32(0.0))
        steep = min(np.sqrt(square) / max(facing[k], np.float32(0.15)), np.float32(4.0)) / scale
        radius = max(spread[k] * np.float32(REACH) * scale, one)
        blocked, blockers, free = np.float32(0.0), np.float32(1e-6), 0
        for tap in range(len(patterns)):
            if tap == SEARCH:
                if blockers < one:  # nothing in the way
                    free = TAPS
                    break
                radius = max(spread[k] * (blocked / blockers) * scale, np.float32(0.7))
            u, v, out = patterns[tap, 0], patterns[tap, 1], patterns[tap, 2]
            x = int(min(max(texel[k, 0] + radius * (c * u - s * v), np.float32(0.0)), np.float32(side - 1)))
            y = int(min(max(texel[k, 1] + radius * (s * u + c * v), np.float32(0.0)), np.float32(side - 1)))
            gap = (page[y, x] - near[k]) * np.float32(1.0 / RANGE)
            gap -= steep * (radius * out + one) + np.float32(BIAS)
            if tap < SEARCH:
                if gap > 0.0:
                    blocked += gap
                    blockers += one
            elif gap <= 0.0:
                free += 1
        share[k] = np.float32(free) / np.float32(TAPS)


def lit_torch(
    seen: Tensor, picture: Tensor, texel: Tensor, near: Tensor, facing: Tensor, spread: Tensor, turn: Tensor
) -> Tensor:
    """The loop's twin in torch. seen: [N, M, M]; texel: [K, 2]; the others [K]."""
    side = seen.shape[1]
    scale = side / WINDOW  # texels of a decimetre
    flat, base = seen.reshape(-1), picture * (side * side)
    cos, sin = turn.cos(), turn.sin()
    # a surface that the lamp grazes must not shade itself
    steep = ((1.0 - facing.square()).clamp(min=0.0).sqrt() / facing.clamp(min=0.15)).clamp(max=4.0) / scale

    def at(radius: Tensor, tap: int) -> Tensor:
        """How much nearer to the lamp something is, decimetres."""
        u, v, out = _PATTERNS[tap].tolist()
        x = (texel[:, 0] + radius * (cos * u - sin * v)).clamp(0, side - 1).long()
        y = (texel[:, 1] + radius * (sin * u + cos * v)).clamp(0, side - 1).long()
        gap = (flat[base + y * side + x] - near) * (1.0 / RANGE)
        return gap - steep * (radius * out + 1.0) - BIAS

    reach = (spread * (REACH * scale)).clamp(min=1.0)
    blocked, blockers = torch.zeros_like(near), torch.full_like(near, 1e-6)
    for tap in range(SEARCH):
        gap = at(reach, tap)
        hit = (gap > 0).to(gap)
        blocked, blockers = blocked + hit * gap, blockers + hit
    radius = (spread * (blocked / blockers) * scale).clamp(min=0.7)
    total = torch.zeros_like(near)
    for tap in range(TAPS):
        total = total + (at(radius, SEARCH + tap) <= 0).to(near)
    return torch.where(blockers < 1.0, torch.ones_like(total), total / TAPS)
