"""Directions from classifiers (paper, section 4.5; InterFaceGAN): the attribute network says what pictures of
sampled w show, and a linear SVM separates those that clearly have an attribute from those that clearly lack
it. The separating plane's normal is the direction."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...models.generator import Generator, truncate
from ..running import distributed, precision
from ..running.draws import Draws
from ..running.layout import placed
from ..running.precision import Precision

ReadPictures = Callable[[Tensor], Tensor]  # pictures [N, 3, R, R] -> attributes [N, A]

PSI = 0.7  # truncation of the samples, as in the paper
READABLE = 0.9  # correlation with the readings of full pictures at which a lower resolution will do
LEAST = 0.05  # of a normal's length that must remain when others are taken out of it
FEWEST = 8  # samples on each side
MOST = 1_000_000  # samples in all, of some 600 numbers each


class Artist:
    """Draws many pictures with a copy of one generator on this process's device, laid out and rounded as is
    fastest there. `mean` [D] is the mean of w, `resolution` the generator's."""

    def __init__(self, generator: Generator, mean: Tensor, number_type: Precision = "auto"):
        self.device = distributed.device()
        self.mean = mean.to(self.device)
        self.resolution, self.style_dim = generator.resolution, generator.style_dim
        self.dtype = precision.chosen(number_type, self.device)
        self._generator = placed(copy.deepcopy(generator)).requires_grad_(False)

    def style(self, z: Tensor) -> Tensor:
        """z [N, D] -> w [N, D]."""
        return self._generator.style(z)

    def __call__(self, w: Tensor, side: int | None = None) -> Tensor:
        """w [N, D] -> pictures [N, 3, side, side] in -1..1."""
        with precision.autocast(self.dtype, self.device):
            picture = self._generator(w[:, None].expand(-1, self._generator.n_style, -1), side)
        return picture.float().clamp(-1, 1)


@dataclass(frozen=True)
class Samples:
    """w [N, D] and what was read from its pictures [N, A]."""

    w: Tensor
    read: Tensor


@torch.inference_mode()
def sample(
    draw: Artist,
    read: ReadPictures,
    count: int,
    *,
    psi: float = PSI,
    side: int | None = None,
    batch: int = 64,
    seed: int = 0,
) -> Samples:
    """`count` samples of w (or a few more, to fill the last batch), truncated by `psi` towards the mean, and
    what `read` says of their pictures at `side` px; every process draws some batches and gets them all."""

    def drawn(seen: int) -> Tensor:
        z = Draws(seed, seen, "directions", draw.device).joint_normal(batch, draw.style_dim)  # [N, D]
        w = truncate(draw.style(z), draw.mean, psi)
        return torch.cat([w, read(draw(w, side))], dim=1).cpu()  # [N, D + A]

    found = torch.cat(distributed.shared_out(range(0, count, batch), drawn, "samples", "batch"))
    return Samples(found[:, : draw.style_dim], found[:, draw.style_dim :])


def check_samples(count: int, share: float) -> None:
    """ValueError unless a `share` of so many samples is enough for one side of a boundary."""
    if count > MOST:
        raise ValueError(f"{count} samples are too many for memory: take at most {MOST}.")
    if int(share * count) < FEWEST:
        raise ValueError(
            f"{count} samples leave {max(0, int(share * count))} at each end of an attribute: take at least "
            f"{round(FEWEST / share)}."
        )


@torch.inference_mode()
def readable_side(draw: Artist, read: ReadPictures, columns: Sequence[int]) -> int:
    """The lowest resolution (px) at which all attributes in `columns` read nearly as from full pictures:
    sampling there is cheapest."""
    z = torch.randn(128, draw.style_dim, generator=torch.Generator().manual_seed(3)).to(draw.device)
    w = truncate(draw.style(z), draw.mean, PSI)

    def readings(side: int | None) -> Tensor:
        def of(part: Tensor) -> Tensor:
            return read(draw(part, side))[:, list(columns)].cpu()

        found = torch.cat(distributed.shared_out(w.split(32), of))  # [N, A]
        return (found - found.mean(0)) / found.std(0).clamp_min(1e-6)

    full, side = readings(None), min(32, draw.resolution)
    while side < draw.resolution:
        if (readings(side) * full).mean(0).min() >= READABLE:
            return side
        side *= 2
    return draw.resolution


def boundary(samples: Samples, column: int, share: float = 0.02) -> Tensor:
    """The unit normal [D] of the plane between the `share` of the samples that most clearly have the
    attribute in `column` and the share that most clearly lack it; it points to those that have it.

    ValueError if that leaves too few samples.
    """
    from sklearn.svm import LinearSVC

    check_samples(len(samples.w), share)
    each = int(share * len(samples.w))
    order = samples.read[:, column].argsort(stable=True)
    chosen = samples.w[torch.cat([order[:each], order[-each:]])]  # [2 * each, D]
    scale = samples.w.std()  # one for all coordinates, so that the normal stays a normal
    points = ((chosen - samples.w.mean(0)) / scale).double().numpy()
    machine = LinearSVC(dual="auto", max_iter=10_000, random_state=0).fit(points, np.repeat([0, 1], each))
    normal = torch.from_numpy(machine.coef_[0]).float()
    return normal / normal.norm()


def apart(normal: Tensor, others: Sequence[Tensor]) -> Tensor:
    """Conditional manipulation (InterFaceGAN): the part of a unit normal [D] at right angles to the normals
    [D] of `others`, as a unit vector. ValueError if hardly anything is left of it."""
    if not others:
        return normal
    basis, _ = torch.linalg.qr(torch.stack(list(others), dim=1).double())  # [D, K]
    left = normal.double() - basis @ (basis.T @ normal.double())
    if left.norm() < LEAST:
        raise ValueError("A direction is almost a mix of those it must be kept apart from: name fewer.")
    return (left / left.norm()).float()
