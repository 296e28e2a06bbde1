"""Puts a generator's weights into a wider one that draws the same pictures at the widths they share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ...models.generator import Generator
from ...models.widths import WidthRule

SHARES = (0.25, 0.5, 0.75)  # besides 1: sub-generators of these ratios stay as they were

Places = Sequence[Tensor]  # for each layer [C]: the places of its channels in the wider one


@torch.no_grad()
def widened(
    weights: Mapping[str, Tensor], channels: Sequence[int], wider: Generator, rule: WidthRule
) -> dict[str, Tensor]:
    """The state dict of a generator with `channels` per layer, cut by `rule`, in the shapes of `wider`.

    The added channels keep `wider`'s initial weights. Nothing reads them yet, so no picture changes, but
    training sees at once what reading them could do. ValueError if a layer, or a ratio's share of it, would
    become narrower, or if the depth differs; RuntimeError if the latents differ.
    """
    own = {name: value.clone() for name, value in wider.state_dict().items()}
    if own.keys() != weights.keys():
        raise ValueError(f"its layers are not those of {wider.resolution} px with this n_mlp")
    places = _places(channels, wider.channels, rule)
    for name, value in weights.items():
        if not name.endswith(
            ("conv.weight", "modulation.weight", "modulation.bias", "activate.bias", ".input")
        ):
            own[name].copy_(value)  # mapping, noise maps and their strengths, filters: as wide as before
    own["input.input"][:, places[0]] = weights["input.input"]
    for index in range(1, len(channels)):
        layer = "conv1" if index == 1 else f"convs.{index - 2}"
        _convolution(own, weights, f"{layer}.conv", places[index - 1], places[index])
        own[f"{layer}.activate.bias"][places[index]] = weights[f"{layer}.activate.bias"]
        if index % 2 == 1:
            picture = "to_rgb1" if index == 1 else f"to_rgbs.{index // 2 - 1}"
            _convolution(own, weights, f"{picture}.conv", places[index], torch.arange(3))
    return own


def _places(channels: Sequence[int], wider: Sequence[int], rule: WidthRule) -> Places:
    """The channels that a ratio adds to the ratio below go among those that it adds in the wider one."""
    found = []
    for narrow, wide in zip(_edges(channels, rule), _edges(wider, rule), strict=True):
        blocks = []
        for (low, high), (start, stop) in zip(pairwise(narrow), pairwise(wide), strict=True):
            if high - low > stop - start:
                raise ValueError(f"a layer's {narrow[-1]} channels do not fit into {wide[-1]}")
            blocks.append(torch.arange(start, start + high - low))
        found.append(torch.cat(blocks))
    return found


def _edges(channels: Sequence[int], rule: WidthRule) -> Sequence[tuple[int, ...]]:
    """For each layer, how many channels each ratio takes, from none to all."""
    cuts = [(0,) * len(channels), *(rule.expand(channels, share) for share in SHARES), tuple(channels)]
    return list(zip(*cuts, strict=True))


def _convolution(
    own: dict[str, Tensor], weights: Mapping[str, Tensor], name: str, inputs: Tensor, outputs: Tensor
) -> None:
    """The old outputs ignore the added inputs. The scale of equalised weights falls with the number of
    inputs, so the old weights grow to match."""
    kernel, found = own[f"{name}.weight"], weights[f"{name}.weight"]  # [1, O, I, k, k]
    kernel[:, outputs] = 0.0
    scale = math.sqrt(kernel.shape[2] / found.shape[2])
    kernel[:, outputs[:, None], inputs] = found * scale
    own[f"{name}.modulation.weight"][inputs] = weights[f"{name}.modulation.weight"]
    own[f"{name}.modulation.bias"][inputs] = weights[f"{name}.modulation.bias"]
