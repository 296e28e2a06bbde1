"""The camera that looks at a car, the rays of its pixels, and where they meet the car."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .car_shape import HIGH, LONG, WIDE, CarShape, Widths

STEPS = 24  # places on a ray where the body is looked for
NEARER = 5  # halvings between two of them
DISTANCE = 8.5  # m
MOST_TURN = 0.95  # radians from the side
SHAPE = (4, 3)  # width to height of the pictures


@dataclass(frozen=True)
class Rays:
    """Rays from `eye` (x, y, z) [N, 1, 1] each, along unit directions (x, y, z) [N, h, w] each."""

    eye: tuple[Tensor, Tensor, Tensor]
    along: tuple[Tensor, Tensor, Tensor]
    right: tuple[Tensor, Tensor]  # the picture's x axis on the ground, [N, 1, 1] each

    def at_side(self, y: float | Tensor) -> tuple[Tensor, Tensor]:
        """x and z [N, h, w] where rays meet the plane at `y` metres towards the car's nearer side."""
        far = (y - self.eye[1]) / self.along[1]
        return self.eye[0] + far * self.along[0], self.eye[2] + far * self.along[2]

    def part(self, rows: slice, columns: slice) -> Rays:
        """The rays of a rectangle of the picture."""
        x, y, z = (part[:, rows, columns] for part in self.along)
        return Rays(self.eye, (x, y, z), self.right)

    def on_ground(self) -> tuple[Tensor, Tensor, Tensor]:
        """x, y and the distance [N, h, w] where rays that go down meet the ground; far away for others."""
        far = (-self.eye[2] / self.along[2].clamp(max=-1e-3)).clamp(max=400.0)
        return self.eye[0] + far * self.along[0], self.eye[1] + far * self.along[1], far


class Camera:
    """Where a car is seen from; a picture's centre is (0, 0), its left and right edges are -1 and 1."""

    def __init__(self, p: dict[str, Tensor], shape: CarShape):
        angle = MOST_TURN * p["turn"]
        self.sin, self.cos = torch.sin(angle), torch.cos(angle)
        eye_z = 1.25 + 0.55 * p["eye_height"]
        self.eye = (DISTANCE * self.sin, DISTANCE * self.cos, eye_z)
        drop = (eye_z - 0.62) / DISTANCE
        flat = torch.rsqrt(1 + drop.square())
        self.forward = (-self.sin * flat, -self.cos * flat, -drop * flat)
        self.right = (-self.cos, self.sin)  # the car drives to the picture's left, x grows to the left
        self.up = (-self.sin * drop * flat, -self.cos * drop * flat, flat)
        seen = shape.half * self.cos + 0.9 * self.sin.abs()
        self.zoom = (1.12 - 0.08 * p["closeness"]) * (0.30 * shape.half + 0.62 * seen + 0.16) / DISTANCE

    def rays(self, u: Tensor, v: Tensor) -> Rays:
        """Rays of pixels at u [1, 1, w] (right) and v [1, h, 1] (up)."""
        u, v = u * self.zoom, v * self.zoom
        x = self.forward[0] + u * self.right[0] + v * self.up[0]
        y = self.forward[1] + u * self.right[1] + v * self.up[1]
        z = (self.forward[2] + v * self.up[2]).expand_as(x)
        scale = torch.rsqrt(x.square() + y.square() + z.square())
        return Rays(self.eye, (x * scale, y * scale, z * scale), self.right)

    def project(self, x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """u and v of a place, [N, 1, 1] each; the inverse of `rays`."""
        dx, dy, dz = x - self.eye[0], y - self.eye[1], z - self.eye[2]
        depth = dx * self.forward[0] + dy * self.forward[1] + dz * self.forward[2]
        u = (dx * self.right[0] + dy * self.right[1]) / depth
        v = (dx * self.up[0] + dy * self.up[1] + dz * self.up[2]) / depth
        return u / self.zoom, v / self.zoom

    def bounds(self, shape: CarShape) -> tuple[float, float, float, float]:
        """What of the pictures the cars can cover: the least and the most u, then v."""
        corners = [
            self.project(end * shape.half, torch.full_like(shape.half, side), high * shape.top)
            for end in (-1, 1)
            for side in (-WIDE, WIDE)
            for high in (0, 1)
        ]
        u, v = (torch.stack(part) for part in zip(*corners, strict=True))
        return u.min().item(), u.max().item(), v.min().item(), v.max().item()


def meet(rays: Rays, widths: Widths) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Where rays first meet the body: x, y, z and whether they do, [N, h, w] each.

    Seen from its side, a ray's y falls steadily, so it serves as the ray's parameter.
    """
    x, z = rays.at_side(WIDE)
    x_slope, z_slope = rays.along[0] / rays.along[1], rays.along[2] / rays.along[1]  # for one metre of y
    start = torch.stack([x / LONG, z * (2 / HIGH) - 1], dim=-1)  # [N, h, w, 2], in the table
    slope = torch.stack([x_slope / LONG, z_slope * (2 / HIGH)], dim=-1)
    stride = 2 * WIDE / STEPS
    first = torch.full_like(x, WIDE)  # y of the first step within the body
    found = torch.zeros_like(x, dtype=torch.bool)
    for step in range(1, STEPS):
        y = WIDE - step * stride
        inside = widths.read(start.add(slope, alpha=y - WIDE)) > abs(y)
        first = torch.where(inside & ~found, y, first)
        found |= inside
    low, high = first, first + stride  # inside, outside
    for _ in range(NEARER):
        y = 0.5 * (low + high)
        inside = widths.read(start + slope * (y - WIDE).unsqueeze(-1)) > y.abs()
        low, high = torch.where(inside, y, low), torch.where(inside, high, y)
    y = 0.5 * (low + high)
    return x + x_slope * (y - WIDE), y, z + z_slope * (y - WIDE), found
