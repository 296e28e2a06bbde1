"""What is measured: one generator with its sub-generators, and the latents for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from tqdm import tqdm

from ...models.generator import Generator, truncate
from ...models.pack import Pack
from ...models.widths import SubGenerator, WidthRule
from ..running import distributed
from ..running.checkpoints import Trained
from ..running.layout import placed

Cell = tuple[int, float]  # of a table: resolution in px, ratio; several may be the same sub-generator
SEED = 2_718_281_828  # far from the small seeds of training; a CPU's generator takes 32 bits
BATCH = 16


@dataclass(frozen=True, eq=False)
class Subject:
    """A generator, and the resolutions (px) and ratios at which it is measured, the full one included.

    `mean_w` [D] is what truncation pulls towards.
    """

    generator: Generator
    rule: WidthRule
    mean_w: Tensor
    resolutions: tuple[int, ...]
    ratios: tuple[float, ...]

    @property
    def cells(self) -> list[Cell]:
        """Every resolution x ratio, the full generator last."""
        return [(side, ratio) for side in self.resolutions for ratio in self.ratios]

    def sub_generator(self, resolution: int, ratio: float) -> SubGenerator:
        """The sub-generator of a cell."""
        return self.rule.sub_generator(self.generator.channels, resolution, ratio)

    def latents(self, z: Tensor, psi: float = 1.0) -> Tensor:
        """z [N, D] -> w+ [N, n_style, D], truncated by psi."""
        w = truncate(self.generator.style(z), self.mean_w, psi)  # [N, D]
        return w[:, None].expand(-1, self.generator.n_style, -1)

    def pictures(self, w: Tensor, ratio: float = 1.0) -> dict[int, Tensor]:
        """w+ [N, n_style, D] -> side -> picture [N, 3, side, side], not clamped, with the stored noise.

        All resolutions of one ratio come from one run: a lower one is a higher one that ends early.
        """
        top = self.sub_generator(self.resolutions[-1], ratio)
        blocks = self.generator.blocks(w, top.resolution, top.channels)
        return {rgb.shape[-1]: rgb for rgb in blocks if rgb.shape[-1] in self.resolutions}


def of_pack(pack: Pack) -> Subject:
    """All resolutions and ratios that the pack's generator was trained for."""
    return Subject(
        placed(pack.generator()),
        pack.rule,
        torch.tensor(pack.mean_w, device=distributed.device()),
        tuple(sorted({*pack.resolutions, pack.resolution})),
        tuple(sorted({*pack.ratios, 1.0})),
    )


def of_run(trained: Trained, resolutions: tuple[int, ...], ratios: tuple[float, ...]) -> Subject:
    """The averaged generator of a training run, at the given resolutions and ratios."""
    generator = placed(trained.generator)
    with torch.inference_mode():
        mean = generator.style(normals(8192, generator.style_dim, SEED - 1)).mean(0)
    return Subject(generator, trained.rule, mean, tuple(sorted(resolutions)), tuple(sorted({*ratios, 1.0})))


def normals(count: int, dim: int, seed: int) -> Tensor:
    """Standard normals [count, dim], the same on every process and machine."""
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)).to(distributed.device())


def shares(count: int, what: str) -> Iterator[Tensor]:
    """This process's positions of 0 .. count - 1, in batches, under a progress bar called `what`."""
    mine = torch.arange(distributed.rank(), count, distributed.world())
    bar = tqdm(total=len(mine), desc=what, unit="picture", leave=False, disable=distributed.rank() > 0)
    with bar:
        for places in mine.split(BATCH):
            yield places
            bar.update(len(places))


class Collected:
    """One row of numbers for each of `count` pictures, filled in by whichever process has the picture."""

    def __init__(self, count: int, *shape: int):
        self.values = torch.zeros(count, *shape, device=distributed.device())

    def put(self, places: Tensor, values: Tensor) -> None:
        self.values[places.to(self.values.device)] = values.to(self.values)

    def joint(self) -> Tensor:
        """All rows [count, ...], on every process; the same for any number of processes."""
        values = self.values.clone()
        if distributed.world() > 1:
            dist.all_reduce(values)
        return values
