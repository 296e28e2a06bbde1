"""Channel sorting (paper, section 3.2): the most important channels come first, so that a sub-generator,
which takes the first ones, keeps them.

A channel's importance is the L1 norm of the equalised weights that read it. Sorting permutes a layer's
outputs and everything that reads them, so the full generator draws the same as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from ...models.generator import Generator, ModulatedConv2d, StyledConv, ToRGB


def importance(generator: Generator) -> list[Tensor]:
    """The importance of each channel of each layer: one [C] for const, conv1, convs..."""
    return [
        torch.stack(
            [(conv.weight[0].abs().sum(dim=(0, 2, 3)) * conv.scale) for conv in readers(generator, layer)]
        ).sum(0)
        for layer in range(generator.n_style)
    ]


def order(generator: Generator) -> list[Tensor]:
    """For each layer, the old places [C] of its channels in their new order, most important first."""
    with torch.no_grad():
        return [found.argsort(descending=True, stable=True) for found in importance(generator)]


@torch.no_grad()
def permute(tensors: Mapping[str, Tensor], places: list[Tensor]) -> None:
    """Sorts in place tensors with the generator's names and shapes: its parameters, its average's, or what an
    optimiser keeps for each."""
    for name, tensor in tensors.items():
        for axis, layer in axes(name, len(places)):
            tensor.copy_(tensor.index_select(axis, places[layer]))


def readers(generator: Generator, layer: int) -> Iterator[ModulatedConv2d]:
    """The modulated convolutions whose inputs are the channels of `layer`."""
    convs = [generator.conv1, *generator.convs]
    readers = [convs[layer]] if layer < len(convs) else []
    if layer % 2 == 1:
        readers.append([generator.to_rgb1, *generator.to_rgbs][layer // 2])
    for reader in readers:
        assert isinstance(reader, StyledConv | ToRGB)
        yield reader.conv


def axes(name: str, layers: int) -> list[tuple[int, int]]:
    """(axis, layer) for each axis of the named tensor that runs over a layer's channels."""
    part, _, rest = name.partition(".")
    if name == "input.input":
        return [(1, 0)]
    if part in ("to_rgb1", "to_rgbs"):
        index, rest = (0, rest) if part == "to_rgb1" else (int(rest.split(".")[0]) + 1, rest.split(".", 1)[1])
        return _inputs(rest, 2 * index + 1)
    if part in ("conv1", "convs"):
        index, rest = (0, rest) if part == "conv1" else (int(rest.split(".")[0]) + 1, rest.split(".", 1)[1])
        outputs = {"conv.weight": 1, "activate.bias": 0}
        own = [(outputs[rest], index + 1)] if rest in outputs and index + 1 < layers else []
        return own + _inputs(rest, index)
    return []


def _inputs(rest: str, layer: int) -> list[tuple[int, int]]:
    axes = {"conv.weight": 2, "conv.modulation.weight": 0, "conv.modulation.bias": 0}
    return [(axes[rest], layer)] if rest in axes else []
