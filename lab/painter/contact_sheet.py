"""A contact sheet of drawn portraits, to see what the painter makes."""

import torch
from torch import Tensor

from .controls import STYLE_DIM
from .painter import paint_z


def contact_sheet(rows: int, columns: int, resolution: int, seed: int, correlated: bool = True) -> Tensor:
    """uint8 [rows * resolution, columns * resolution, 3] of seeded portraits."""
    z = torch.randn(rows * columns, STYLE_DIM, generator=torch.Generator().manual_seed(seed))
    rgb = paint_z(z, resolution, correlated).rgb.view(rows, columns, 3, resolution, resolution)
    tiled = rgb.permute(0, 3, 1, 4, 2).reshape(rows * resolution, columns * resolution, 3)
    return ((tiled + 1.0) * 127.5).round().to(torch.uint8)
