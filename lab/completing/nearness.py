"""How near sub-generators draw to the full picture: the figure before and after a distillation."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...models.generator import Generator
from ...models.widths import SubGenerator, WidthRule
from ..data.downsample import downsample
from ..directions.svm import PSI
from ..measuring.consistency import psnr
from ..measuring.subject import normals

LATENTS, BATCH, SEED = 24, 4, 181


def shown_cells(rule: WidthRule, channels: Sequence[int], sides: Sequence[int]) -> list[SubGenerator]:
    """The full widths at the two highest resolutions, and half and a quarter of them at the highest."""
    top = [(max(sides), 1.0), (max(sides), 0.5), (max(sides), 0.25)]
    lower = [(side, 1.0) for side in sorted(sides)[-2:-1]]
    return [rule.sub_generator(channels, side, ratio) for side, ratio in (*top, *lower)]


@torch.inference_mode()
def nearness(student: Generator, teacher: Generator, cells: Sequence[SubGenerator]) -> list[float]:
    """For each of the `student`'s sub-generators the squared error of its pictures to the `teacher`'s full
    ones, reduced to the same resolution, in the mean over some latents."""
    z = normals(LATENTS, teacher.style_dim, SEED)
    w = teacher.style(z)
    mean = teacher.style(normals(1024, teacher.style_dim, SEED + 1)).mean(0)
    w = (mean + PSI * (w - mean))[:, None].expand(-1, teacher.n_style, -1)  # [N, n_style, D]
    totals = [0.0] * len(cells)
    for part in w.split(BATCH):
        full = teacher(part).clamp(-1, 1)
        for k, cell in enumerate(cells):
            drawn = student(part, cell.resolution, cell.channels).clamp(-1, 1)
            error = (drawn - downsample(full, cell.resolution)).square().mean()
            totals[k] += float(error) * len(part) / LATENTS
    return totals


def decibels(squared: float) -> str:
    """A squared error as people know it: "31.2 dB"."""
    found = psnr(squared)
    return "equal" if found is None or found > 90 else f"{found:.1f} dB"
