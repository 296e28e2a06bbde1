"""The encoder E: picture -> w+ (paper, section 3.4). Trained by the lab, run as ONNX by the core."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .features import WIDTHS, stages


class Encoder(nn.Module):
    """A backbone, then one linear layer that gives every style its own offset from the mean w.

    `size` is the side in px of the pictures it reads, `mean_w` [style_dim] the generator's mean. The backbone
    is the attribute network's stages at `widths`, or else `backbone`: a module and its number of outputs.
    """

    mean_w: Tensor

    def __init__(
        self,
        size: int,
        n_style: int,
        mean_w: Tensor,
        widths: Sequence[int] = WIDTHS,
        backbone: tuple[nn.Module, int] | None = None,
    ):
        super().__init__()
        self.size, self.n_style = size, n_style
        self.register_buffer("mean_w", mean_w)
        side = size // 2 ** len(widths)
        self.trunk, outputs = backbone or (
            nn.Sequential(*stages(widths), nn.Flatten()),
            widths[-1] * side * side,
        )
        self.latents = nn.Linear(outputs, n_style * len(mean_w))
        nn.init.zeros_(self.latents.bias)

    def offsets(self, picture: Tensor) -> Tensor:
        """picture [N, 3, size, size] in -1..1 -> w+ minus the mean [N, n_style, style_dim]."""
        return self.latents(self.trunk(picture)).unflatten(1, (self.n_style, -1))

    def forward(self, picture: Tensor) -> Tensor:
        """picture [N, 3, size, size] in -1..1 -> w+ [N, n_style, style_dim]."""
        return self.mean_w + self.offsets(picture)
