"""The encoder E: picture -> w+ (paper, section 3.4). Trained here, run as ONNX by the core."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .features import WIDTHS, stages


class Encoder(nn.Module):
    """The attribute network's stages, then one linear layer that gives every style its own offset from the
    mean w.

    `size` is the side in px of the pictures it reads, `mean_w` [style_dim] the generator's mean.
    """

    mean_w: Tensor

    def __init__(self, size: int, n_style: int, mean_w: Tensor, widths: Sequence[int] = WIDTHS):
        super().__init__()
        self.n_style = n_style
        self.register_buffer("mean_w", mean_w)
        self.stages = stages(widths)
        side = size // 2 ** len(widths)
        self.latents = nn.Linear(widths[-1] * side * side, n_style * len(mean_w))

    def trunk(self, picture: Tensor) -> Tensor:
        """picture [N, 3, size, size] in -1..1 -> what the last stage sees, flat [N, F]."""
        for stage in self.stages:
            picture = stage(picture)
        return picture.flatten(1)

    def forward(self, picture: Tensor) -> Tensor:
        """picture [N, 3, size, size] in -1..1 -> w+ [N, n_style, style_dim]."""
        offset = self.latents(self.trunk(picture)).unflatten(1, (self.n_style, -1))  # [N, n_style, D]
        return self.mean_w + offset
