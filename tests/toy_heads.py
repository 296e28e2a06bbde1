"""A tiny world of faces, all of whose points are known: in place of rendered heads."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from anycost.lab.data.head_cache import CachedHeads, CacheKind, as_stored
from anycost.lab.data.head_crops import eyes_and_mouth
from anycost.models.head_points import MIRROR, POINTS
from anycost.models.head_reader import PARTS

KIND = CacheKind(resolution=96, wide=1.5)
DIM = 6
SKIN, IRIS, LIPS_PART = (PARTS.index(name) for name in ("skin", "iris", "lips"))


def mean_points() -> Tensor:
    """Points [546, 2] of a face around 0, eyes 1 apart: a spiral that is its own mirror image."""
    along = torch.linspace(0.1, 1.0, POINTS)
    x, y = 0.9 * along * torch.sin(40 * along), 0.3 + 1.1 * along * torch.cos(31 * along)
    points = torch.stack([x, y], 1)
    mirrored = points[list(MIRROR)] * torch.tensor([-1.0, 1.0])
    points = (points + mirrored) / 2
    for group, place_ in (
        ((33, 133, 159, 145), (-0.5, 0.0)),
        ((362, 263, 386, 374), (0.5, 0.0)),
        ((61,), (-0.4, 0.95)),
        ((291,), (0.4, 0.95)),
    ):
        points[list(group)] = torch.tensor(place_)
    return points


@dataclass(frozen=True)
class Toys:
    rgb: Tensor
    part: Tensor
    face_map: Tensor
    depth: Tensor
    normal: Tensor
    landmarks: Tensor
    relief: Tensor
    visible: Tensor


def faces(z: Tensor, correlated: bool, kind: CacheKind) -> Toys:
    """Round faces with two dark eyes and a red mouth; z moves them."""
    count, side = len(z), kind.resolution
    middle, size = 0.5 + 0.04 * torch.tanh(z[:, :2]), 0.15 + 0.02 * torch.tanh(z[:, 2:3])
    points = middle[:, None] + size[:, None] * (mean_points() - torch.tensor([0.0, 0.45]))
    steps = (torch.arange(side) + 0.5) / side
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    here = torch.stack([x, y], 2)  # [S, S, 2]
    away = (here - middle[:, None, None]) / size[:, None, None]  # [N, S, S, 2]
    head = away.norm(dim=3) < 1.25
    part = head.byte() * SKIN
    eyes, mouth = eyes_and_mouth(points)
    for place_, name in ((eyes[:, 0], IRIS), (eyes[:, 1], IRIS), (mouth, LIPS_PART)):
        near = (here - place_[:, None, None]).norm(dim=3) < 0.25 * size[:, :, None]
        part = torch.where(near, name, part)
    table = torch.full((len(PARTS), 3), -0.6)
    table[SKIN], table[IRIS], table[LIPS_PART] = 0.6, -0.9, torch.tensor([0.7, -0.5, -0.5])
    face_map = torch.cat([away.permute(0, 3, 1, 2) * 0.4, torch.zeros(count, 1, side, side)], 1)
    return Toys(
        rgb=table[part.long()].permute(0, 3, 1, 2),
        part=part,
        face_map=torch.where(head[:, None], face_map + 1e-3, torch.nan),
        depth=torch.where(head, 9.0, torch.inf),
        normal=torch.zeros(count, 3, side, side),
        landmarks=points,
        relief=points[..., 0] - middle[:, :1],
        visible=torch.ones(count, POINTS, dtype=torch.bool),
    )


def drawn(count: int) -> CachedHeads:
    """Faces as a cache gives them."""
    some = faces(torch.randn(count, DIM, generator=torch.Generator().manual_seed(1)), True, KIND)
    stored = as_stored(some)
    return CachedHeads(**{field.name: stored[field.name] for field in fields(CachedHeads)})
