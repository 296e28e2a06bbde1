"""Where hair grows on a scalp: the hairline, how dense hair is inside it, and the places of roots.

Everything is told on the mean head, so that it moves with a person's own shape. A place on the scalp is seen
from SKULL by its azimuth (90 degrees at the forehead, 0 at the ears, -90 at the nape; both sides are alike)
and its elevation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.interpolate import PchipInterpolator
from torch import Tensor

from ..smooth_step import smooth
from .guides import SKULL
from .head_mesh import BODY, head_mesh
from .people import People

ROOTS = 20_000  # strands at detail 1
GUIDES = 480
LOCKS = 900  # clumps of strands
SOFT = 0.10  # radians over which the hairline fades in
# places (x, y, z) of the mean head on the hairline, from the nape to the forehead
_HAIRLINE = (
    (0.00, 6.66, -0.12),
    (0.22, 6.66, -0.08),
    (0.38, 6.72, 0.02),
    (0.50, 6.82, 0.12),
    (0.60, 6.98, 0.24),
    (0.64, 7.13, 0.30),
    (0.67, 7.30, 0.37),
    (0.68, 7.38, 0.45),
    (0.69, 7.40, 0.55),
    (0.69, 7.36, 0.64),
    (0.69, 7.18, 0.685),
    (0.70, 7.04, 0.71),
    (0.69, 7.04, 0.76),
    (0.68, 7.20, 0.80),
    (0.68, 7.42, 0.83),
    (0.66, 7.56, 0.92),
    (0.61, 7.66, 1.04),
    (0.55, 7.76, 1.14),
    (0.46, 7.87, 1.20),
    (0.34, 7.94, 1.27),
    (0.17, 7.97, 1.33),
    (0.00, 7.97, 1.35),
)


@dataclass(frozen=True)
class ScalpPlaces:
    """Fixed places on the scalp; a smaller number of them is the beginning of a larger one's."""

    triangle: Tensor  # [K]
    weights: Tensor  # [K, 3]
    mean: Tensor  # [K, 3] on the mean head
    chance: Tensor  # [K] 0..1, evenly spread: a root has hair where the density is above it

    def at(self, values: Tensor, some: Tensor | None = None) -> Tensor:
        """Values [V, C] of the vertices at the places, or at some of them: [K, C]."""
        triangle, weights = self.triangle, self.weights
        if some is not None:
            triangle, weights = triangle[some], weights[some]
        return head_mesh().sample(values[None], triangle, weights)[0]


class Hairline:
    """What of the hairline is the same for all people, at places [K, 3] of the mean head."""

    def __init__(self, mean: Tensor):
        azimuth, elevation = azimuth_and_elevation(mean)
        line, slope = _line()
        steep = _along(slope, azimuth) / elevation.cos().clamp(min=0.3)
        rough = torch.sin(mean[:, 0] * 31.0 + 1.3 * torch.sin(mean[:, 1] * 17.0))
        self.above = elevation - _along(line, azimuth) - 0.020 * rough * torch.cos(mean[:, 2] * 23.0)
        self.flat = (1.0 + steep.square()).rsqrt()
        self.front, self.temple = hump(azimuth, 1.57, 0.42), hump(azimuth, 1.02, 0.27)
        self.middle, self.burns = hump(azimuth, 1.57, 0.13), hump(azimuth, 0.385, 0.06)
        self.side = smooth(0.3, 0.6, azimuth)
        self.crown = hump(_angle(mean, (0.0, 0.85, -0.5)), 0.0, 0.5)


def azimuth_and_elevation(mean: Tensor) -> tuple[Tensor, Tensor]:
    """Radians [...] of places [..., 3] of the mean head."""
    away = mean - mean.new_tensor(SKULL)
    azimuth = torch.atan2(away[..., 2], away[..., 0].abs())
    level = away[..., [0, 2]].norm(dim=-1)
    return azimuth, torch.atan2(away[..., 1], level)


@lru_cache(maxsize=1)
def _line() -> tuple[Tensor, Tensor]:
    """The hairline's elevation and its slope at azimuths of whole degrees, from -90 to 90: [181] each."""
    azimuth, elevation = azimuth_and_elevation(torch.tensor(_HAIRLINE, dtype=torch.float64))
    azimuth[0], azimuth[-1] = -math.pi / 2, math.pi / 2
    curve = PchipInterpolator(azimuth.numpy(), elevation.numpy())
    at = np.radians(np.arange(-90, 91))
    return torch.from_numpy(curve(at)).float(), torch.from_numpy(curve(at, 1)).float()


def _along(table: Tensor, azimuth: Tensor) -> Tensor:
    place = (torch.rad2deg(azimuth) + 90.0).clamp(0.0, 179.999)
    low = place.long()
    table = table.to(azimuth.device)
    return table[low] + (table[low + 1] - table[low]) * (place - low)


def inside_hairline(mean: Tensor, raised: Tensor | float = 0.0) -> Tensor:
    """How far places [..., 3] lie inside the hairline, in radians seen from SKULL; below 0 outside.

    raised: radians by which the hairline is moved up there.
    """
    azimuth, elevation = azimuth_and_elevation(mean)
    line, slope = _line()
    steep = _along(slope, azimuth) / elevation.cos().clamp(min=0.3)
    return (elevation - _along(line, azimuth) - raised) / (1.0 + steep.square()).sqrt()


def hump(x: Tensor, middle: float, width: float) -> Tensor:
    return torch.exp(-((x - middle) / width).square())


def recession(people: People) -> Tensor:
    """How far the hair has receded [N] 0..1: men's with the control and with age, women's hardly."""
    controls = people.controls
    man = smooth(-0.2, 0.6, controls["masculine"]) * (1.0 - people.child)
    aged = smooth(25.0, 75.0, people.years)
    own = controls["receding"]
    return man * (own * (0.45 + 0.55 * aged) + 0.15 * aged).clamp(0.0, 1.0) + (1.0 - man) * 0.1 * own * aged


def _raised(people: People, hairline: Hairline) -> Tensor:
    """By how many radians [N, K] each person's hairline lies higher than the usual one."""
    man = smooth(-0.5, 0.5, people.controls["masculine"])[:, None]
    gone = recession(people)[:, None]
    high = 0.035 * torch.tanh(people.details[:, 14, None])
    peak = 0.05 * torch.tanh(0.8 * people.details[:, 15, None])
    burns = 0.35 * (1.0 - man) + 0.06 * torch.tanh(people.details[:, 16, None])
    temple = 0.07 * man - 0.05 + 0.75 * gone
    raised = high * hairline.side + temple * hairline.temple + burns * hairline.burns
    return raised + 0.28 * gone * hairline.front - (peak + 0.10 * gone) * hairline.middle


def density(people: People, hairline: Hairline) -> Tensor:
    """How dense hair is [N, K] 0..1, whatever its style."""
    inside = (hairline.above - _raised(people, hairline)) * hairline.flat
    grown = smooth(-0.3 * SOFT, SOFT, inside)
    thin = smooth(0.35, 1.0, recession(people))[:, None]
    return grown * (1.0 - 0.85 * thin * hairline.crown) * (1.0 - 0.35 * thin)


def left_by(bald: str, mean: Tensor) -> Tensor:
    """The hair [K] that a pattern of baldness leaves at places [K, 3]: "top", "crown" or none of them."""
    azimuth, elevation = azimuth_and_elevation(mean)
    if bald == "top":
        return smooth(0.62, 0.38, elevation + 0.4 * smooth(0.35, 0.75, azimuth))
    if bald == "crown":
        return smooth(0.50, 0.62, _angle(mean, (0.0, 0.93, -0.25)))
    return torch.ones_like(elevation)


def _angle(mean: Tensor, towards: tuple[float, float, float]) -> Tensor:
    """The angle [K] between places and a direction, seen from SKULL."""
    away = torch.nn.functional.normalize(mean - mean.new_tensor(SKULL), dim=-1)
    pole = torch.nn.functional.normalize(mean.new_tensor(towards), dim=0)
    return (away @ pole).clamp(-1.0, 1.0).acos()


@lru_cache(maxsize=1)
def _wide_scalp() -> Tensor:
    """The vertices [V] where anybody's hair may grow, 0 or 1."""
    mesh = head_mesh()
    near = (inside_hairline(mesh.mean, -0.15) > -0.5 * SOFT) & (Hairline(mesh.mean).above > -0.25)
    other = (mesh.masks["ears"] > 0.3) | (mesh.masks["mouth_inside"] > 0.05)
    return (near & ~other & (mesh.vertex_group == BODY) & (mesh.mean[:, 1] > 6.4)).float()


@lru_cache(maxsize=1)
def strand_places() -> ScalpPlaces:
    return _places(ROOTS, 11)


@lru_cache(maxsize=1)
def strand_hairline() -> Hairline:
    return Hairline(strand_places().mean)


@lru_cache(maxsize=1)
def guide_places() -> ScalpPlaces:
    return _even(_places(12_000, 12), GUIDES)


@lru_cache(maxsize=1)
def lock_places() -> ScalpPlaces:
    return _even(_places(12_000, 13), LOCKS)


def _places(count: int, seed: int) -> ScalpPlaces:
    mesh = head_mesh()
    triangle, weights = mesh.roots(_wide_scalp(), count, seed)
    mean = mesh.sample(mesh.mean[None], triangle, weights)[0]
    chance = torch.from_numpy(np.random.default_rng(seed + 100).random(count)).float()
    return ScalpPlaces(triangle, weights, mean, chance)


def _even(places: ScalpPlaces, count: int) -> ScalpPlaces:
    """`count` of the places, each as far as can be from those before it."""
    far = torch.full((len(places.mean),), math.inf)
    chosen = torch.zeros(count, dtype=torch.long)
    for n in range(1, count):
        far = torch.minimum(far, (places.mean - places.mean[chosen[n - 1]]).norm(dim=-1))
        chosen[n] = far.argmax()
    return ScalpPlaces(
        places.triangle[chosen], places.weights[chosen], places.mean[chosen], places.chance[chosen]
    )
