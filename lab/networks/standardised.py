"""Weight standardisation: convolutions learn faster when each kernel has mean 0 and a learned scale.

It does what batch normalisation does, yet nothing depends on the batch, and in the end the weights are plain
ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class Standardised(nn.Module):
    """Kernels [O, I, k, k] with mean 0 and, times a `gain` [O] that is learned, the variance that keeps that
    of a rectified signal (He et al.)."""

    def __init__(self, outputs: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(outputs))

    def forward(self, weight: Tensor) -> Tensor:
        variance, mean = torch.var_mean(weight, dim=(1, 2, 3), keepdim=True)
        scale = self.gain.view(-1, 1, 1, 1) * math.sqrt(2 / weight[0].numel())
        return (weight - mean) * torch.rsqrt(variance + 1e-8) * scale


def standardise(network: nn.Module) -> None:
    """Lets all 3 x 3 convolutions of `network` train so; its state dict then has further names."""
    for conv in _convolutions(network):
        parametrize.register_parametrization(conv, "weight", Standardised(conv.out_channels))


def fold(network: nn.Module) -> None:
    """Makes plain weights of what `standardise` changed: the network computes what it did, and its state
    dict has the usual names."""
    for conv in _convolutions(network):
        parametrize.remove_parametrizations(conv, "weight")


@torch.no_grad()
def unfold(network: nn.Module, plain: Mapping[str, Tensor]) -> None:
    """Gives a standardised network the weights that `fold` made of another's: kernels have mean 0 there
    already, and their deviation tells the gain. KeyError or RuntimeError when they do not fit."""
    folded, convolutions = dict(plain), set(_convolutions(network))
    for name, conv in network.named_modules():
        if conv in convolutions:
            weight = folded.pop(f"{name}.weight")
            gain = weight.std(dim=(1, 2, 3)) / math.sqrt(2 / weight[0].numel())
            folded[f"{name}.parametrizations.weight.original"] = weight
            folded[f"{name}.parametrizations.weight.0.gain"] = gain
    network.load_state_dict(folded)


def _convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
