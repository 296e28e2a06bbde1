"""A contact sheet of drawn cars, to see what the world makes."""

import torch
from torch import Tensor

from .cars import draw_z
from .controls import STYLE_DIM
from .viewing import SHAPE


def car_sheet(rows: int, columns: int, resolution: int, seed: int, correlated: bool = True) -> Tensor:
    """uint8 [rows * height, columns * resolution, 3] of seeded cars, without their black rows."""
    z = torch.randn(rows * columns, STYLE_DIM, generator=torch.Generator().manual_seed(seed))
    height = resolution * SHAPE[1] // SHAPE[0]
    margin = (resolution - height) // 2
    rgb = draw_z(z, resolution, correlated).rgb[:, :, margin : margin + height]
    tiled = rgb.view(rows, columns, 3, height, resolution).permute(0, 3, 1, 4, 2)
    return ((tiled.reshape(rows * height, columns * resolution, 3) + 1) * 127.5).round().to(torch.uint8)
