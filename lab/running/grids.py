"""Sheets of pictures to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ...core.files.whole_file import writing
from ...models.generator import Generator, Noise
from ...models.widths import WidthRule


def save_sheet(rows: Sequence[Tensor], path: Path) -> None:
    """Writes rows of pictures [N, 3, r, r] in -1..1 as one PNG, all enlarged to the largest."""
    side = max(row.shape[-1] for row in rows)
    enlarged = [row if row.shape[-1] == side else F.interpolate(row, (side, side)) for row in rows]
    sheet = torch.cat([torch.cat(list(row), dim=2) for row in enlarged], dim=1)  # [3, rows * R, N * R]
    pixels = ((sheet.float().clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
    with writing(path) as file:
        Image.fromarray(np.ascontiguousarray(pixels)).save(file, format="PNG")


@torch.no_grad()
def rungs(
    generator: Generator,
    rule: WidthRule,
    w: Tensor,
    sides: Sequence[int],
    ratios: Sequence[float],
    noise: Noise,
) -> list[Tensor]:
    """The latents w+ [N, n_style, D] drawn by every rung, full one first: a row per side and ratio."""
    rows = []
    for side in sorted(sides, reverse=True):
        for ratio in sorted(ratios, reverse=True):
            sub = rule.sub_generator(generator.channels, side, ratio)
            rows.append(generator(w, sub.resolution, sub.channels, noise))  # [N, 3, side, side]
    return rows
