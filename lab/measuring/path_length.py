"""Perceptual path length (StyleGAN, section 4.1) in W, at the end points, as StyleGAN2 measures it.

torchmetrics has one, but it draws different latents in every process.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...core.editing.perceptual import Measure
from ...models.features import Features
from ..data.downsample import downsample
from .subject import SEED, Cell, Collected, Subject, normals, shares

STEP = 1e-4  # of the way to another latent
SIDE = 256  # px; larger pictures are reduced to it by the mean of each cell
LEFT_OUT = 0.01  # share of the lengths at either end


@torch.no_grad()
def path_lengths(subject: Subject, measure: Measure, samples: int, step: float = STEP) -> dict[Cell, float]:
    """The mean path length of every sub-generator over `samples` pairs of untruncated latents.

    StyleGAN2's is measured with LPIPS by VGG over 50,000.
    """
    # a GPU's convolutions would round their factors to ten bits, which is more than a step changes
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        return _path_lengths(subject, measure, samples, step)


def _path_lengths(subject: Subject, measure: Measure, samples: int, step: float) -> dict[Cell, float]:
    z = normals(2 * samples, subject.generator.style_dim, SEED + 3)
    rows = {cell: Collected(samples) for cell in subject.cells}
    for places in shares(samples, "path length"):
        start, end = subject.latents(z[places]), subject.latents(z[samples + places])
        for ratio in subject.ratios:
            before = subject.pictures(start, ratio)
            after = subject.pictures(start.lerp(end, step), ratio)
            for side in subject.resolutions:
                seen = (downsample(found[side], min(side, SIDE)) for found in (before, after))
                rows[side, ratio].put(places, measure.apart(*seen) / step**2)
    return {cell: _kept_mean(row.joint()) for cell, row in rows.items()}


def _kept_mean(lengths: Tensor) -> float:
    lengths = lengths.double()
    low = torch.quantile(lengths, LEFT_OUT, interpolation="lower")
    high = torch.quantile(lengths, 1 - LEFT_OUT, interpolation="higher")
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
