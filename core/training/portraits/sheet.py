"""A contact sheet of drawn portraits, to look at what the painter makes."""

import os
from pathlib import Path

import torch
from torch import Tensor

from .painter import paint_z


def sheet(rows: int, columns: int, resolution: int, seed: int) -> Tensor:
    """uint8 [rows * resolution, columns * resolution, 3] of seeded portraits."""
    z = torch.randn(rows * columns, 64, generator=torch.Generator().manual_seed(seed))
    rgb = paint_z(z, resolution).rgb.view(rows, columns, 3, resolution, resolution)
    tiled = rgb.permute(0, 3, 1, 4, 2).reshape(rows * resolution, columns * resolution, 3)
    return ((tiled + 1.0) * 127.5).round().to(torch.uint8)


def draw_sheet(
    out: "str | os.PathLike[str]", rows: int = 5, columns: int = 8, resolution: int = 128, seed: int = 4
) -> Path:
    """Write a PNG of rows x columns seeded portraits."""
    from PIL import Image

    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet(rows, columns, resolution, seed).numpy()).save(path)
    return path
