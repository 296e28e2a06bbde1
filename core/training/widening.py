"""A generator's weights in a wider one that draws the same pictures at the widths both were trained at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ...models.generator import Generator
from ...models.widths import WidthRule

SHARES = (0.25, 0.5, 0.75, 1.0)  # sub-generators of these ratios stay what they were

Places = Sequence[Tensor]  # for each layer [C]: where in the wider one its channels lie


@torch.no_grad()
def widened(weights: Mapping[str, Tensor], channels: Sequence[int], wider: Generator) -> dict[str, Tensor]:
    """The state dict of a generator with `channels` a layer, in the shapes of `wider`.

    The added channels are `wider`'s own, as it was initialised; nothing reads them yet, so that they change
    no picture, and training sees at once what they could be read for. ValueError where a layer would become
    narrower, RuntimeError or KeyError for weights of a generator that differs in more than its channels.
    """
    places = _places(channels, wider.channels)
    own = wider.state_dict()
    own["input.input"][:, places[0]] = weights["input.input"]
    for index in range(1, len(channels)):
        layer = "conv1" if index == 1 else f"convs.{index - 2}"
        _convolution(own, weights, f"{layer}.conv", places[index - 1], places[index])
        own[f"{layer}.activate.bias"][places[index]] = weights[f"{layer}.activate.bias"]
        if index % 2 == 1:
            picture = "to_rgb1" if index == 1 else f"to_rgbs.{index // 2 - 1}"
            _convolution(own, weights, f"{picture}.conv", places[index], torch.arange(3))
    for name, value in weights.items():
        if own[name].shape == value.shape and ".conv." not in name:
            own[name].copy_(value)  # mapping, noise maps and their strengths, filters
    return own


def _places(channels: Sequence[int], wider: Sequence[int]) -> Places:
    """A ratio's first channels in the narrower lie among the same ratio's first channels in the wider."""
    rule = WidthRule()
    edges = [(0,) * len(channels), *(rule.expand(channels, share) for share in SHARES)]
    starts = [(0,) * len(wider), *(rule.expand(wider, share) for share in SHARES)]
    found = []
    for index in range(len(channels)):
        if any(a[index] - b[index] > 0 for a, b in zip(edges, starts, strict=True)):
            raise ValueError(f"{wider[index]} channels hold no {channels[index]}.")
        blocks = [
            torch.arange(high[index] - low[index]) + start[index]
            for (low, high), start in zip(pairwise(edges), starts, strict=False)
        ]
        found.append(torch.cat(blocks))
    return found


def _convolution(
    own: dict[str, Tensor], weights: Mapping[str, Tensor], name: str, inputs: Tensor, outputs: Tensor
) -> None:
    """What the narrower's outputs read of the added inputs is nothing; the scale of equalised weights falls
    with the number of inputs."""
    kernel, found = own[f"{name}.weight"], weights[f"{name}.weight"]  # [1, O, I, k, k]
    kernel[:, outputs] = 0.0
    scale = math.sqrt(kernel.shape[2] / found.shape[2])
    kernel[:, outputs[:, None], inputs] = found * scale
    own[f"{name}.modulation.weight"][inputs] = weights[f"{name}.modulation.weight"]
    own[f"{name}.modulation.bias"][inputs] = weights[f"{name}.modulation.bias"]
