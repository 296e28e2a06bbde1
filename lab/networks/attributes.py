"""Trains the attribute network (`models/features.py`) on painted portraits, whose attributes are known
exactly: `anycost train configs/attributes.toml`.

Swings and levels are regressed. Gates, which are nearly always 0 or 1, have a logistic loss; its minimum is
also the gate's value, so every output means the same: the attribute, standardised by the population.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from ...core.errors import CoreError
from ...models.features import WIDTHS, Features, side_of
from ..data.augment import augment
from ..data.painted import PaintedBatches
from ..data.replay import repeated
from ..painter import CONTROLS, PAPER_ATTRIBUTES, STYLE_DIM, attributes, paint_z
from ..running import checkpoints, precision
from ..running.descent import Descent
from ..running.draws import Draws
from ..running.grids import save_sheet
from ..running.layout import placed
from ..running.precision import Precision
from ..running.task import Training
from .standardised import fold, standardise

NAMES = tuple(control.name for control in CONTROLS)  # the order of the network's outputs
GATES = tuple(k for k, control in enumerate(CONTROLS) if control.kind == "gate")
STEEP = 8.0  # logits between a gate's off and on
SIDES = (32, 48, 64, 96)  # px to which half the batches are reduced first: drafts must be judged too
STRENGTH = 0.5  # of the augmentation: more would hide the colours to read
UNSEEN = 99  # seed of portraits that training never sees
SHOWN = 8

ReadBatch = tuple[Tensor, Tensor]  # attributes [N, A], picture [N, 3, R, R]


@dataclass(frozen=True)
class AttributeSettings:
    """An attribute network's TOML file. `pictures` counts all that are shown, each painted one `repeats`
    times; `batch` the pictures of a step over all processes; `widths` the channels of each stage (one more
    stage doubles the side it reads). `colours` weighs how well the stages' maps keep colours."""

    pictures: int = 240_000
    repeats: int = 3
    batch: int = 64
    learning_rate: float = 4e-3
    widths: tuple[int, ...] = WIDTHS
    colours: float = 0.1
    seed: int = 0
    precision: Precision = "auto"


def standards() -> tuple[Tensor, Tensor]:
    """Mean and standard deviation [A] of every attribute in the population: they standardise what the network
    predicts."""
    found = attribute_table(torch.randn(20_000, STYLE_DIM, generator=torch.Generator().manual_seed(1)))
    return found.mean(0), found.std(0).clamp_min(1e-3)


def attribute_table(z: Tensor, correlated: bool = True) -> Tensor:
    """z [N, D] -> attributes [N, A] in the order of `NAMES`."""
    found = attributes(z, correlated)
    return torch.stack([found[name] for name in NAMES], dim=1)


def reading_loss(values: Tensor, wanted: Tensor, deviation: Tensor) -> Tensor:
    """The error of values [N, A] read from pictures, averaged over pictures and attributes.

    A gate's logit is `STEEP` (value - 0.5), and its target is the same function of the true value: the loss
    is lowest when the two are equal, and a gate that is clearly on or off has hardly any gradient.
    """
    gates = torch.tensor(GATES, device=values.device)
    error = F.smooth_l1_loss(values / deviation, wanted / deviation, reduction="none")  # [N, A]
    logits, truth = STEEP * (values[:, gates] - 0.5), torch.sigmoid(STEEP * (wanted[:, gates] - 0.5))
    error[:, gates] = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    return error.mean()


class Colours(nn.Module):
    """Keeps the low stages a good measure of pictures during training: one linear layer must read, from each
    place of each map, the colours there at twice the map's side. Not part of the file."""

    def __init__(self, widths: tuple[int, ...]):
        super().__init__()
        self.heads = nn.ModuleList(nn.Conv2d(width, 12, 1) for width in widths)

    def forward(self, maps: list[Tensor], picture: Tensor) -> Tensor:
        """maps [N, C, S, S] of pictures [N, 3, R, R] -> the mean absolute error."""
        errors = []
        for head, found in zip(self.heads, maps, strict=True):
            wanted = F.pixel_unshuffle(_resampled(picture, 2 * found.shape[-1]), 2)  # [N, 12, S, S]
            errors.append((head(found).float() - wanted).abs().mean())
        return torch.stack(errors).mean()


class AttributeTraining(Training[AttributeSettings]):
    """The attribute network and its optimiser: see `loop.Task`."""

    def __init__(self, settings: AttributeSettings):
        super().__init__(settings)
        self.network = Features(len(NAMES), settings.widths)
        self.network.mean, self.network.deviation = standards()
        standardise(self.network)
        self.colours = Colours(settings.widths)
        both = placed(nn.ModuleList([self.network, self.colours]))
        self.descent = Descent(both.parameters(), settings.learning_rate, settings.pictures)

    def batches(self, seen: int) -> Iterator[ReadBatch]:
        settings = self.settings
        return repeated(self._painted, seen, settings.batch, settings.repeats, seed=settings.seed)

    def _painted(self, seen: int) -> Iterator[ReadBatch]:
        """Paints every second batch without the population's correlations, so that a beard is read from its
        hair and not from the jaw below it."""
        settings, position = self.settings, seen
        sources = [self._source(seen, correlated) for correlated in (True, False)]
        while True:
            correlated = position // settings.batch % 2 == 0
            z, picture, _ = next(sources[0 if correlated else 1])
            yield attribute_table(z, correlated), picture
            position += settings.batch

    def _source(self, seen: int, correlated: bool) -> Iterator:
        settings, side = self.settings, side_of(self.settings.widths)
        # `seen` starts a block, which has equally many batches of both kinds
        seed = 2 * (100 + settings.seed) + correlated
        painted = PaintedBatches(side, settings.batch, seed=seed, seen=seen // 2, correlated=correlated)
        return iter(painted.in_background())

    def step(self, batch: ReadBatch, seen: int) -> dict[str, Tensor]:
        wanted, picture = batch
        draws = Draws(self.settings.seed, seen, "attributes", self.device)
        picture = augment(picture, draws, STRENGTH)
        side = draws.choices.choice(SIDES) if draws.choices.random() < 0.5 else picture.shape[-1]
        picture = _resampled(_resampled(picture, side), self.network.side)
        picture = picture.contiguous(memory_format=torch.channels_last)
        with precision.autocast(self.dtype, self.device):
            maps = self.network.maps(picture)
            read = self.network.attributes(maps[-1].flatten(1)).float()  # [N, A]
            colours = self.colours(maps, picture)
        values = read * self.network.deviation + self.network.mean
        reading = reading_loss(values, wanted, self.network.deviation)
        self.descent.step(reading + self.settings.colours * colours, seen)
        return {"reading": reading, "colours": colours}

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "widths": list(self.settings.widths),
            "colours": self.colours.state_dict(),
            "descent": self.descent.state(),
            "precision": str(self.dtype).removeprefix("torch."),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues from a state; CoreError if its network has another size."""
        if state["widths"] != list(self.settings.widths):
            raise CoreError("bad-value", "The run's `widths` differ from those in its TOML file.")
        self.network.load_state_dict(state["network"])
        self.colours.load_state_dict(state["colours"])
        self.descent.restore(state["descent"])
        self.dtype = precision.NAMES[state["precision"]]

    def show(self, folder: Path, seen: int) -> None:
        """Unseen portraits, a row for each of the paper's attributes: those that show it least and most."""
        z = torch.randn(64, STYLE_DIM, generator=torch.Generator().manual_seed(UNSEEN)).to(self.device)
        picture = paint_z(z, self.network.side).rgb
        with torch.inference_mode():
            read = self.network(picture)  # [N, A]
        columns = [NAMES.index(name) for name, _ in PAPER_ATTRIBUTES.values()]
        orders = [read[:, k].argsort() for k in columns]
        half = SHOWN // 2
        rows = [picture[torch.cat([order[:half], order[-half:]])] for order in orders]
        save_sheet(rows, folder / f"samples-{seen:08d}.png")


def _resampled(picture: Tensor, side: int) -> Tensor:
    """[N, C, R, R] -> [N, C, side, side], antialiased."""
    if picture.shape[-1] == side:
        return picture
    smaller = side < picture.shape[-1]
    return F.interpolate(picture, (side, side), mode="bilinear", antialias=smaller, align_corners=False)


def finish(folder: Path) -> Path:
    """Writes `folder`/features.safetensors from the run in it, and prints how well it reads."""
    kept = checkpoints.load(folder / checkpoints.LAST)["task"]
    network = Features(len(NAMES), kept["widths"])
    standardise(network)
    network.load_state_dict(kept["network"])
    fold(network)
    path = folder / "features.safetensors"
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
    read, truth = readings(network.eval())
    for name, value in sorted(correlations(read, truth).items(), key=lambda item: -item[1]):
        print(f"{value:6.3f}  {name}")
    for name, value in accuracies(read, truth).items():
        print(f"{100 * value:6.1f} %  {name}")
    return path


def readings(network: Features) -> tuple[Tensor, Tensor]:
    """The attribute values [N, A] of 1024 unseen portraits of the population: as read, and the truth."""
    source = iter(PaintedBatches(network.side, 32, seed=UNSEEN))
    read, truth = [], []
    for z, picture, _ in islice(source, 32):
        with torch.inference_mode():
            read.append(network.values(picture))
        truth.append(attribute_table(z))
    return torch.cat(read), torch.cat(truth)


def correlations(read: Tensor, truth: Tensor) -> dict[str, float]:
    """How well each attribute is read: Pearson correlation of two [N, A], by name."""
    read, truth = read - read.mean(0), truth - truth.mean(0)
    values = (read * truth).sum(0) / (read.norm(dim=0) * truth.norm(dim=0)).clamp_min(1e-6)
    return dict(zip(NAMES, values.tolist(), strict=True))


def accuracies(read: Tensor, truth: Tensor) -> dict[str, float]:
    """The share of portraits for which each of the paper's attributes is correctly read as there or not."""
    found = {}
    for name, (control, threshold) in PAPER_ATTRIBUTES.items():
        k = NAMES.index(control)
        found[name] = float(((read[:, k] > threshold) == (truth[:, k] > threshold)).float().mean())
    return found
