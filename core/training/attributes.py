"""Trains the attribute network (`models/features.py`) on painted portraits, whose attributes are known
exactly.

python -m anycost.core.training.attributes --out runs/portraits/features.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from ...models.features import SIZE, Features
from .augment import augment
from .painted import PaintedBatches
from .portraits import CONTROLS, STYLE_DIM, attributes

NAMES = tuple(control.name for control in CONTROLS)  # the order of the network's outputs


def standards() -> tuple[Tensor, Tensor]:
    """Mean and standard deviation [A] of every attribute in the population: what the network predicts is
    standardised."""
    found = attribute_table(torch.randn(20_000, STYLE_DIM, generator=torch.Generator().manual_seed(1)))
    return found.mean(0), found.std(0).clamp_min(1e-3)


def attribute_table(z: Tensor) -> Tensor:
    """z [N, D] -> attributes [N, A] in the order of `NAMES`."""
    found = attributes(z)
    return torch.stack([found[name] for name in NAMES], dim=1)


def train(pictures: int, batch: int = 32, learning_rate: float = 4e-3) -> Features:
    """The trained network; `pictures` of painting and learning."""
    torch.manual_seed(0)
    network = Features(len(NAMES))
    optimiser = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=pictures // batch + 1
    )
    mean, deviation = standards()
    bar = tqdm(PaintedBatches(((SIZE, pictures),), batch, seed=11).in_background(), total=pictures // batch)
    for z, picture, _ in bar:
        wanted = (attribute_table(z) - mean) / deviation  # [N, A]
        loss = F.smooth_l1_loss(network(augment(picture, 0.5)), wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        bar.set_postfix(loss=f"{loss.item():.4f}")
    return network.eval()


def correlations(network: Features, pictures: int = 512) -> dict[str, float]:
    """How well each attribute is read off unseen pictures: Pearson correlation by name."""
    z, picture, _ = next(iter(PaintedBatches(((SIZE, pictures),), pictures, seed=99)))
    with torch.inference_mode():
        read = torch.cat([network(part) for part in picture.split(32)])  # [N, A]
    wanted = attribute_table(z)
    read, wanted = read - read.mean(0), wanted - wanted.mean(0)
    values = (read * wanted).sum(0) / (read.norm(dim=0) * wanted.norm(dim=0)).clamp_min(1e-6)
    return dict(zip(NAMES, values.tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the attribute network on painted portraits.")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--pictures", type=int, default=24_000)
    arguments = parser.parse_args()
    network = train(arguments.pictures)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(network.state_dict(), arguments.out)
    for name, value in sorted(correlations(network).items(), key=lambda item: -item[1]):
        print(f"{value:6.3f}  {name}")


if __name__ == "__main__":
    main()
