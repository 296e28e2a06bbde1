"""A contact sheet of rendered heads, or of what their pixels are labelled as."""

import torch
from torch import Tensor

from .controls import STYLE_DIM
from .heads import Rendered, render_z

# a colour of each part, sRGB
COLOURS = (
    (32, 32, 40), (224, 172, 140), (90, 50, 20), (245, 245, 245), (60, 120, 200), (210, 70, 90), (90, 10, 20),
    (250, 240, 190), (240, 140, 90), (190, 130, 110), (110, 70, 160), (60, 110, 60), (250, 210, 0),
    (200, 40, 200), (40, 160, 160), (160, 160, 160),
)  # fmt: skip


def heads_sheet(
    rows: int, columns: int, resolution: int, seed: int, correlated: bool = True, labels: bool = False
) -> Tensor:
    """uint8 [rows * resolution, columns * resolution, 3] of seeded heads, or of their parts."""
    z = torch.randn(rows * columns, STYLE_DIM, generator=torch.Generator().manual_seed(seed))
    found = render_z(z, resolution, correlated)
    rgb = _parts(found) if labels else ((found.rgb + 1.0) * 127.5).round().to(torch.uint8)
    tiled = rgb.view(rows, columns, 3, resolution, resolution).permute(0, 3, 1, 4, 2)
    return tiled.reshape(rows * resolution, columns * resolution, 3)


def _parts(found: Rendered) -> Tensor:
    """uint8 [N, 3, R, R]."""
    return torch.tensor(COLOURS, dtype=torch.uint8)[found.part.long()].permute(0, 3, 1, 2)
