"""Draws what a reader of heads sees, for sheets."""

from __future__ import annotations

import torch
from torch import Tensor

from ...models.head_reader import PARTS

UNKNOWN_COLOUR = (0.35, 0.35, 0.35)
# fmt: off
COLOURS = {
    "background": (0.08, 0.08, 0.12), "skin": (0.95, 0.75, 0.6), "brow": (0.45, 0.2, 0.05),
    "eye_white": (1.0, 1.0, 1.0), "iris": (0.1, 0.45, 0.95), "lips": (0.9, 0.2, 0.3),
    "mouth": (0.4, 0.0, 0.1), "teeth": (1.0, 1.0, 0.6), "ear": (0.95, 0.5, 0.3), "neck": (0.7, 0.5, 0.5),
    "hair": (0.3, 0.75, 0.2), "beard": (0.0, 0.5, 0.4), "glasses": (0.0, 0.9, 0.9), "hat": (0.6, 0.3, 0.9),
    "cloth": (0.3, 0.3, 0.75), "other": (0.9, 0.9, 0.1),
}
# fmt: on


def coloured(parts: Tensor) -> Tensor:
    """Parts [N, S, S] -> [N, 3, S, S] in -1..1; numbers beyond the parts are grey."""
    rows = [COLOURS[part] for part in PARTS] + [UNKNOWN_COLOUR]
    table = torch.tensor(rows) * 2 - 1  # [17, 3]
    return table[parts.long().clamp(max=len(PARTS))].permute(0, 3, 1, 2)


def with_points(pictures: Tensor, points: Tensor) -> Tensor:
    """Pictures [N, 3, S, S] with a bright pixel at each of the points [N, K, 2] of the unit square."""
    shown, side = pictures.clone(), pictures.shape[-1]
    place = (points * side).long().clamp(0, side - 1)
    rows = torch.arange(len(pictures), device=pictures.device)[:, None].expand(place.shape[:2])
    shown[rows, :, place[..., 1], place[..., 0]] = torch.tensor([-0.4, 1.0, 0.2], device=pictures.device)
    return shown
