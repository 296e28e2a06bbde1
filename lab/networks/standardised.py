"""Weight standardisation: convolutions learn faster when each kernel has mean 0 and a learned scale.

It does what batch normalisation does, but nothing depends on the batch, and the final weights are plain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class Standardised(nn.Module):
    """Kernels [O, I, k, k] with mean 0 and, times a learned `gain` [O], the variance that preserves a
    rectified signal's (He et al.)."""

    def __init__(self, outputs: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(outputs))

    def forward(self, weight: Tensor) -> Tensor:
        variance, mean = torch.var_mean(weight, dim=(1, 2, 3), keepdim=True)
        scale = self.gain.view(-1, 1, 1, 1) * math.sqrt(2 / weight[0].numel())
        return (weight - mean) * torch.rsqrt(variance + 1e-8) * scale


def standardise(network: nn.Module) -> None:
    """Standardises all 3 x 3 convolutions of `network`; its state dict then has extra names."""
    for conv in _convolutions(network):
        parametrize.register_parametrization(conv, "weight", Standardised(conv.out_channels))


def fold(network: nn.Module) -> None:
    """Turns what `standardise` changed back into plain weights: the network computes the same, and its state
    dict has the usual names."""
    for conv in _convolutions(network):
        parametrize.remove_parametrizations(conv, "weight")


@torch.no_grad()
def unfold(network: nn.Module, plain: Mapping[str, Tensor]) -> None:
    """Loads weights that `fold` made into a standardised network: their kernels already have mean 0, and
    their deviation gives the gain. KeyError or RuntimeError if they do not fit."""
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
