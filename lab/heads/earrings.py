"""Earrings that hang from this person's lobes: studs, pearls, hoops, drops."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from ..smooth_step import smooth
from .head_mesh import head_mesh
from .people import People
from .worn_mesh import DETAILS, OTHER, Piece, WornMesh, ball, between, chosen, joined, pieces_of, tube

LOBE = (0.715, 6.853, 0.580)  # on the mean head, the viewer's right: where it is pierced
# gold, silver, copper, pearl, black, red, green, blue
COLOURS = (
    (0.78, 0.56, 0.25),
    (0.66, 0.66, 0.68),
    (0.68, 0.40, 0.30),
    (0.78, 0.74, 0.68),
    (0.02, 0.02, 0.02),
    (0.35, 0.02, 0.03),
    (0.03, 0.22, 0.10),
    (0.04, 0.09, 0.35),
)
METALS = 3  # the first of them


def earrings_of(people: People) -> list[list[Piece]]:
    """A pair for every picture whose control is on and whose ears no scarf covers."""
    worn: list[list[Piece]] = [[] for _ in people.years]
    rows = ((people.controls["earrings"] > 0.5) & (people.controls["headscarf"] <= 0.5)).nonzero()[:, 0]
    for row in rows.tolist():
        wearer = chosen(people, torch.tensor([row], device=rows.device))
        worn[row] = pieces_of(wearer, _pair(wearer))[0]
    return worn


@lru_cache(maxsize=4)
def _lobes(device: str) -> Tensor:
    """Vertices [2, 5] of the lobes: viewer's left, right."""
    mean = head_mesh(device).mean
    places = mean.new_tensor([LOBE, LOBE]) * mean.new_tensor([[-1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    return torch.cdist(places, mean).topk(5, largest=False).indices


def _pair(wearer: People) -> list[WornMesh]:
    lobes = _lobes(str(wearer.rest.device))
    shape = float(wearer.controls["earring_shape"][0])
    details = wearer.details[:, DETAILS]
    down = -wearer.turned[:, 1]  # [1, 3] the world's down in rest space: a tilted head's drops hang on
    size = (0.75 + 0.5 * torch.special.ndtr(details[:, 1])) * (1.0 - 0.3 * wearer.child)
    meshes = []
    for side, outwards in ((0, -1.0), (1, 1.0)):
        pierced = wearer.rest[:, lobes[side]].mean(1)
        out = wearer.rest_normals[:, lobes[side]].mean(1)
        out = functional.normalize(out + out.new_tensor((2.0 * outwards, -0.2, 0.6)), dim=-1)
        meshes += _one(pierced + 0.018 * out, out, down, size, shape, details)
    return meshes


def _one(
    at: Tensor, out: Tensor, down: Tensor, size: Tensor, shape: float, details: Tensor
) -> list[WornMesh]:
    """One earring of one wearer. at, out, down: [1, 3]; size: [1]."""
    metal = between(at.new_tensor(COLOURS[:METALS]), torch.special.ndtr(details[:, 2]))
    stone = between(at.new_tensor(COLOURS), torch.special.ndtr(details[:, 3]))
    place = shape * 5.0
    if place < 1.2:  # a stud or a pearl
        half = (0.028 + 0.035 * (place / 1.2)) * size
        places, triangles = ball(at + 0.5 * half.unsqueeze(1) * out, half.unsqueeze(1).expand(-1, 3), 9, 14)
        return [
            WornMesh(
                places, triangles, stone, OTHER, 0.15, smooth(0.6, 0.4, torch.special.ndtr(details[:, 3]))
            )
        ]
    if place < 2.8:
        return [_hoop(at, out, down, (0.08 + 0.24 * ((place - 1.2) / 1.6) ** 1.5) * size, metal, details)]
    return _drop(at, out, down, size, metal, stone, place - 2.8)


def _hoop(at: Tensor, out: Tensor, down: Tensor, radius: Tensor, metal: Tensor, details: Tensor) -> WornMesh:
    """A ring through the lobe that hangs in the plane of the cheek, turned a little to the front."""
    turn = 0.5 * torch.tanh(details[:, 4:5])
    sideways = functional.normalize(torch.linalg.cross(out, down), dim=-1)
    along = functional.normalize(sideways * turn.cos() + out * turn.sin(), dim=-1)
    angle = torch.arange(28, device=at.device) * (2.0 * math.pi / 28)
    centre = at + (0.93 * radius).unsqueeze(1) * down + 0.012 * out
    around = along.unsqueeze(1) * angle.sin().view(1, -1, 1) - down.unsqueeze(1) * angle.cos().view(1, -1, 1)
    path = centre.unsqueeze(1) + radius.view(-1, 1, 1) * around
    half = (0.007 + 0.014 * torch.special.ndtr(details[:, 5:6])).expand(-1, 28)
    places, triangles = tube(path, around, half, half, closed=True, square=2.0, around=7)
    return WornMesh(places, triangles, metal, OTHER, 0.2, 1.0)


def _drop(
    at: Tensor, out: Tensor, down: Tensor, size: Tensor, metal: Tensor, stone: Tensor, length: float
) -> list[WornMesh]:
    """A hook, a chain of some length and a stone below it."""
    long = (0.06 + 0.16 * length) * size
    t = torch.linspace(0.0, 1.0, 8, device=at.device).view(1, -1, 1)
    top = at + 0.015 * out
    path = top.unsqueeze(1) + t * (long.unsqueeze(1) * down).unsqueeze(1)
    half = torch.full_like(path[..., 0], 0.007)
    chain, chain_triangles = tube(
        path, out.unsqueeze(1).expand_as(path), half, half, closed=False, square=2.0, around=6
    )
    knob, knob_triangles = ball(top, torch.full_like(top, 0.02), 6, 9)
    width = (0.045 + 0.03 * length) * size.unsqueeze(1)
    end = top + (long + 1.2 * width[:, 0]).unsqueeze(1) * down
    gem, gem_triangles = ball(end, width * at.new_tensor((0.75, 1.4, 0.75)), 9, 12)
    # narrow above, round below: a drop
    above = ((end.unsqueeze(1) - gem) * down.unsqueeze(1)).sum(-1, keepdim=True) / (1.4 * width).unsqueeze(1)
    gem = end.unsqueeze(1) + (gem - end.unsqueeze(1)) * torch.where(above > 0.0, 1.0 - 0.35 * above, 1.0)
    both, triangles = joined([(chain, chain_triangles), (knob, knob_triangles)])
    return [
        WornMesh(both, triangles, metal, OTHER, 0.2, 1.0),
        WornMesh(gem, gem_triangles, stone, OTHER, 0.12, 0.0),
    ]
