"""A skull or a torso as a globe: how far it reaches from its middle in every direction.

The directions meet the mean head once; the points of the mesh that they meet are then the same on every
head, so whatever is fitted to them fits every head and moves smoothly with its shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from .head_mesh import BODY, head_mesh
from .people import People

ROWS, COLUMNS = 27, 64  # from the pole down; around, from the front over the viewer's right

FARTHEST = 3.2  # decimetres from the middle


@dataclass(frozen=True)
class GlobeShape:
    """Where a globe's middle lies on the mean head, how its pole leans, and what it encloses."""

    name: str
    centre: tuple[float, float, float]
    back: float  # radians by which the pole leans back from upright
    lowest: float  # the last row's polar angle
    smoothed: int = 3  # times: the more, the straighter cloth spans hollows


SKULL = GlobeShape("skull", (0.0, 7.40, 0.45), math.radians(10.0), math.radians(130.0))
SKULL_AND_EARS = GlobeShape("skull and ears", SKULL.centre, SKULL.back, SKULL.lowest)
TORSO = GlobeShape("torso", (0.0, 4.90, 0.10), math.radians(-14.0), math.radians(120.0))
# the pole points to the front, azimuth 0 down; with or without what lies below the neck
FACE = GlobeShape("face", (0.0, 7.10, 0.35), math.radians(-90.0), math.radians(180.0), 7)
FACE_AND_SHOULDERS = GlobeShape("face and shoulders", FACE.centre, FACE.back, FACE.lowest, 7)


@dataclass(frozen=True)
class Globe:
    """The skulls or torsos of M people seen from their middles, in directions that are the same for all."""

    shape: GlobeShape
    centre: Tensor  # [M, 3] rest space
    radius: Tensor  # [M, ROWS, COLUMNS] from the centre; no part of the head reaches farther

    @classmethod
    def of(cls, people: People, shape: GlobeShape, places: Tensor | None = None) -> Globe:
        """places: [M, V, 3] the mesh in rest space, where it is not the resting one."""
        triangle, weights = _met(str(people.rest.device), shape)
        values = people.rest if places is None else places
        places = people.mesh.sample(values, triangle, weights).unflatten(1, (ROWS, COLUMNS))
        centre = centre_of(people, shape)
        away = places - centre[:, None, None]
        far = away.norm(dim=-1).clamp(max=FARTHEST)
        radius = far
        for _ in range(shape.smoothed):
            radius = _levelled(radius)
        polar, azimuth = angles_of(away, shape)
        for _ in range(2):  # wherever a point of the head stands out of the globe, the globe is raised
            short = far - cls(shape, centre, radius).reach(polar, azimuth)
            lift = functional.pad(
                functional.pad(short.unsqueeze(1), (1, 1, 0, 0), mode="circular"), (0, 0, 1, 1)
            )
            radius = radius + functional.max_pool2d(lift, 3, 1)[:, 0].clamp(min=0.0)
            radius = torch.cat(
                [radius[:, :1].amax(2, keepdim=True).expand_as(radius[:, :1]), radius[:, 1:]], dim=1
            )
        return cls(shape, centre, torch.maximum(_levelled(radius), radius))

    def reach(self, polar: Tensor, azimuth: Tensor) -> Tensor:
        """The radius [M, R, C] in directions [M, R, C]."""
        wrapped = torch.cat([self.radius, self.radius[:, :, :1]], dim=2).unsqueeze(1)
        around = torch.remainder(azimuth / (2.0 * math.pi), 1.0) * 2.0 - 1.0
        grid = torch.stack([around, polar / self.shape.lowest * 2.0 - 1.0], dim=-1)
        return functional.grid_sample(wrapped, grid, align_corners=True, padding_mode="border")[:, 0]

    def world_axes(self, local: Tensor) -> Tensor:
        """Points [M, ..., 3] given across, along the pole and to the front, in rest space."""
        return _from_axes(local, self.shape) + self.centre.view(-1, *[1] * (local.ndim - 2), 3)


def _from_axes(local: Tensor, shape: GlobeShape) -> Tensor:
    x, up, front = local.unbind(-1)
    cos, sin = math.cos(shape.back), math.sin(shape.back)
    return torch.stack([x, up * cos + front * sin, front * cos - up * sin], dim=-1)


def angles_of(away: Tensor, shape: GlobeShape) -> tuple[Tensor, Tensor]:
    """Polar angle and azimuth [...] of directions [..., 3] of rest space; 0 is the front, right above 0."""
    x, y, z = functional.normalize(away, dim=-1).unbind(-1)
    cos, sin = math.cos(shape.back), math.sin(shape.back)
    return torch.acos((y * cos - z * sin).clamp(-1.0, 1.0)), torch.atan2(x, z * cos + y * sin)


def centre_of(people: People, shape: GlobeShape) -> Tensor:
    """The globes' middles [N, 3] in rest space."""
    vertices = _around(str(people.rest.device), shape)
    moved = people.rest[:, vertices].mean(1) - people.mesh.mean[vertices].mean(0)  # [N, 3]
    if shape != TORSO:  # at one height over the eyes, whatever the forehead's height
        moved = moved * moved.new_tensor((0.0, 0.0, 1.0))
    return moved * moved.new_tensor((0.0, 1.0, 1.0)) + moved.new_tensor(shape.centre)


@lru_cache(maxsize=8)
def _around(device: str, shape: GlobeShape) -> Tensor:
    """Vertices whose mean moves the globe: the skull's upper half, or the shoulders."""
    mesh = head_mesh(device)
    x, y, _ = mesh.mean.unbind(1)
    near = (y < 5.6) & (x.abs() < 1.8) if shape == TORSO else y > 7.55
    return (near & (mesh.vertex_group == BODY)).nonzero()[:, 0]


def azimuths(device: torch.device | str) -> Tensor:
    """Of the columns, [COLUMNS]: 0 in front, then over the viewer's right."""
    return torch.arange(COLUMNS, device=device) * (2.0 * math.pi / COLUMNS)


def directions(polar: Tensor, azimuth: Tensor) -> Tensor:
    """Unit directions [..., 3] across, along the pole and to the front."""
    return torch.stack([polar.sin() * azimuth.sin(), polar.cos(), polar.sin() * azimuth.cos()], dim=-1)


def _levelled(radius: Tensor) -> Tensor:
    """A mean with the neighbours, around and down."""
    around = 0.25 * radius.roll(1, 2) + 0.5 * radius + 0.25 * radius.roll(-1, 2)
    inner = 0.25 * around[:, :-2] + 0.5 * around[:, 1:-1] + 0.25 * around[:, 2:]
    return torch.cat(
        [around[:, :1].mean(2, keepdim=True).expand_as(around[:, :1]), inner, around[:, -1:]], dim=1
    )


@lru_cache(maxsize=8)
def _met(device: str, shape: GlobeShape) -> tuple[Tensor, Tensor]:
    """Triangle [K] and weights [K, 3] where the directions, row by row, leave the mean head."""
    if device != "cpu":
        triangle, weights = _met("cpu", shape)
        return triangle.to(device), weights.to(device)
    mesh = head_mesh()
    corners = mesh.triangles
    keep = mesh.group == BODY
    if shape == TORSO:
        keep &= mesh.masks["neck"][corners].amin(1) > 0.5
    else:
        floor = 4.9 if shape == FACE_AND_SHOULDERS else 6.2
        keep &= mesh.mean[corners][..., 1].amin(1) > floor
        if shape == SKULL:
            keep &= mesh.masks["ears"][corners].amax(1) < 0.1
    a, b, c = (mesh.mean[corners[:, corner]] - mesh.mean.new_tensor(shape.centre) for corner in range(3))
    keep &= (torch.linalg.cross(b, c) * a).sum(1) > 0.0  # seen from inside
    kept = keep.nonzero()[:, 0]
    polar = torch.linspace(0.0, shape.lowest, ROWS)[:, None].expand(-1, COLUMNS)
    rays = _from_axes(directions(polar, azimuths("cpu").expand(ROWS, -1)), shape).reshape(-1, 3)
    found, weights = _leaving(rays, a[kept], b[kept], c[kept])
    # a ray that leaves through an ear's root takes the nearest ray's place
    missing = (found < 0).nonzero()[:, 0]
    hit = (found >= 0).nonzero()[:, 0]
    nearest = hit[(rays[missing] @ rays[hit].T).argmax(1)]
    found[missing], weights[missing] = found[nearest], weights[nearest]
    return kept[found], weights


def _leaving(rays: Tensor, a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """The farthest triangle [K] (-1: none) that rays [K, 3] from the origin meet, and weights [K, 3]."""
    found, weights = [], []
    planes = [torch.linalg.cross(first, second) for first, second in ((b, c), (c, a), (a, b))]
    volume = (a * planes[0]).sum(1)
    for ray in rays.split(256):
        share = torch.stack([ray @ plane.T for plane in planes], dim=-1)  # [k, T, 3] times the distance
        total = share.sum(-1)
        inside = (share >= -1e-6).all(-1) & (total > 0.0)
        far = torch.where(inside, volume / total, -1.0)
        best = far.argmax(1)
        number = torch.arange(len(ray))
        found.append(torch.where(far[number, best] > 0.0, best, -1))
        weights.append(functional.normalize(share[number, best].clamp(min=0.0), p=1.0, dim=-1))
    return torch.cat(found), torch.cat(weights)
