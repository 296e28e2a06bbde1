"""Directions that a generator's weights alone give, with no picture read: SeFa's closed form (Shen and Zhou,
2021).

A style moves a layer by A w. Of all w of length 1, the eigenvectors of A^T A with the largest eigenvalues
move it most; several layers together, by the sum of their A^T A.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ...models.generator import Generator, StyledConv, ToRGB
from ...models.pack import Direction

GROUPS = (("Coarse", 0, 4), ("Middle", 4, 8), ("Fine", 8, 64))  # styles of w+, from and before
EACH = 3  # directions of a group
REACH = 3.0  # deviations of w along a direction at the slider's ends
SAMPLES = 4096


def modulations(generator: Generator) -> list[list[Tensor]]:
    """For each style of w+ the matrices A [I, D] by which it modulates layers: a convolution, an RGB layer,
    or both."""
    found: list[list[Tensor]] = [[] for _ in range(generator.n_style)]
    for style, layer in enumerate((generator.conv1, *generator.convs)):
        found[style].append(_matrix(layer))
    for index, layer in enumerate((generator.to_rgb1, *generator.to_rgbs)):
        found[2 * index + 1].append(_matrix(layer))
    return found


def _matrix(layer: torch.nn.Module) -> Tensor:
    assert isinstance(layer, StyledConv | ToRGB)
    modulation = layer.conv.modulation
    return (modulation.weight * modulation.scale).detach().double().cpu()


def strongest(matrices: Sequence[Tensor], count: int) -> Tensor:
    """The `count` unit vectors [count, D] that move the layers of these A [I, D] most, strongest first."""
    total = torch.stack([a.T @ a for a in matrices]).sum(0)  # [D, D]
    _, vectors = torch.linalg.eigh(total)  # weakest first
    return vectors.flip(1)[:, :count].T


@torch.no_grad()
def discovered(generator: Generator) -> list[Direction]:
    """The few strongest directions of coarse, middle and fine styles. An end of a slider is as far as w
    itself goes along them."""
    z = torch.randn(SAMPLES, generator.style_dim, generator=torch.Generator().manual_seed(6))
    w = generator.style(z.to(generator.input.input.device)).double().cpu()  # [N, D]
    by_style, found = modulations(generator), []
    for group, first, stop in GROUPS:
        matrices = [a for style in by_style[first:stop] for a in style]
        if not matrices:
            continue
        for number, unit in enumerate(strongest(matrices, min(EACH, generator.style_dim)), start=1):
            vector = np.zeros((generator.n_style, generator.style_dim), np.float32)
            vector[first:stop] = (unit * REACH * (w @ unit).std()).numpy()
            name, label = f"{group.lower()}_{number}", f"{group} {number}"
            found.append(Direction(name, label, "Discovered", -1.0, 1.0, vector))
    return found
