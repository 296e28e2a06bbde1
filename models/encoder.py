"""The encoder E: picture -> w+ (paper, section 3.4). Trained here, run as ONNX by the core."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """Two 3x3 convolutions beside a strided shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride)
        nn.init.zeros_(self.second.weight)  # every block starts as its shortcut: no normalisation needed

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.shortcut(x) + self.second(torch.relu(self.first(x))))


class Encoder(nn.Module):
    """A small residual network; every style gets its own row of w+, as an offset from the mean w.

    `size` is the side in px of the pictures it reads, `mean_w` [style_dim] the generator's mean.
    """

    mean_w: Tensor

    def __init__(
        self, size: int, n_style: int, mean_w: Tensor, widths: Sequence[int] = (32, 64, 96, 128, 192)
    ):
        super().__init__()
        self.n_style = n_style
        self.register_buffer("mean_w", mean_w)
        self.stem = nn.Conv2d(3, widths[0], 5, stride=2, padding=2)
        pairs = pairwise(widths)
        self.blocks = nn.Sequential(*(Residual(inputs, outputs, 2) for inputs, outputs in pairs))
        side = size // 2 ** len(widths)
        self.latents = nn.Linear(widths[-1] * side * side, n_style * len(mean_w))
        nn.init.normal_(self.latents.weight, std=0.01)

    def forward(self, picture: Tensor) -> Tensor:
        """picture [N, 3, size, size] in -1..1 -> w+ [N, n_style, style_dim]."""
        x = self.blocks(torch.relu(self.stem(picture)))  # [N, C, S, S]
        offset = self.latents(x.flatten(1)).unflatten(1, (self.n_style, -1))  # [N, n_style, D]
        return self.mean_w + offset
