"""Distils a generator from itself: its sub-generators learn to draw what it draws, from its latents alone.

The frozen original is the teacher, and the mapping stays frozen too, so that latents keep their meaning. Each
step draws two sub-generators, one up to the top, with widths by the sandwich rule (paper, section 3.2) or of
one ratio; the target of Eq. 5 is the teacher's picture, reduced by cell means. A lower resolution is a higher
one that ends early, so all outputs on the way are taught at once. A full draw always runs to the top, which
keeps the full picture as it was.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.generator import Generator, Noise, mix
from ...models.layer_sizes import layer_count
from ...models.widths import SubGenerator, WidthRule
from ..data.downsample import downsample
from ..generator import sorting
from ..generator.game import PERCEPTUAL_SIDE
from ..generator.losses import picture_loss
from ..generator.mapping import mapped
from ..generator.sampling import Widths, draw_widths
from ..generator.starting import draws_noise
from ..networks.perceptual_part import Perceptual
from ..running import distributed, precision
from ..running.averaging import Average
from ..running.descent import Descent
from ..running.draws import Draws
from ..running.grids import rungs, save_sheet
from ..running.layout import placed
from ..running.precision import Precision
from ..running.task import Training
from . import importance

RATIOS = (0.25, 0.5, 0.75, 1.0)
KINDS: tuple[Widths, ...] = ("sandwich", "uniform")  # of widths, equally often
LEAST_SIDE = 16  # px of the smallest resolution that is taught
MIXING = 0.5  # share of steps whose pictures mix the styles of two latents
PERCEPTUAL = 0.1  # weight of a perceptual distance beside the squared error
FULL = 2.0  # weight of the full widths' pictures
HALF_LIFE = 2.0  # of the average, in thousands of pictures
SHOWN = 8


@dataclass(frozen=True)
class DistilSettings:
    """Of one run; `batch` counts the pictures of a step over all processes."""

    pictures: int
    batch: int
    learning_rate: float = 1e-2
    seed: int = 0
    precision: Precision = "auto"


def sides_of(resolution: int) -> tuple[int, ...]:
    """The resolutions that are taught: four, as in the paper, or fewer of a small generator."""
    return tuple(resolution >> k for k in range(3, -1, -1) if resolution >> k >= min(LEAST_SIDE, resolution))


def noise_of(generator: Generator) -> Noise:
    """The stored maps, or none for a generator that ignores them."""
    return "constant" if draws_noise(generator.state_dict()) else "none"


def sorted_copy(generator: Generator) -> Generator:
    """The same generator with each layer's most important channels first: it draws the same."""
    copy = placed(deepcopy(generator))
    places = importance.order(copy, noise_of(generator))
    sorting.permute(dict(copy.named_parameters()), [found.to(copy.input.input.device) for found in places])
    return copy


def draw_two(
    chance: random.Random, rule: WidthRule, full: Sequence[int], sides: Sequence[int]
) -> list[SubGenerator]:
    """The sub-generators of a step: one of the highest of the `sides`, one of any. Half have one ratio for
    all layers, as most rungs do; that leaves the sandwich its share of full and of narrowest ones."""
    chosen = [
        (side, draw_widths(chance, chance.choice(KINDS), rule, full, RATIOS))
        for side in (max(sides), chance.choice(list(sides)))
    ]
    return [SubGenerator(side, channels[: layer_count(side)]) for side, channels in chosen]


class SelfDistilling(Training[DistilSettings]):
    """A generator that learns to draw as `teacher` does at all resolutions and widths: see `loop.Task`."""

    def __init__(
        self, settings: DistilSettings, teacher: Generator, rule: WidthRule, looks: Perceptual | None
    ):
        super().__init__(settings)
        self.teacher, self.rule, self.looks = placed(deepcopy(teacher)), rule, looks
        self.teacher.eval().requires_grad_(False)
        self.noise: Noise = noise_of(teacher)
        self.sides = sides_of(teacher.resolution)
        self.generator = sorted_copy(self.teacher).train()
        trained = []
        for name, parameter in self.generator.named_parameters():
            learns = not name.startswith("style.") and not name.endswith("noise.weight")
            parameter.requires_grad_(learns)
            if learns:
                trained.append(parameter)
        self.average = Average(self.generator, HALF_LIFE)
        self.descent = Descent(trained, settings.learning_rate, settings.pictures)

    # loop.Task

    def batches(self, seen: int) -> Iterator[int]:
        """No data: everything is drawn from the position."""
        while True:
            yield self.batch // distributed.world()

    def step(self, batch: int, seen: int) -> dict[str, Tensor]:
        draws = Draws(self.settings.seed, seen, "self-distillation", self.device)
        subs = draw_two(draws.choices, self.rule, self.generator.channels, self.sides)
        with precision.autocast(self.dtype, self.device):
            w = self._latents(draws, batch)
            with torch.no_grad():
                taught = self.teacher(w, noise=self.noise).float()  # [N, 3, R, R]
            terms = self._terms(subs, w, taught)
        self.descent.step(torch.stack(list(terms.values())).sum(), seen)
        self.average.update(self.generator, self.batch, seen + self.batch)
        return terms

    def _latents(self, draws: Draws, count: int) -> Tensor:
        """w+ [N, n_style, D] by the teacher's mapping, some mixed of two."""
        z = draws.normal(count, 2, self.teacher.style_dim)  # [N, 2, D]
        first, second = (
            mapped(self.teacher.style, part)[:, None].expand(-1, self.teacher.n_style, -1)
            for part in z.unbind(1)
        )
        if draws.choices.random() >= MIXING:
            return first
        return mix(first, second, draws.choices.randrange(1, self.teacher.n_style))

    def _terms(self, subs: list[SubGenerator], w: Tensor, taught: Tensor) -> dict[str, Tensor]:
        """The mean distance of the full widths' pictures and of the narrower ones, of all resolutions."""
        channels = self.generator.channels
        narrow = [sub for sub in subs if sub.channels != channels[: len(sub.channels)]]
        full = [SubGenerator(self.generator.resolution, channels)] if len(narrow) < len(subs) else []
        return {
            "full": FULL * self._mean_apart(full, w, taught),
            "narrow": self._mean_apart(narrow, w, taught),
        }

    def _mean_apart(self, subs: list[SubGenerator], w: Tensor, taught: Tensor) -> Tensor:
        """The mean, over sub-generators, of that over all outputs that are taught; 0 for none."""
        found = taught.new_zeros(())
        for sub in subs:
            outputs = self.generator.blocks(w, sub.resolution, sub.channels, self.noise)
            apart = [self._apart(rgb, taught) for rgb in outputs if rgb.shape[-1] in self.sides]
            found = found + torch.stack(apart).mean() / len(subs)
        return found

    def _apart(self, picture: Tensor, taught: Tensor) -> Tensor:
        """Eq. 5: how far pictures [N, 3, r, r] are from the teacher's [N, 3, R, R], reduced to theirs."""
        picture = picture.float()
        target = downsample(taught, picture.shape[-1])
        if self.looks is None:
            return picture_loss(picture, target, picture.new_ones(()))
        side = min(picture.shape[-1], PERCEPTUAL_SIDE)
        pair = downsample(picture, side), downsample(target, side)
        return F.mse_loss(picture, target) + PERCEPTUAL * self.looks.distance(*pair).mean()

    def state(self) -> dict[str, Any]:
        return {
            "generator": self.generator.state_dict(),
            "average": self.average.network.state_dict(),
            "descent": self.descent.state(),
            "precision": str(self.dtype).removeprefix("torch."),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.generator.load_state_dict(state["generator"])
        self.average.network.load_state_dict(state["average"])
        self.descent.restore(state["descent"])
        self.dtype = precision.NAMES[state["precision"]]

    @torch.no_grad()
    def show(self, folder: Path, seen: int) -> None:
        """A sheet of the teacher's pictures and the averaged generator's rungs."""
        w = self._latents(Draws(self.settings.seed, -1, "shown", self.device), SHOWN)
        rows = rungs(self.average.network, self.rule, w, self.sides, (1.0, 0.5, 0.25), self.noise)
        save_sheet([self.teacher(w, noise=self.noise), *rows], folder / f"samples-{seen:08d}.png")
