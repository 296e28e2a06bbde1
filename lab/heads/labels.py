"""What the samples of a picture show, gathered into labels for its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...models.head_reader import PARTS
from .head_mesh import LOWER_TEETH, TONGUE, UPPER_TEETH
from .sample_sheet import MAP, NORMAL, SampleSheet, pooled

PART = {name: index for index, name in enumerate(PARTS)}


@dataclass(frozen=True)
class PixelLabels:
    """What each pixel of N pictures shows."""

    part: Tensor  # [N, R, R] uint8, as PARTS
    face_map: Tensor  # [N, 3, R, R], 0 where there is no head
    depth: Tensor  # [N, R, R] decimetres from the camera, 0 where nothing is
    normal: Tensor  # [N, 3, R, R] unit, in the world; 0 where nothing is


MASKS = ("lips", "mouth_inside", "ears", "neck")


def skin_parts(masks: Tensor, group: Tensor) -> Tensor:
    """[K] parts of samples of the mesh that see no eyeball.

    masks: [K, 4] as MASKS; group: [K].
    """
    lips, inside, ears, neck = masks.unbind(1)
    part = torch.full_like(group, PART["skin"])
    part[neck > 0.5] = PART["neck"]
    part[ears > 0.5] = PART["ear"]
    part[inside > 0.5] = PART["mouth"]
    part[lips > 0.5] = PART["lips"]
    part[(group == UPPER_TEETH) | (group == LOWER_TEETH)] = PART["teeth"]
    part[group == TONGUE] = PART["mouth"]
    return part


def gathered(sheet: SampleSheet, nearness: Tensor, each: int) -> PixelLabels:
    """The labels of pixels of each x each samples: of what most of them show. nearness: [N, S, S]."""
    parts = sheet.part.view(sheet.shape)
    tiles = parts.unflatten(2, (-1, each)).unflatten(1, (-1, each)).transpose(2, 3).flatten(3)
    like = (tiles[..., :, None] == tiles[..., None, :]).sum(-1)
    winner = tiles.gather(-1, like.argmax(-1, keepdim=True))[..., 0]  # [N, R, R]
    mine = parts == winner.repeat_interleave(each, 1).repeat_interleave(each, 2)  # [N, S, S]
    depth = torch.where(nearness > 0, 1.0 / nearness.clamp(min=1e-3), 0.0)
    values = sheet.values.view(*sheet.shape, -1)
    seen = torch.cat(
        [values[..., MAP], values[..., NORMAL], depth[..., None], torch.ones_like(depth)[..., None]], 3
    )
    seen = pooled(seen * mine[..., None], each).permute(0, 3, 1, 2)  # [N, 8, R, R]
    normal = seen[:, 3:6]
    return PixelLabels(
        winner,
        seen[:, :3] / seen[:, 7:],
        seen[:, 6] / seen[:, 7],
        normal / normal.norm(dim=1, keepdim=True).clamp(min=1e-6),
    )
