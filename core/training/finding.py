"""Trains the finder (`models/finder.py`): painted portraits put anywhere, at any size and turn, into
pictures.

python -m anycost.core.training.finding --out runs/portraits/finder.onnx
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from ...models.finder import POINTS, STRIDE, Finder
from .augment import vary_look
from .export import export_finder
from .painted import PaintedBatches
from .portraits import LANDMARKS

SIDE = 128  # px of a training picture
PORTRAIT = (56.0, 150.0)  # px: sides of the portrait's square in it; the face is about a third of that wide
RADIUS = 1.2  # cells: how far around a point its heat reaches


def scenes(portraits: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Puts portraits [N, 3, R, R] into pictures of `SIDE` px, on backgrounds made from one another.

    points [N, K, 2] in the unit square -> pictures [N, 3, SIDE, SIDE] and points [N, K, 2] in px.
    """
    count = len(portraits)
    low, high = (math.log(side) for side in PORTRAIT)
    size = torch.exp(low + torch.rand(count) * (high - low))  # [N] px
    angle = (torch.rand(count) * 2 - 1) * math.radians(25)
    centre = SIDE / 2 + (torch.rand(count, 2) * 2 - 1) * (SIDE * 0.35)  # [N, 2] px
    turn = torch.stack([torch.cos(angle), -torch.sin(angle), torch.sin(angle), torch.cos(angle)], 1)
    turn = turn.view(-1, 2, 2)  # portrait -> picture
    placed = ((points - 0.5) * size[:, None, None]) @ turn.transpose(1, 2) + centre[:, None]  # [N, K, 2] px
    back = turn.transpose(1, 2) * (SIDE / size)[:, None, None]  # picture -> portrait, both in -1..1
    offset = -(back @ ((centre / SIDE) * 2 - 1)[:, :, None])  # [N, 2, 1]
    grid = F.affine_grid(torch.cat([back, offset], 2), [count, 3, SIDE, SIDE], align_corners=False)
    inside = (grid.abs().amax(-1) <= 1).float()[:, None]  # [N, 1, SIDE, SIDE]
    drawn = F.grid_sample(portraits, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return torch.lerp(backgrounds(portraits), drawn, inside), placed


def backgrounds(portraits: Tensor) -> Tensor:
    """[N, 3, SIDE, SIDE] without a face: upside-down pieces of other portraits, flat colour, noise of any
    grain."""
    count = len(portraits)
    shuffled = portraits[torch.randperm(count)].rot90(2, dims=(2, 3))  # upside down: no face to be found
    pieces = F.interpolate(shuffled[:, :, :48], (SIDE, SIDE), mode="bilinear", align_corners=False)
    flat = shuffled.mean(dim=(2, 3), keepdim=True).expand_as(pieces)
    grain = random.choice((4, 8, 16, 32, 64, SIDE))
    noise = F.interpolate(torch.rand(count, 3, grain, grain) * 2 - 1, (SIDE, SIDE), mode="bilinear")
    kind = torch.randint(0, 3, (count, 1, 1, 1))
    return torch.where(kind == 0, pieces, torch.where(kind == 1, flat, noise))


def heat(points: Tensor) -> Tensor:
    """points [N, K, 2] in px -> [N, K, SIDE/4, SIDE/4], a small Gaussian around each."""
    cells = torch.arange(SIDE // STRIDE) + 0.5
    at = points / STRIDE
    dx, dy = cells - at[..., :1], cells - at[..., 1:]  # [N, K, S]
    across, down = torch.exp(-0.5 * (dx / RADIUS) ** 2), torch.exp(-0.5 * (dy / RADIUS) ** 2)
    return down[..., :, None] * across[..., None, :]


def batches(pictures: int, batch: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(pictures [N, 3, SIDE, SIDE], heat [N, 3, S, S]); a quarter of the scenes have no face."""
    order = [LANDMARKS.index(name) for name in POINTS]
    for _, portraits, landmarks in PaintedBatches(((128, pictures),), batch, seed=seed).in_background():
        drawn, points = scenes(portraits, landmarks[:, order])
        wanted = heat(points)
        chance = torch.rand(len(drawn))
        drawn[chance < 0.1] = backgrounds(portraits)[chance < 0.1]
        upside_down = (chance >= 0.1) & (chance < 0.25)
        drawn[upside_down] = drawn[upside_down].rot90(2, dims=(2, 3))
        wanted[chance < 0.25] = 0
        yield vary_look(drawn), wanted


def train(pictures: int, batch: int = 16, learning_rate: float = 2e-3) -> Finder:
    """The trained finder."""
    torch.manual_seed(0)
    finder = Finder()
    optimiser = torch.optim.Adam(finder.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=pictures // batch + 1
    )
    bar = tqdm(batches(pictures, batch, seed=21), total=pictures // batch)
    for picture, wanted in bar:
        logits = finder.logits(picture)
        hard = 1 + 15 * wanted  # few cells hold a point
        loss = (F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * hard).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        bar.set_postfix(loss=f"{loss.item():.4f}")
    return finder.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the finder of drawn faces.")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    parser.add_argument("--pictures", type=int, default=8_000)
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    export_finder(train(arguments.pictures), arguments.out)


if __name__ == "__main__":
    main()
