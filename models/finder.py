"""The finder: finds the eyes and the mouth of drawn faces. Trained by the lab, run as ONNX by the core."""

from __future__ import annotations

import torch
from torch import Tensor, nn

STRIDE = 4  # px of the picture for one cell of the heat map
DILATIONS = (1, 2, 4, 8, 4, 1)
POINTS = ("left_eye", "right_eye", "mouth")  # left and right as in the picture


class Finder(nn.Module):
    """A fully convolutional network; by dilation each cell sees about 165 px, a whole face at any angle."""

    def __init__(self, width: int = 40):
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width // 2, 3, stride=2, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(width // 2, width, 3, stride=2, padding=1), nn.ReLU()]
        for dilation in DILATIONS:
            layers += [nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation), nn.ReLU()]
        last = nn.Conv2d(width, len(POINTS), 1)
        nn.init.constant_(last.bias, -4.0)  # type: ignore[arg-type]  # most of a picture is neither eye nor mouth
        self.layers = nn.Sequential(*layers, last)

    def logits(self, picture: Tensor) -> Tensor:
        """picture [N, 3, H, W] in -1..1, H and W multiples of 8 -> logits [N, 3, H/4, W/4]."""
        return self.layers(picture)

    def forward(self, picture: Tensor) -> Tensor:
        """The logits as heat in 0..1: near 1 in the cell with a left eye, a right eye or a mouth's centre."""
        return torch.sigmoid(self.logits(picture))
