"""Measures how well a pack of painted portraits draws and reads them: the figures of its model card.

python -m anycost.core.training.measure --pack portraits
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor

from ...models.pack import Pack
from ...models.widths import layer_count
from ..networks import Network
from .painted import PaintedBatches

SIDE = 64  # px of the pictures compared
RATIO = 0.5


def errors(pack: Pack, encoder: Network, pictures: int) -> dict[str, float]:
    """Mean squared errors to unseen painted portraits [N, 3, SIDE, SIDE] in -1..1, by name."""
    z, painted, _ = next(iter(PaintedBatches(((SIDE, pictures),), pictures, seed=77)))
    generator, narrow = pack.generator(), pack.rule.expand(pack.channels, RATIO)
    with torch.inference_mode():
        w = generator.style(z)[:, None].expand(-1, pack.n_style, -1)  # [N, n_style, D]
        mean = torch.tensor(pack.mean_w).expand(1, pack.n_style, -1)
        read = torch.stack([torch.from_numpy(encoder(p[None].numpy())).reshape(w.shape[1:]) for p in painted])
        full = generator(read, SIDE)  # [N, 3, SIDE, SIDE]
        sub = generator(read, SIDE, narrow[: layer_count(SIDE)])
        return {
            "the mean face": _mse(generator(mean, SIDE), painted),
            "drawn from the true w": _mse(generator(w, SIDE), painted),
            "encoded, full": _mse(full, painted),
            f"encoded, x{RATIO:g}": _mse(sub, painted),
            f"between full and x{RATIO:g}": _mse(full, sub),
        }


def _mse(a: Tensor, b: Tensor) -> float:
    return float((a - b).square().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a pack of painted portraits.")
    parser.add_argument("--pack", default="portraits", help="name or folder of a pack")
    parser.add_argument("--pictures", type=int, default=64)
    arguments = parser.parse_args()
    pack = Pack.open(arguments.pack)
    if pack.encoder_path is None:
        raise SystemExit(f'"{pack.title}" has no encoder to measure.')
    for name, value in errors(pack, Network(pack.encoder_path, "latents"), arguments.pictures).items():
        print(f"{value:8.4f}  {name}")


if __name__ == "__main__":
    main()
