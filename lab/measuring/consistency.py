"""How close a sub-generator's pictures are to the full one's: distance, PSNR, and what they show (paper,
Figure 6 and Table 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.editing.perceptual import Measure
from ...models.features import Features
from ..data.downsample import downsample
from ..networks.attributes import names_of, paper_attributes
from .subject import SEED, Cell, Collected, Subject, normals, shares

PEAK = 2.0  # from black to white, -1 to 1
PSI = 0.5  # truncation of Table 4


@torch.no_grad()
def distances(
    subject: Subject, measure: Measure, samples: int, full: Subject | None = None
) -> tuple[dict[Cell, float], dict[Cell, float]]:
    """Perceptual distance and mean squared error of every sub-generator's pictures to the full generator's
    (that of `full`, if given), reduced to the same resolution; means over `samples` untruncated latents."""
    full = full or subject
    z = normals(samples, subject.generator.style_dim, SEED + 1)
    rows = {cell: Collected(samples, 2) for cell in subject.cells}
    for places in shares(samples, "consistency"):
        w = subject.latents(z[places])
        whole = full.pictures(full.latents(z[places]))[full.resolutions[-1]].clamp(-1, 1)  # [N, 3, R, R]
        wanted = {side: Embedded.of(measure, downsample(whole, side)) for side in subject.resolutions}
        for ratio in subject.ratios:
            for side, picture in subject.pictures(w, ratio).items():
                drawn = Embedded.of(measure, picture)
                rows[side, ratio].put(places, differences(measure, drawn, wanted[side]))
    means = {cell: row.joint().mean(dim=0) for cell, row in rows.items()}
    return {c: float(m[0]) for c, m in means.items()}, {c: float(m[1]) for c, m in means.items()}


@dataclass(frozen=True, eq=False)
class Embedded:
    """Pictures [N, 3, R, R], clamped, and their maps: each is looked at once, however often compared."""

    picture: Tensor
    maps: list[Tensor]

    @classmethod
    def of(cls, measure: Measure, picture: Tensor) -> Embedded:
        clamped = picture.clamp(-1, 1)
        return cls(clamped, measure.embed(clamped))


def differences(measure: Measure, a: Embedded, b: Embedded) -> Tensor:
    """Perceptual distance and mean squared error [N, 2] of each pair of pictures."""
    squared = (a.picture - b.picture).square().mean(dim=(1, 2, 3))
    return torch.stack([measure.between(a.maps, b.maps), squared], dim=1)


def psnr(squared: float) -> float | None:
    """Peak signal-to-noise ratio in dB of a mean squared error in -1..1; None for equal pictures."""
    return 10 * math.log10(PEAK**2 / squared) if squared > 0 else None


@torch.no_grad()
def agreement(
    subject: Subject, features: Features, samples: int, full: Subject | None = None
) -> dict[Cell, dict[str, float]]:
    """For each of the paper's attributes that `features` reads, the share of `samples` latents, truncated to
    0.5, for which the pictures of a sub-generator and of the full generator (from `full`, if given) agree on
    whether it is there."""
    full, names = full or subject, list(paper_attributes(names_of(features)))
    z = normals(samples, subject.generator.style_dim, SEED + 2)
    rows = {cell: Collected(samples, len(names)) for cell in subject.cells}
    for places in shares(samples, "attributes"):
        w = subject.latents(z[places], PSI)
        wanted = has(features, full.pictures(full.latents(z[places], PSI))[full.resolutions[-1]])  # [N, K]
        for ratio in subject.ratios:
            for side, picture in subject.pictures(w, ratio).items():
                rows[side, ratio].put(places, has(features, picture) == wanted)
    return {
        cell: dict(zip(names, row.joint().mean(dim=0).tolist(), strict=True)) for cell, row in rows.items()
    }


def has(features: Features, picture: Tensor) -> Tensor:
    """Which of the paper's attributes that are read pictures [N, 3, R, R] show: booleans [N, K]."""
    values = features.values(picture.clamp(-1, 1))  # [N, A]
    read = paper_attributes(names_of(features)).values()
    return torch.stack([values[:, k] > above for k, above in read], dim=1)
