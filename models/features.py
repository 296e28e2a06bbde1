"""The attribute network: says what a portrait shows, and its feature maps measure how different two
pictures look.

It stands where the paper has a CelebA attribute predictor and LPIPS. Its weights are a pack's
`features.safetensors`, and its size follows from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

SIZE = 64  # px; pictures of any other size are resampled to it
WIDTHS = (32, 64, 96, 128)


def stages(widths: Sequence[int]) -> nn.ModuleList:
    """One stage a width, each of half the side of the one before it; the encoder's trunk too."""
    found = nn.ModuleList()
    before = 3
    for width in widths:
        strided, plain = (
            nn.Conv2d(before, width, 3, stride=2, padding=1),
            nn.Conv2d(width, width, 3, padding=1),
        )
        found.append(nn.Sequential(strided, nn.ReLU(), plain, nn.ReLU()))
        before = width
    return found


class Features(nn.Module):
    """Strided convolution stages down to 4 px, then one linear layer on the last."""

    def __init__(self, attributes: int, widths: Sequence[int] = WIDTHS):
        super().__init__()
        self.stages = stages(widths)
        self.attributes = nn.Linear(widths[-1] * 16, attributes)

    def maps(self, picture: Tensor) -> list[Tensor]:
        """picture [N, 3, R, R] in -1..1 -> the stages' maps [N, C, S, S], S = 32, 16, 8, 4."""
        if picture.shape[-1] != SIZE:
            smaller = picture.shape[-1] > SIZE
            picture = F.interpolate(
                picture, (SIZE, SIZE), mode="bilinear", antialias=smaller, align_corners=False
            )
        found = []
        for stage in self.stages:
            picture = stage(picture)  # [N, C, S, S]
            found.append(picture)
        return found

    def forward(self, picture: Tensor) -> Tensor:
        """picture [N, 3, R, R] in -1..1 -> attributes [N, A], standardised as in training."""
        return self.attributes(self.maps(picture)[-1].flatten(1))

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Perceptual distance [N] of pictures [N, 3, R, R]: squared differences of channel-normalised
        features, summed over the stages (the form of LPIPS, with every channel's weight the same)."""
        total = a.new_zeros(len(a))
        for one, other in zip(self.maps(a), self.maps(b), strict=True):
            difference = F.normalize(one, dim=1, eps=1e-6) - F.normalize(other, dim=1, eps=1e-6)
            total = total + difference.square().sum(dim=1).mean(dim=(1, 2))
        return total


def load_features(path: Path) -> Features:
    """The network of a pack's features file. ValueError when the tensors are not those of this network."""
    state = load_file(path)
    widths = [state[name].shape[0] for name in sorted(state) if name.endswith(".0.weight")]
    try:
        with torch.device("meta"):
            network = Features(state["attributes.bias"].shape[0], widths)
        network.load_state_dict(state, assign=True)
    except (IndexError, KeyError, RuntimeError) as error:
        raise ValueError(f"{path.name} does not hold an attribute network: {error}") from error
    return network.float().eval().requires_grad_(False)
