"""Trains an attribute network (`attribute_training.py`) on painted portraits, whose attributes are known
exactly: `anycost train configs/attributes.toml`.

Swings and levels are regressed. Gates, which are nearly always 0 or 1, have a logistic loss; its minimum is
also the gate's value, so every output means the same: the attribute, standardised by the population.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.features import WIDTHS, Features, side_of
from ..data.painted import PaintedBatches
from ..data.replay import repeated
from ..painter import CONTROLS, PAPER_ATTRIBUTES, STYLE_DIM, attributes, paint_z
from ..running import checkpoints
from ..running.precision import Precision
from .attribute_training import STEEP, ReadBatch, ReadingTraining, save_features, trained

NAMES = tuple(control.name for control in CONTROLS)  # the order of the network's outputs
GATES = tuple(k for k, control in enumerate(CONTROLS) if control.kind == "gate")
CELEBA = {name: name for name in PAPER_ATTRIBUTES} | {"Earrings": "Wearing_Earrings"}  # its names for them
UNSEEN = 99  # seed of portraits that training never sees


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


def names_of(network: Features) -> tuple[str, ...]:
    """The names of what a network reads, in its order. Where its file has none, a network with 64 outputs
    reads the painter's attributes, and any other's are numbered: attribute_1, attribute_2..."""
    if network.names:
        return network.names
    count = len(network.mean)
    return NAMES if count == len(NAMES) else tuple(f"attribute_{k}" for k in range(1, count + 1))


def paper_attributes(names: Sequence[str]) -> dict[str, tuple[int, float]]:
    """The attributes of the paper's Table 4 among those that a network reads, by the painter's names or by
    CelebA's: their columns, and the values above which a picture has them."""
    found = {}
    for name, (control, threshold) in PAPER_ATTRIBUTES.items():
        if control in names:
            found[name] = (list(names).index(control), threshold)
        elif CELEBA[name] in names:
            found[name] = (list(names).index(CELEBA[name]), 0.5)
    return found


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


class AttributeTraining(ReadingTraining[AttributeSettings]):
    """The attribute network of painted portraits: see `loop.Task`."""

    def __init__(self, settings: AttributeSettings):
        super().__init__(settings, NAMES, *standards())

    def loss(self, values: Tensor, wanted: Tensor) -> Tensor:
        return reading_loss(values, wanted, self.network.deviation)

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

    def show(self, folder: Path, seen: int) -> None:
        """Unseen portraits, a row for each of the paper's attributes: those that show it least and most."""
        z = torch.randn(64, STYLE_DIM, generator=torch.Generator().manual_seed(UNSEEN)).to(self.device)
        picture = paint_z(z, self.network.side).rgb
        columns = [NAMES.index(name) for name, _ in PAPER_ATTRIBUTES.values()]
        self.show_orders(picture, columns, folder, seen)


def finish(folder: Path) -> Path:
    """Writes `folder`/features.safetensors from the run in it, and prints how well it reads."""
    network = trained(checkpoints.load(folder / checkpoints.LAST)["task"], NAMES)
    path = folder / "features.safetensors"
    save_features(network, path)
    read, truth = readings(network)
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
