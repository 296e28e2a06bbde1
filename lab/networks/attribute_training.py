"""What every training of an attribute network (`models/features.py`) has in common, whatever its pictures are
and whoever named the attributes.

The outputs are standardised: the network learns values, such as 1 for an attribute that is there, less their
mean in the population and in units of their deviation. The value of something that is there or not is read
from a logit, `STEEP` (value - 0.5): above 0.5 it is more likely there than not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor, nn

from ...core.errors import CoreError
from ...core.files.whole_file import write_bytes
from ...models.features import Features
from ..data.augment import augment
from ..running import precision
from ..running.descent import Descent
from ..running.draws import Draws
from ..running.grids import save_sheet
from ..running.layout import placed
from ..running.task import Sizes, Training
from .standardised import fold, standardise

STEEP = 8.0  # logits between there and not there
SIDES = (32, 48, 64, 96)  # px to which half the batches are reduced first: drafts must be judged too
STRENGTH = 0.5  # of the augmentation: more would hide the colours to read
SHOWN = 8

ReadBatch = tuple[Tensor, Tensor]  # attributes [N, A], picture [N, 3, R, R]


class ReadingSizes(Sizes, Protocol):
    """Settings that trainings of an attribute network share. `colours` weighs how well the stages' maps keep
    colours."""

    @property
    def learning_rate(self) -> float: ...

    @property
    def widths(self) -> tuple[int, ...]: ...

    @property
    def colours(self) -> float: ...


S = TypeVar("S", bound=ReadingSizes)


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


class ReadingTraining(Training[S]):
    """An attribute network and its optimiser: see `loop.Task`. Whoever derives from it has the batches, of
    attributes [N, A] and pictures [N, 3, R, R] in -1..1, and the loss."""

    def __init__(self, settings: S, names: Sequence[str], mean: Tensor, deviation: Tensor):
        """`mean` and `deviation` [A] are those of the attributes in the population."""
        super().__init__(settings)
        self.network = Features(len(names), settings.widths, names)
        self.network.mean, self.network.deviation = mean, deviation
        standardise(self.network)
        self.colours = Colours(settings.widths)
        both = placed(nn.ModuleList([self.network, self.colours]))
        self.descent = Descent(both.parameters(), settings.learning_rate, settings.pictures)

    def loss(self, values: Tensor, wanted: Tensor) -> Tensor:
        """The error of values [N, A] read from pictures, averaged over pictures and attributes."""
        raise NotImplementedError

    def step(self, batch: ReadBatch, seen: int) -> dict[str, Tensor]:
        wanted, picture = batch
        draws = Draws(self.settings.seed, seen, "attributes", self.device)
        picture = augment(picture, draws, STRENGTH)
        side = draws.choices.choice(SIDES) if draws.choices.random() < 0.5 else picture.shape[-1]
        picture = _resampled(_resampled(picture, side), self.network.side)
        picture = picture.contiguous(memory_format=torch.channels_last)
        with precision.autocast(self.dtype, self.device):
            maps = self.network.maps(picture)
            read = self.network.read(maps).float()  # [N, A]
            colours = self.colours(maps, picture)
        reading = self.loss(read * self.network.deviation + self.network.mean, wanted)
        self.descent.step(reading + self.settings.colours * colours, seen)
        return {"reading": reading, "colours": colours}

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "widths": list(self.settings.widths),
            "names": list(self.network.names),
            "colours": self.colours.state_dict(),
            "descent": self.descent.state(),
            "precision": str(self.dtype).removeprefix("torch."),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues from a state; CoreError if its network has another size or other attributes."""
        if state["widths"] != list(self.settings.widths):
            raise CoreError("bad-value", "The run's `widths` differ from those in its TOML file.")
        names = list(self.network.names)
        if state.get("names", names) != names:  # runs of earlier versions do not say
            text = "The run's attributes differ from those of its pictures now: start it anew."
            raise CoreError("bad-value", text)
        self.network.load_state_dict(state["network"])
        self.colours.load_state_dict(state["colours"])
        self.descent.restore(state["descent"])
        self.dtype = precision.NAMES[state["precision"]]

    def show_orders(self, picture: Tensor, columns: Sequence[int], folder: Path, seen: int) -> None:
        """Of pictures [N, 3, R, R], a row for each of some attributes: those that show it least and most."""
        with torch.inference_mode():
            read = self.network(picture)  # [N, A]
        half = SHOWN // 2
        orders = [read[:, k].argsort() for k in columns]
        rows = [picture[torch.cat([order[:half], order[-half:]])] for order in orders]
        save_sheet(rows, folder / f"samples-{seen:08d}.png")


def trained(kept: Mapping[str, Any], names: Sequence[str]) -> Features:
    """The network of a run, from its state, with plain weights."""
    network = Features(len(names), kept["widths"], names)
    standardise(network)
    network.load_state_dict(kept["network"])
    fold(network)
    return network.eval().requires_grad_(False)


def save_features(network: Features, path: Path) -> None:
    """Writes a network with plain weights as packs have it."""
    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    write_bytes(path, save(state, network.metadata))


def _resampled(picture: Tensor, side: int) -> Tensor:
    """[N, C, R, R] -> [N, C, side, side], antialiased."""
    if picture.shape[-1] == side:
        return picture
    smaller = side < picture.shape[-1]
    return F.interpolate(picture, (side, side), mode="bilinear", antialias=smaller, align_corners=False)
