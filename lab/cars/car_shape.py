"""A car's body as a solid: how far it reaches to its sides, over the plane of its length and height.

Lengths are metres: x forward from the car's middle, z up from the ground, y towards its nearer side.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

WIDE = 1.0  # m: no car reaches farther to a side
LONG = 2.9  # m: no car reaches farther from its middle
HIGH = 2.1  # m
ARCH = 0.05  # m between a tyre and the arch over it
TREAD = 0.24  # m: a tyre's width
TRACK = 0.85  # m from the middle to the wheels' outer faces


class CarShape:
    """The lengths that all parts of the cars share, [N, 1, 1] each."""

    def __init__(self, p: dict[str, Tensor]):
        self.p = p
        boot = p["boot"]
        self.half = 2.12 + 0.27 * p["length"]  # half its length
        self.clear = 0.19 + 0.035 * p["clearance"]
        self.wheel = 0.325 + 0.03 * p["wheel_size"]
        self.arch = self.wheel + ARCH
        self.front_axle = self.half - 0.84
        self.rear_axle = -self.half + 0.86
        self.waist = 0.93 + 0.05 * p["waist"] + 0.04 * p["roof"] + 0.5 * (self.clear - 0.19)
        self.top = 1.46 + 0.17 * p["roof"] + (self.clear - 0.19)
        self.nose = self.waist - 0.27 + 0.03 * p["roof"]
        self.cowl = self.half - 1.02 - 0.22 * p["bonnet"] + 0.1 * p["roof"]  # foot of the windscreen
        self.front_slope = 1.45 + 0.45 * p["rake"]  # of the windscreen: metres along for one up
        self.tail = -self.half + 0.06 + 0.60 * boot  # foot of the rear window
        self.rear_slope = 0.28 + 1.05 * boot
        self.blend = 0.11 + 0.05 * p["roundness"]  # of neighbouring faces, m
        self.pillar = 0.5 * (self.cowl + self.tail) - 0.12  # between the doors

    def cabin(self, x: Tensor, z: Tensor) -> Tensor:
        """Signed distance to the cabin's outline, negative inside: [N, ...] like x and z."""
        up = z - self.waist
        front = (x - self.cowl + self.front_slope * up) * torch.rsqrt(1 + self.front_slope.square())
        rear = (self.tail - x + self.rear_slope * up) * torch.rsqrt(1 + self.rear_slope.square())
        middle = 0.5 * (self.cowl + self.tail) - 0.1
        roof = z - self.top + 0.035 * (x - middle).square()
        return _soft_max(_soft_max(front, rear, 0.05), roof, 1.3 * self.blend)

    def half_width(self, x: Tensor, z: Tensor) -> Tensor:
        """How far the body reaches to each side at (x, z) [N, h, w], 0 outside its outline."""
        lower = _edge(-self._lower(x, z) / 0.17) * (0.89 - 0.16 * (z - 0.62).square())
        lean = 0.84 - 0.30 * (z - self.waist).clamp(min=-0.1)
        cabin = _edge(-self.cabin(x, z) / 0.24) * lean * (z > self.waist - 0.25)
        return torch.maximum(lower, cabin)

    def _lower(self, x: Tensor, z: Tensor) -> Tensor:
        """Signed distance to the outline below the windows; along the car it counts less, so that the
        body's corners are rounder seen from above."""
        ahead = (x - self.cowl).clamp(min=0.0) / (self.half - self.cowl)
        behind = ((self.tail - 0.1 - x) / 0.6).clamp(min=0.0)
        top = z - self.waist - 0.02 + (self.waist - self.nose) * ahead.pow(1.7) + 0.05 * behind.square()
        bottom = self.clear + 0.06 * ((x.abs() - self.half + 0.7).clamp(min=0.0) / 0.7).square() - z
        bow = 0.35 * (z - 0.52).square()
        front = (x - self.half + bow) / 2.6
        rear = (-x - self.half + bow) / 2.2
        ends = _soft_max(front, rear, 0.02)
        return _soft_max(_soft_max(top, bottom, 0.05), ends, self.blend)


class Widths:
    """A car's half width as a table, to be read many times: [N, 1, rows, columns]."""

    def __init__(self, shape: CarShape, columns: int):
        rows = max(24, round(columns * HIGH / (2 * LONG)))
        self.step = 2 * LONG / columns  # m between columns
        device = shape.half.device
        x = ((torch.arange(columns, device=device) + 0.5) / columns * 2 - 1) * LONG
        z = (torch.arange(rows, device=device) + 0.5) / rows * HIGH
        self.table = shape.half_width(x.view(1, 1, -1), z.view(1, -1, 1))[:, None]

    def at(self, x: Tensor, z: Tensor) -> Tensor:
        """Half widths at places [N, h, w]; 0 beyond the table."""
        return self.read(torch.stack([x / LONG, z * (2 / HIGH) - 1], dim=-1))

    def read(self, places: Tensor) -> Tensor:
        """Half widths at places [N, h, w, 2] in the table's own -1..1."""
        return F.grid_sample(self.table, places, padding_mode="zeros", align_corners=False)[:, 0]

    def normals(self, x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The body's unit normals at places on its surface, each [N, h, w]."""
        step = 2.5 * self.step  # over more than a cell, because within one the table is flat
        along = (self.at(x + step, z) - self.at(x - step, z)) / (2 * step)
        up = (self.at(x, z + step) - self.at(x, z - step)) / (2 * step)
        scale = torch.rsqrt(1 + along.square() + up.square())
        return -along * scale, torch.sign(y) * scale, -up * scale


def _soft_max(a: Tensor, b: Tensor, width: float | Tensor) -> Tensor:
    """The maximum of two distances, its corner rounded over this width."""
    h = (width - (a - b).abs()).clamp(min=0.0)
    return torch.maximum(a, b) + h * h * (0.25 / width)


def _edge(inside: Tensor) -> Tensor:
    """A rounded edge: 0 at the outline, 1 from one unit inside it on."""
    away = 1 - inside.clamp(0.0, 1.0)
    return (1 - away * away * away.sqrt()).clamp(min=0.0).pow(0.4)
