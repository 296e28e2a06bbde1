"""The mapping network of a generator that learns from a world: w holds the world's controls.

A mapping trained from scratch needs tens of thousands of pictures to learn which number of z is black hair.
The world's population is known: its correlations are linear in normalised z, and a gate (hat or no hat) is
a step of one number. Both can be written as weights, so the convolutions start from a w in which each number
is one control. Coordinates without a control are handled like gradual ones.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import torch
from torch import Tensor, nn

from ...models.generator import EqualLinear
from ..controls import Controls, unit
from ..running.draws import Draws
from ..running.layout import sent

BAND = 0.08  # half the width of a gate's step, in deviations
JUMP = 2.0  # how far w moves over that step
OFFSET = 2.2  # deviations: raises other controls to where the activation is linear
SPREAD = 0.5  # how far w moves for one deviation of another control
DRAWN_IN = 0.4  # of the way to their mean: the most that gates are drawn in
LAYERS = 6  # two for each sharpening of the gates, which cuts the slope outside them to a fifth


def mapped(style: nn.Module, z: Tensor) -> Tensor:
    """z [N, D] -> w [N, D], in float32 even under autocast: gates are steep."""
    with torch.autocast(z.device.type, enabled=False):
        return style(z)


def mapped_freely(style: nn.Sequential, z: Tensor, free: Tensor | None, controls: Controls) -> Tensor:
    """As `mapped`, but in the rows that are `free` [N] (bool), each number of z sets one control: what it
    draws along with it in the population is taken off first."""
    if free is None:
        return mapped(style, z)
    with torch.autocast(z.device.type, enabled=False):
        normals = unit(z)  # as the mapping's own first layer does
        alone = normals @ _unmixing(controls, z.device).T  # [N, D]
        return style[1:](torch.where(free[:, None], alone, normals))


def drawn_in(w: Tensor, draws: Draws, controls: Controls) -> Tensor:
    """w [N, D] with the gates of half its rows drawn in towards their mean, as truncation does.

    The picture of w stays the target: a hat that is half on looks like a mistake.
    """
    often = sent(_frequencies(controls), w.device)  # [D]
    share = DRAWN_IN * (2 * draws.uniform(len(w)) - 1).clamp(min=0.0)  # [N], 0 in half of them
    return torch.where(often > 0, torch.lerp(w, (JUMP * often).expand_as(w), share[:, None]), w)


@torch.no_grad()
def hold_controls(style: nn.Sequential, controls: Controls) -> None:
    """Sets the weights of a mapping network of `LAYERS` layers so that w [N, D] holds the controls of z.

    ValueError for another depth or width.
    """
    layers = [layer for layer in style if isinstance(layer, EqualLinear)]
    dim = controls.style_dim
    if len(layers) != LAYERS or layers[0].weight.shape != (dim, dim):
        raise ValueError(f"A distilled generator needs n_mlp = {LAYERS} and style_dim = {dim}.")
    often = _frequencies(controls)
    gate = torch.tensor([share > 0 for share in often])
    threshold = torch.tensor([NormalDist().inv_cdf(1 - share) if share else 0.0 for share in often])
    scale = torch.where(gate, -1.0, 1.0)
    bias = torch.where(gate, threshold + BAND, torch.tensor(OFFSET))
    _set(layers[0], scale[:, None] * _mixing(controls), bias)
    for index, layer in enumerate(layers[1:], start=1):
        last = index == LAYERS - 1
        flip = -JUMP / (2 * BAND) if last else -1.0
        keep = SPREAD if last else 1.0
        weight = torch.where(gate, torch.tensor(flip), torch.tensor(keep))
        _set(layer, torch.diag(weight), torch.where(gate, -2 * BAND * weight, torch.tensor(0.0)))


def _frequencies(controls: Controls) -> list[float]:
    """For each coordinate how often its gate is on; 0 for those that are no gates."""
    named = [control.middle if control.kind == "gate" else 0.0 for control in controls.all]
    return named + [0.0] * (controls.style_dim - len(named))


def _mixing(controls: Controls) -> Tensor:
    """[D, D]: the population's correlations; row k turns normalised z into control k's normal."""
    rows = torch.eye(controls.style_dim)
    for name, sources in controls.correlations.items():
        index = controls.index[name]
        rows[index, index] = math.sqrt(1 - sum(weight**2 for weight in sources.values()))
        for source, weight in sources.items():
            rows[index, controls.index[source]] = weight
    return rows


@lru_cache(maxsize=4)
def _unmixing(controls: Controls, device: torch.device) -> Tensor:
    """[D, D]: the inverse of `_mixing`."""
    return torch.linalg.inv(_mixing(controls)).to(device)


def _set(layer: EqualLinear, weight: Tensor, bias: Tensor) -> None:
    """Sets what the layer computes before its activation, whose gain of sqrt(2) it cancels."""
    layer.weight.copy_(weight / layer.scale / math.sqrt(2))
    layer.bias.copy_(bias / layer.lr_mul / math.sqrt(2))
