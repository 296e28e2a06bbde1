"""The encoder of e4e and pSp files: a network of their tensors' names, whose sizes follow from the tensors.

Its body is ArcFace's IR-SE-50: residual units in four stages, each with half the side of the one before.
Three maps of it, joined from the smallest to the largest as in a feature pyramid, feed one head for each
style (Richardson et al., "Encoding in Style", section 3.1). e4e's first head gives one w for all styles and
the others what is added to it (Tov et al., "Designing an Encoder for StyleGAN Image Manipulation", section
4.1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..drawing_cost import MAX_MACS, MAX_VALUES
from ..manifest import MAX_CHANNELS
from .strict import axis, count
from .unpickle import Refused

MARKS = ("input_layer.0.weight", "body.0.res_layer.1.weight", "styles.0.linear.weight")
MAX_UNITS, MAX_STYLES, MAX_HALVINGS = 256, 64, 6
STAGES = 4


@dataclass(frozen=True)
class Unit:
    """Sizes of a residual unit. `squeezed` are the channels inside its squeeze-and-excitation, 0 without."""

    inputs: int
    outputs: int
    stride: int
    squeezed: int


@dataclass(frozen=True)
class PspSizes:
    """What the tensors say. `halvings` are the strided convolutions of each style's head."""

    units: tuple[Unit, ...]
    width: int  # of the heads
    halvings: tuple[int, ...]

    @property
    def side(self) -> int:
        """Side in px of the pictures that it reads: its smallest map is halved down to one place."""
        return 2 ** (STAGES + self.halvings[0])

    @property
    def ends(self) -> tuple[int, ...]:
        """The last unit of each stage."""
        last = len(self.units) - 1
        return (*(k for k in range(last) if self.units[k + 1].outputs != self.units[k].outputs), last)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of its 3x3 convolutions for one picture: nearly all its work."""
        total, side = 3 * self.units[0].inputs * self.side**2, self.side
        for unit in self.units:
            total += unit.inputs * unit.outputs * side**2
            side //= unit.stride
            total += unit.outputs**2 * side**2
        for halvings in self.halvings:
            inputs = self.units[-1].outputs
            for n in range(halvings, 0, -1):  # to maps of 2^(n - 1) px
                total += inputs * self.width * 4 ** (n - 1)
                inputs = self.width
        return 9 * total


def sizes_of(state: Mapping[str, Tensor]) -> PspSizes:
    """The sizes of an encoder with these tensors; Refused for one of another kind."""
    if axis(state, "input_layer.0.weight", 1, 4) != 3:
        reason = "has an encoder that reads more than one RGB picture (a ReStyle encoder, or one of sketches)"
        raise Refused(reason, "choose an e4e or pSp file of photographs")
    units = tuple(_unit(state, k) for k in range(count(state, "body.{}.res_layer.1.weight", MAX_UNITS)))
    heads = range(count(state, "styles.{}.linear.weight", MAX_STYLES))
    halvings = tuple(_halvings(state, k) for k in heads)
    sizes = PspSizes(units, axis(state, "styles.0.convs.0.weight", 0, 4), halvings)
    if len(sizes.ends) != STAGES or not all(0 <= n - halvings[0] <= 2 for n in halvings):
        raise Refused("has an encoder of another kind than e4e's and pSp's", "choose another")
    widest = max(sizes.width, *(unit.outputs for unit in units))
    if units[0].inputs * sizes.side**2 > MAX_VALUES or widest > MAX_CHANNELS or sizes.macs > MAX_MACS:
        raise Refused("has an encoder that is larger than can be run", "choose a smaller one")
    return sizes


def _unit(state: Mapping[str, Tensor], k: int) -> Unit:
    outputs, inputs = (axis(state, f"body.{k}.res_layer.1.weight", which, 4) for which in (0, 1))
    fc = f"body.{k}.res_layer.5.fc1.weight"
    squeezed = axis(state, fc, 0, 4) if fc in state else 0
    return Unit(inputs, outputs, 2 if k == 0 or outputs != inputs else 1, squeezed)


def _halvings(state: Mapping[str, Tensor], k: int) -> int:
    found = 0
    while f"styles.{k}.convs.{2 * found}.weight" in state:  # every second layer is an activation
        found += 1
    if not 1 <= found <= MAX_HALVINGS:
        raise Refused("has an encoder of another kind than e4e's and pSp's", "choose another")
    return found


class PspEncoder(nn.Module):
    """picture [N, 3, side, side] in -1..1 -> w+ [N, n_style, style_dim].

    `mean` [n_style, style_dim] is added to what the heads say. With `deltas` (e4e's) the heads after the
    first say what is added to the first one's w.
    """

    mean: Tensor

    def __init__(self, sizes: PspSizes, style_dim: int, deltas: bool):
        super().__init__()
        self.sizes, self.deltas = sizes, deltas
        first, width = sizes.units[0].inputs, sizes.width
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, first, 3, padding=1, bias=False), nn.BatchNorm2d(first), nn.PReLU(first)
        )
        self.body = nn.Sequential(*map(Residual, sizes.units))
        outputs = [sizes.units[k].outputs for k in sizes.ends]
        self.latlayer1 = nn.Conv2d(outputs[2], outputs[3], 1)
        self.latlayer2 = nn.Conv2d(outputs[1], outputs[3], 1)
        self.styles = nn.ModuleList(StyleHead(outputs[3], width, style_dim, n) for n in sizes.halvings)
        self.register_buffer("mean", torch.zeros(len(sizes.halvings), style_dim))

    def forward(self, picture: Tensor) -> Tensor:
        maps = self.maps(picture)
        least = self.sizes.halvings[0]
        said = [
            head(maps[n - least]) for head, n in zip(self.styles, self.sizes.halvings, strict=True)
        ]  # [N, style_dim] each
        if self.deltas:
            said = [said[0], *(said[0] + delta for delta in said[1:])]
        return torch.stack(said, dim=1) + self.mean

    def maps(self, picture: Tensor) -> list[Tensor]:
        """The joined maps [N, C, S, S], S = side / 16, side / 8 and side / 4."""
        x, kept = self.input_layer(picture), []
        for k, unit in enumerate(self.body):
            x = unit(x)
            if k in self.sizes.ends:
                kept.append(x)
        _, fine, middle, coarse = kept
        middle = self.latlayer1(middle) + _enlarged(coarse, self.sizes.side // 8)
        fine = self.latlayer2(fine) + _enlarged(middle, self.sizes.side // 4)
        return [coarse, middle, fine]


def _enlarged(x: Tensor, side: int) -> Tensor:
    return F.interpolate(x, size=(side, side), mode="bilinear", align_corners=True)


class Residual(nn.Module):
    """A unit of the body: its input, brought to the unit's size, plus what two convolutions make of it."""

    def __init__(self, unit: Unit):
        super().__init__()
        inputs, outputs, stride = unit.inputs, unit.outputs, unit.stride
        self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        if inputs != outputs:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        layers: list[nn.Module] = [
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        if unit.squeezed:
            layers.append(Excited(outputs, unit.squeezed))
        self.res_layer = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.res_layer(x) + self.shortcut_layer(x)


class Excited(nn.Module):
    """Squeeze-and-excitation: each channel times a number from 0 to 1 that the means of all channels give."""

    def __init__(self, channels: int, squeezed: int):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, squeezed, 1, bias=False)
        self.fc2 = nn.Conv2d(squeezed, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean((2, 3), keepdim=True)  # [N, C, 1, 1]
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(means))))


class StyleHead(nn.Module):
    """Halves a map until one place is left, then one linear layer: [N, C, S, S] -> [N, style_dim]."""

    def __init__(self, inputs: int, width: int, style_dim: int, halvings: int):
        super().__init__()
        layers: list[nn.Module] = []
        for k in range(halvings):
            layers += [nn.Conv2d(inputs if k == 0 else width, width, 3, 2, padding=1), nn.LeakyReLU()]
        self.convs = nn.Sequential(*layers)
        self.linear = nn.Linear(width, style_dim)

    def forward(self, x: Tensor) -> Tensor:
        # StyleGAN2's equalised layer: its weights are kept at unit deviation and scaled when used
        weight = self.linear.weight / math.sqrt(self.linear.in_features)
        return F.linear(self.convs(x).flatten(1), weight, self.linear.bias)
