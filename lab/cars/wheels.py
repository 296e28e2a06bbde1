"""A car's wheels: tyres with their treads, and rims with spokes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..smooth_step import smooth
from .car_shape import TRACK, TREAD, CarShape
from .scenery import Scenery
from .viewing import Rays

SPOKES = 5
RIM = 0.74  # of a wheel's radius


@dataclass(frozen=True)
class SeenWheel:
    """One wheel as rays meet it: how far out (in radii) and at which angle on its face, and whether at all;
    [N, h, w] each."""

    out: Tensor
    angle: Tensor
    hit: Tensor


def met(rays: Rays, shape: CarShape, axle: Tensor, face: float, inner: float) -> SeenWheel:
    """Where rays meet the wheel at `axle`, whose face is at y = `face` and whose back at y = `inner`."""
    x, z = rays.at_side(face)
    x, z = x - axle, z - shape.wheel
    # between face and back, where the ray is nearest to the wheel's axis
    dx, dz = rays.along[0] / rays.along[1], rays.along[2] / rays.along[1]
    span = abs(face - inner)
    nearest = ((x * dx + z * dz) / (dx.square() + dz.square() + 1e-6)).clamp(0.0, span)
    closest = ((x - nearest * dx).square() + (z - nearest * dz).square()).sqrt()
    out = (x.square() + z.square()).sqrt() / shape.wheel
    return SeenWheel(out, torch.atan2(z, x), closest < shape.wheel)


def shaded(wheel: SeenWheel, p: dict[str, Tensor], around: Scenery, facing: Tensor, soft: float) -> Tensor:
    """The wheel's light [N, 3, h, w]; `facing` [N, 1, 1] is how squarely its face meets the sun."""
    out, soft = wheel.out, soft / 0.33
    flank = 0.6 + 0.4 * torch.sin(9.0 * out).abs()
    tyre = 0.030 * flank + 0.02 * smooth(1.0, 1.3, out)
    lobe = torch.cos(SPOKES * wheel.angle + 0.5 * math.pi)
    wide = 0.35 - 1.15 * p["spokes"] + 0.55 * (out - 0.4)
    spoke = smooth(-0.22, 0.22, lobe - wide) * within_rim(out, 0.0, RIM, soft)
    ring = within_rim(out, RIM - 0.09, RIM, soft)
    hub = smooth(0.18 + soft, 0.18 - soft, out)
    metal = torch.maximum(torch.maximum(spoke, ring), hub)
    tone = (0.05 + 0.62 * p["rim_tone"].square()) * (0.75 + 0.25 * torch.sin(2.0 * wheel.angle + 0.8))
    tone = tone * (1 - 0.45 * smooth(0.05, 0.0, (out - 0.12).abs()))
    disc = 0.16 * within_rim(out, 0.2, 0.55, soft)
    behind = torch.lerp(tyre, 0.02 + disc, smooth(soft, -soft, out - RIM))
    albedo = torch.lerp(behind, tone, metal).unsqueeze(1)
    light = around.ambient * 0.8 + around.sun * (0.25 + 0.75 * facing).unsqueeze(1)
    return albedo * light


def within_rim(out: Tensor, low: float, high: float, soft: float) -> Tensor:
    """1 in a ring between two radii, with soft edges."""
    inner = smooth(low - soft, low + soft, out) if low else 1.0
    return inner * smooth(high + soft, high - soft, out)


def near_wheels(rays: Rays, shape: CarShape) -> list[SeenWheel]:
    """The two wheels on the nearer side."""
    return [met(rays, shape, axle, TRACK, TRACK - TREAD) for axle in (shape.front_axle, shape.rear_axle)]


def far_wheels(rays: Rays, shape: CarShape) -> Tensor:
    """Where the wheels on the other side are [N, h, w] bool."""
    both = [met(rays, shape, axle, TREAD - TRACK, -TRACK) for axle in (shape.front_axle, shape.rear_axle)]
    return both[0].hit | both[1].hit
