"""What the samples of a picture show, gathered into labels for its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...models.head_reader import PARTS
from .head_mesh import LOWER_TEETH, TONGUE, UPPER_TEETH

PART = {name: index for index, name in enumerate(PARTS)}


@dataclass(frozen=True)
class Labels:
    """Labels of N pictures; at first of samples (R = S), then of pixels."""

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


def gathered(samples: Labels, each: int) -> Labels:
    """Labels of pixels from those of each x each samples: what most of a pixel's samples show."""
    side = samples.part.shape[1] // each

    def by_pixel(values: Tensor) -> Tensor:  # [N, C, S, S] -> [N, C, R, R, each * each]
        tiles = values.unflatten(3, (side, each)).unflatten(2, (side, each))
        return tiles.permute(0, 1, 2, 4, 3, 5).flatten(4)

    parts = by_pixel(samples.part[:, None])[:, 0]  # [N, R, R, each * each]
    like = (parts[..., :, None] == parts[..., None, :]).sum(-1)
    winner = parts.gather(-1, like.argmax(-1, keepdim=True))  # [N, R, R, 1]
    mine = (parts == winner).float()  # [N, R, R, each * each]
    total = mine.sum(-1)[:, None]
    normal = (by_pixel(samples.normal) * mine[:, None]).sum(-1) / total
    return Labels(
        winner[..., 0],
        (by_pixel(samples.face_map) * mine[:, None]).sum(-1) / total,
        ((by_pixel(samples.depth[:, None]) * mine[:, None]).sum(-1) / total)[:, 0],
        normal / normal.norm(dim=1, keepdim=True).clamp(min=1e-6),
    )
