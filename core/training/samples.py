"""Draws a pack's unpicked samples: the same latents by every rung of its ladder, one column a portrait.

python -m anycost.core.training.samples --pack portraits --out docs/samples.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ...models.generator import truncate
from ...models.pack import Pack


def samples(pack: Pack, count: int, psi: float, seed: int) -> Tensor:
    """[3, rungs * R, count * R]: rows from the cheapest rung to the full one, all enlarged to R px."""
    generator = pack.generator()
    z = torch.randn(count, pack.style_dim, generator=torch.Generator().manual_seed(seed))
    rows = []
    with torch.inference_mode():
        w = truncate(generator.style(z), torch.tensor(pack.mean_w), psi)[:, None].expand(-1, pack.n_style, -1)
        for rung in pack.ladder:
            drawn = generator(w, rung.resolution, rung.channels)  # [N, 3, r, r]
            shown = F.interpolate(drawn, (pack.resolution, pack.resolution), mode="bilinear")
            rows.append(torch.cat(list(shown), dim=2))
    return torch.cat(rows, dim=1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw unpicked samples of a pack, one row a rung.")
    parser.add_argument("--pack", default="portraits", help="name or folder of a pack")
    parser.add_argument("--out", type=Path, required=True, help="PNG file to write")
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--psi", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    sheet = samples(Pack.open(arguments.pack), arguments.count, arguments.psi, arguments.seed)
    pixels = ((sheet.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(np.ascontiguousarray(pixels)).save(arguments.out)


if __name__ == "__main__":
    main()
