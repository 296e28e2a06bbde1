"""Perceptual path length (StyleGAN, section 4.1) in W, at the end points, as the paper reports it.

torchmetrics has one, but it draws different latents in every process.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...core.editing.perceptual import Measure
from ...models.features import Features
from .consistency import each_distance
from .subject import SEED, Cell, Collected, Subject, normals, shares

STEP = 1e-4  # of the way to another latent
KEPT = (0.01, 0.99)  # quantiles: lengths beyond them are left out, as in StyleGAN's code


@torch.no_grad()
def path_lengths(subject: Subject, measure: Measure, samples: int, step: float = STEP) -> dict[Cell, float]:
    """The mean path length of every sub-generator over `samples` pairs of untruncated latents."""
    z = normals(2 * samples, subject.generator.style_dim, SEED + 3)
    rows = {cell: Collected(samples) for cell in subject.cells}
    for places in shares(samples, "path length"):
        start, end = subject.latents(z[places]), subject.latents(z[samples + places])
        for ratio in subject.ratios:
            before = subject.pictures(start, ratio)
            after = subject.pictures(start.lerp(end, step), ratio)
            for side in subject.resolutions:
                lengths = each_distance(measure, before[side], after[side]) / step**2
                rows[side, ratio].put(places, lengths)
    return {cell: _kept_mean(row.joint()) for cell, row in rows.items()}


def _kept_mean(lengths: Tensor) -> float:
    lengths = lengths.double()
    low, high = (torch.quantile(lengths, share) for share in KEPT)
    return float(lengths[(lengths >= low) & (lengths <= high)].mean())


def smooth(features: Features) -> Measure:
    """An attribute network's distance for small steps: each map is scaled as a whole.

    Scaled place by place, as in core/editing/perceptual.py, a place with hardly an active channel can turn by
    any angle within the smallest step, and lengths grow without end as steps shrink.
    """

    def embed(picture: Tensor) -> list[Tensor]:
        maps = features.maps(picture)  # each [N, C, S, S]
        return [m / m.square().sum(dim=1).mean(dim=(1, 2)).sqrt()[:, None, None, None] for m in maps]

    return Measure("the pack's own features", embed)
