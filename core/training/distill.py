"""The warm start: a generator learns from the painter itself, attributes -> w -> picture, supervised.

Adversarial training needs millions of pictures; a generator that is shown which picture belongs to which z
learns the same portraits from a hundredth of them. Every step also runs one sub-generator, at a sampled
resolution and ratio, against the full output (consistency, paper Eq. 5), so that all rungs draw one person.
Runs and resumes by

    python -m anycost.core.training.distill --out runs/portraits [--resume]
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from ...models.generator import Generator
from ...models.widths import WidthRule, layer_count
from . import checkpoints
from .averaging import Average
from .losses import attention, downsample, picture_loss
from .painted import Batch, PaintedBatches
from .portraits import LANDMARKS, STYLE_DIM, paint_z

RULE = WidthRule("proportional")  # how this pipeline's generators are cut

# what a person looks at first: (radius in the unit square, weight)
LOOKED_AT = {"left_eye": (0.06, 10.0), "right_eye": (0.06, 10.0), "mouth": (0.07, 8.0), "nose": (0.12, 3.0)}


@dataclass(frozen=True)
class Settings:
    """One distillation. `phases` are (resolution, pictures): the low resolutions are the start of the high
    ones, and cheap."""

    channels: tuple[int, ...] = (64, 64, 64, 64, 64, 64, 48, 48, 40, 40, 20, 20)
    n_mlp: int = 2
    phases: tuple[tuple[int, int], ...] = ((32, 15_000), (64, 33_000), (128, 4_000))
    ratios: tuple[float, ...] = (0.25, 0.5, 0.75)
    batch: int = 8
    learning_rate: float = 0.02
    seed: int = 0
    compiled: bool = True  # worth a minute of compiling in runs of more than some minutes

    @property
    def pictures(self) -> int:
        return sum(count for _, count in self.phases)


class Replay:
    """Shows recent painted batches a second time: painting costs as much as learning from it, and a z keeps
    its picture."""

    def __init__(self, kept: int = 256):
        self.kept: deque[Batch] = deque(maxlen=kept)

    def doubled(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Each of `batches`, followed by an older one of the same resolution."""
        for batch in batches:
            yield batch
            if self.kept and self.kept[-1][1].shape != batch[1].shape:
                self.kept.clear()
            self.kept.append(batch)
            yield random.choice(self.kept)


def looked_at(landmarks: Tensor) -> tuple[Tensor, Tensor]:
    """The points of `LOOKED_AT` among landmarks [N, L, 2] -> points [N, K, 2], sizes [K, 2]."""
    order = [LANDMARKS.index(name) for name in LOOKED_AT]
    return landmarks[:, order], torch.tensor(list(LOOKED_AT.values()), device=landmarks.device)


class Distillation:
    """The state of a run: network, average, optimiser, position."""

    def __init__(self, settings: Settings):
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.generator = Generator(settings.phases[-1][0], settings.channels, STYLE_DIM, settings.n_mlp)
        self.average = Average(self.generator, half_life=2.0)
        mapping = list(self.generator.style.parameters())
        known = {id(p) for p in mapping}
        rest = [
            p for name, p in self.generator.named_parameters() if id(p) not in known and "noise" not in name
        ]
        # the mapping's weights count 0.01 (lr_mul): here it must learn as fast as the rest, since w has to
        # hold the attributes
        groups = [{"params": rest, "gain": 1.0}, {"params": mapping, "gain": 100.0}]
        self.optimiser = torch.optim.Adam(groups, lr=settings.learning_rate, betas=(0.9, 0.99))
        self.fused = torch.compile(self._blocks) if settings.compiled else self._blocks
        self.seen = 0

    def step(self, z: Tensor, target: Tensor, landmarks: Tensor) -> dict[str, float]:
        """One step on a painted batch; returns the losses by name."""
        self._set_learning_rate()
        resolution = target.shape[-1]
        points, sizes = looked_at(landmarks)
        w = self.generator.style(z)[:, None].expand(-1, self.generator.n_style, -1)  # [N, n_style, D]
        full = self._pictures(w, resolution)
        losses = [self._loss(rgb, downsample(target, rgb.shape[-1]), points, sizes) for rgb in full]
        painted = torch.stack(losses).sum()
        place = random.choice([i for i, rgb in enumerate(full) if rgb.shape[-1] >= resolution // 2])
        channels = RULE.expand(self.generator.channels, random.choice(self.settings.ratios))
        side = full[place].shape[-1]
        sub = self.generator(w, side, channels[: layer_count(side)], noise="none")  # [N, 3, r, r]
        consistency = self._loss(sub, full[place].detach(), points, sizes)
        to_target = self._loss(sub, downsample(target, side), points, sizes)
        self.optimiser.zero_grad(set_to_none=True)
        (painted + consistency + 0.5 * to_target).backward()
        self.optimiser.step()
        self.seen += len(z)
        self.average.update(self.generator, len(z), self.seen)
        mse = (full[-1].detach() - target).square().mean()
        return {
            name: value.item()
            for name, value in (("painted", painted), ("consistency", consistency), ("mse", mse))
        }

    def _pictures(self, w: Tensor, resolution: int) -> list[Tensor]:
        """The full generator's pictures from 16 px up."""
        # passes over memory dominate at high resolution: there fusing them repays the minute that compiling
        # takes
        blocks = self.fused if resolution == self.generator.resolution else self._blocks
        return [rgb for rgb in blocks(w, resolution) if rgb.shape[-1] >= 16]

    def _blocks(self, w: Tensor, resolution: int) -> list[Tensor]:
        return list(self.generator.blocks(w, resolution, noise="none"))

    @staticmethod
    def _loss(output: Tensor, target: Tensor, points: Tensor, sizes: Tensor) -> Tensor:
        return picture_loss(output, target, attention(points, sizes, output.shape[-1]))

    def _set_learning_rate(self) -> None:
        """Full rate for the first part, then down to a twentieth: the last pictures settle the details."""
        left = 1 - self.seen / self.settings.pictures
        rate = self.settings.learning_rate * max(0.05, min(1.0, left / 0.6))
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["gain"]

    def state(self) -> dict:
        return {
            "settings": asdict(self.settings),
            "generator": self.generator.state_dict(),
            "average": self.average.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "seen": self.seen,
            "sampling": random.getstate(),
        }

    def restore(self, state: dict) -> None:
        self.generator.load_state_dict(state["generator"])
        self.average.network.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.seen = state["seen"]
        random.setstate(state["sampling"])


def trained_generator(folder: Path) -> Generator:
    """The averaged generator of the run in `folder`, for inference."""
    state = checkpoints.load(folder / "last.pt")
    settings = state["settings"]
    generator = Generator(settings["phases"][-1][0], settings["channels"], STYLE_DIM, settings["n_mlp"])
    generator.load_state_dict(state["average"])
    return generator.eval().requires_grad_(False)


def save_grid(
    path: Path, generator: Generator, rule: WidthRule, resolution: int, ratios: tuple[float, ...]
) -> None:
    """Painted pictures above the same portraits by every rung of the generator, one row a ratio."""
    z = torch.randn(10, STYLE_DIM, generator=torch.Generator().manual_seed(12345))
    with torch.inference_mode():
        rows = [paint_z(z, resolution).rgb]
        w = generator.style(z)[:, None].expand(-1, generator.n_style, -1)
        for ratio in (1.0, *sorted(ratios, reverse=True)):
            channels = rule.expand(generator.channels, ratio)[: layer_count(resolution)]
            rows.append(generator(w, resolution, channels, noise="none"))
    sheet = torch.cat([torch.cat(list(row), dim=2) for row in rows], dim=1)  # [3, rows * R, 10 * R]
    pixels = ((sheet.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)


def run(settings: Settings, out: Path, resume: bool, minutes_between: float = 4.0) -> None:
    """Trains into the folder `out`: last.pt, log.jsonl and grids. A kill loses at most `minutes_between`."""
    out.mkdir(parents=True, exist_ok=True)
    work = Distillation(settings)
    if resume and (out / "last.pt").exists():
        work.restore(checkpoints.load(out / "last.pt"))
    schedule, stride = settings.phases, 2 * settings.batch  # Replay shows each batch twice
    painted = PaintedBatches(schedule, settings.batch, seed=settings.seed, seen=work.seen, stride=stride)
    bar = tqdm(total=settings.pictures, initial=work.seen, unit="picture", smoothing=0.05)
    saved = time.monotonic()
    with open(out / "log.jsonl", "a") as log:
        for count, (z, target, landmarks) in enumerate(Replay().doubled(painted.in_background())):
            losses = work.step(z, target, landmarks)
            if not np.isfinite(losses["painted"]):
                raise SystemExit(
                    f"The loss is no number after {work.seen} pictures: lower the learning rate."
                )
            bar.update(len(z))
            if count % 20 == 0:
                row = {"seen": work.seen, "resolution": target.shape[-1], **losses}
                log.write(json.dumps(row) + "\n")
                log.flush()
                bar.set_postfix({name: f"{value:.4f}" for name, value in losses.items()})
            if time.monotonic() - saved > 60 * minutes_between or work.seen >= settings.pictures:
                saved = time.monotonic()
                checkpoints.save(out / "last.pt", work.state())
                save_grid(
                    out / f"grid-{work.seen:07d}.png",
                    work.average.network,
                    RULE,
                    target.shape[-1],
                    settings.ratios,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description="Distil the painter of portraits into a generator.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the folder's last checkpoint")
    arguments = parser.parse_args()
    run(Settings(), arguments.out, arguments.resume)


if __name__ == "__main__":
    main()
