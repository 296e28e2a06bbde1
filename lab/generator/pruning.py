"""Makes a narrower generator from a wider one, as channel pruning does (He et al., 2017): the channels of the
largest kernels stay. The paper's Figure 5 compares Anycost with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ...models.generator import Generator
from . import sorting


@torch.no_grad()
def cut(wide: Generator, channels: Sequence[int]) -> Generator:
    """The sub-generator of the first `channels` of each layer as a generator of its own, for inference."""
    places = [torch.arange(count) for count in channels]
    mapping = sum(name.endswith("weight") for name, _ in wide.style.named_parameters())
    narrow = Generator(wide.resolution, channels, wide.style_dim, mapping)
    narrow.load_state_dict(_kept(wide.state_dict(), places, wide.channels))
    return narrow.eval().requires_grad_(False)


@torch.no_grad()
def pruned(
    wide: Generator, channels: Sequence[int], *others: Mapping[str, Tensor]
) -> list[dict[str, Tensor]]:
    """State dicts with `channels` per layer: of `wide`, and of `others` with its names and shapes, such as
    its average's, of which the same channels stay."""
    places = [place[:count] for place, count in zip(sorting.order(wide), channels, strict=True)]
    return [_kept(state, places, wide.channels) for state in (wide.state_dict(), *others)]


def _kept(state: Mapping[str, Tensor], places: list[Tensor], channels: Sequence[int]) -> dict[str, Tensor]:
    found = {}
    for name, tensor in state.items():
        for axis, layer in sorting.axes(name, len(places)):
            tensor = tensor.index_select(axis, places[layer])
            if name.endswith("conv.weight") and axis == 2:
                # the scale of equalised weights grows as their inputs become fewer
                tensor = tensor * math.sqrt(len(places[layer]) / channels[layer])
        found[name] = tensor.clone()
    return found
