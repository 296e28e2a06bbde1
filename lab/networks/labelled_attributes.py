"""Trains an attribute network on pictures with a table of what they show (paper, sections 4.3 and D.1):
`anycost train configs/celeba-attributes.toml`.

Every attribute is there or not, so each has a logistic loss.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.features import WIDTHS, Features, side_of
from ..data.head_cache import signed
from ..data.labelled import Labelled, LabelledBatches, LabelledSettings, in_order, labelled
from ..running import checkpoints, distributed
from ..running.loop import LOG
from ..running.precision import Precision
from .attribute_training import STEEP, ReadBatch, ReadingTraining, save_features, trained
from .attributes import paper_attributes

JUDGED = 1024  # pictures of the validation part that a run is judged by while it goes on
ON_SHEET = 64  # of these are ordered on a sheet


@dataclass(frozen=True)
class LabelledAttributeSettings:
    """The TOML file of an attribute network for labelled pictures. `pictures` counts all that are shown;
    `batch` the pictures of a step over all processes; `widths` the channels of each stage (one more stage
    doubles the side it reads). `colours` weighs how well the stages' maps keep colours.

    `rare` raises the weight of what is seen seldom: 0 not at all, 1 so that pictures with an attribute weigh
    as much as those without it.
    """

    data: LabelledSettings
    pictures: int = 3_000_000
    batch: int = 64
    learning_rate: float = 2e-3
    widths: tuple[int, ...] = WIDTHS
    colours: float = 0.1
    rare: float = 0.0
    seed: int = 0
    precision: Precision = "auto"

    def __post_init__(self):
        if not 0 <= self.rare <= 1:
            raise ValueError(f"`rare` is 0 to 1, not {self.rare:g}.")
        if not 3 <= len(self.widths) <= 7 or min(self.widths) < 1:
            raise ValueError("`widths` has three to seven positive counts: 3 read 32 px, 7 read 512 px.")


def logistic_loss(values: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """The logistic loss of values [N, A] against labels [N, A]: 1 (there), -1 (not there), 0 (unknown, which
    costs nothing), averaged over pictures and attributes. weights [2, A] are those of there and not there."""
    there = labels > 0
    error = F.binary_cross_entropy_with_logits(STEEP * (values - 0.5), there.float(), reduction="none")
    return (error * torch.where(there, weights[0], weights[1]) * (labels != 0)).mean()


def weights_of(shares: Tensor, rare: float) -> Tensor:
    """The weights [2, A] of pictures with and without each attribute, which a share [A] of them has."""
    return (0.5 / torch.stack([shares, 1 - shares])) ** rare


class LabelledAttributeTraining(ReadingTraining[LabelledAttributeSettings]):
    """The attribute network of labelled pictures: see `loop.Task`."""

    def __init__(self, settings: LabelledAttributeSettings):
        self.training, self.validation = labelled(settings.data)
        shares = self.training.shares()
        super().__init__(settings, self.training.names, shares, (shares * (1 - shares)).sqrt())
        self.weights = weights_of(shares, settings.rare).to(self.device)

    def loss(self, values: Tensor, wanted: Tensor) -> Tensor:
        return logistic_loss(values, wanted, self.weights)

    def batches(self, seen: int) -> Iterator[ReadBatch]:
        settings = self.settings
        pictures = LabelledBatches(
            self.training,
            side_of(settings.widths),
            settings.batch,
            seed=settings.seed,
            mirror=settings.data.mirror,
        )
        for labels, rgb in pictures.from_position(seen):
            yield labels.to(self.device), signed(rgb.to(self.device))

    def state(self) -> dict[str, Any]:
        return {**super().state(), "data": asdict(self.settings.data)}

    def show(self, folder: Path, seen: int) -> None:
        """Adds accuracies on some of the validation part to the log. Of a few of these, a row for some
        attributes, the paper's if they are read: the pictures that show it least and most."""
        found = self.validation.spread(JUDGED)
        note(folder, seen, accuracies(self.network, found))
        names = self.network.names
        columns = [column for column, _ in paper_attributes(names).values()] or range(min(5, len(names)))
        for _, rgb in in_order(found.spread(ON_SHEET), self.network.side, ON_SHEET):  # one batch at most
            self.show_orders(signed(rgb.to(self.device)), columns, folder, seen)


def finish(folder: Path) -> Path:
    """Writes `folder`/features.safetensors from the run in it. Prints, and adds to the log, how often each
    attribute is rightly read on the whole validation part; beside it, how often its commoner value is right.
    """
    state = checkpoints.load(folder / checkpoints.LAST)
    kept = state["task"]
    network = trained(kept, kept["names"]).to(distributed.device())
    path = folder / "features.safetensors"
    save_features(network, path)
    settings = LabelledSettings(**{**kept["data"], "attributes": tuple(kept["names"])})
    _, validation = labelled(settings)
    right = accuracies(network, validation)
    note(folder, state["seen"], right)
    shares = validation.shares()
    common = dict(zip(validation.names, torch.maximum(shares, 1 - shares).tolist(), strict=True))
    for name, value in sorted(right.items(), key=lambda item: -item[1]):
        print(f"{100 * value:6.1f} %  {name} (commoner value: {100 * common[name]:.1f} %)")
    print(f"{100 * _mean(right):6.1f} %  mean of {len(right)} over {len(validation.pictures)} pictures")
    return path


@torch.inference_mode()
def accuracies(network: Features, pictures: Labelled) -> dict[str, float]:
    """For each attribute, the share of the pictures, of those of which it is known, that are rightly read as
    having it or not."""
    device = network.mean.device
    right = known = torch.zeros(len(pictures.names), device=device)
    for labels, rgb in in_order(pictures, network.side, 64):
        labels = labels.to(device)
        there = network.values(signed(rgb.to(device))) > 0.5  # [N, A]
        right = right + ((labels != 0) & (there == (labels > 0))).sum(0)
        known = known + (labels != 0).sum(0)
    return dict(zip(pictures.names, (right / known.clamp_min(1)).tolist(), strict=True))


def note(folder: Path, seen: int, right: Mapping[str, float]) -> None:
    """Adds the accuracies on the validation part to a run's log."""
    row = {"seen": seen, "accuracy": _mean(right), "accuracies": dict(right)}
    with open(folder / LOG, "a") as log:
        log.write(json.dumps(row) + "\n")


def _mean(right: Mapping[str, float]) -> float:
    return sum(right.values()) / len(right)
