"""Trains the encoder (paper, Eq. 6): picture -> w+ from which the full generator *and* a sub-generator draw
it again.

    python -m anycost.core.training.encoding --run runs/portraits

reads the run's generator and attribute network and writes encoder.onnx beside them.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor
from tqdm import tqdm

from ...models.encoder import Encoder
from ...models.features import SIZE, Features, load_features
from ...models.generator import Generator
from ...models.widths import WidthRule, layer_count
from .augment import augment
from .distill import RULE, looked_at, trained_generator
from .export import export_encoder
from .losses import attention, downsample, picture_loss
from .painted import PaintedBatches

ALPHA = 1.0  # weight of the sub-generator's reconstruction
LATENTS = 2.0  # weight of the distance to the w that is known for painted pictures
PERCEPTUAL = 0.3  # weight of the attribute network's distance


def mean_w(generator: Generator, samples: int = 8192) -> Tensor:
    """The mean w [D] of the population."""
    z = torch.randn(samples, generator.style_dim, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        return generator.style(z).mean(0)


def started(generator: Generator, features_path: Path, pictures: int) -> Encoder:
    """An encoder with the attribute network's trunk and the linear layer that fits w best on `pictures`."""
    encoder = Encoder(SIZE, generator.n_style, mean_w(generator).clone()).eval()
    trunk = {name: value for name, value in load_file(features_path).items() if name.startswith("stages.")}
    encoder.stages.load_state_dict({name.removeprefix("stages."): value for name, value in trunk.items()})
    seen, wanted = [], []
    batches = PaintedBatches(((SIZE, pictures),), 32, seed=31).in_background()
    with torch.no_grad():
        for z, picture, _ in tqdm(batches, total=pictures // 32, desc="first fit"):
            seen.append(encoder.trunk(augment(picture, 0.5)))
            wanted.append(generator.style(z) - encoder.mean_w)
        x = F.pad(torch.cat(seen), (0, 1), value=1.0)  # [M, F + 1], the last for the bias
        ridge = 3e-2 * x.square().mean() * len(x)
        gram = x.T @ x + ridge * torch.eye(x.shape[1])
        solution = torch.linalg.solve(gram, x.T @ torch.cat(wanted)).T  # [D, F + 1]
        encoder.latents.weight.copy_(solution[:, :-1].repeat(generator.n_style, 1))
        encoder.latents.bias.copy_(solution[:, -1].repeat(generator.n_style))
    return encoder


class Reconstruction:
    """Eq. 6's terms for one batch: the pictures drawn again by the generator and by one sub-generator."""

    def __init__(self, generator: Generator, rule: WidthRule, features: Features):
        self.generator = generator
        self.rule = rule
        self.features = features

    def __call__(self, latents: Tensor, picture: Tensor, landmarks: Tensor) -> Tensor:
        """latents [N, n_style, D], picture [N, 3, R, R], landmarks [N, L, 2] -> the loss."""
        # full channels at half the resolution cost a quarter and are the start of the full picture
        side = self.generator.resolution // 2
        target = downsample(picture, side)
        full = self.generator(latents, side, noise="none")  # [N, 3, r, r]
        channels = self.rule.expand(self.generator.channels, random.choice((0.25, 0.5, 0.75)))
        sub = self.generator(latents, side, channels[: layer_count(side)], noise="none")  # [N, 3, r, r]
        return self._distance(full, target, landmarks) + ALPHA * self._distance(sub, target, landmarks)

    def _distance(self, output: Tensor, target: Tensor, landmarks: Tensor) -> Tensor:
        weights = attention(*looked_at(landmarks), output.shape[-1])
        perceptual = self.features.distance(output, target).mean()
        return picture_loss(output, target, weights) + PERCEPTUAL * perceptual


def train(generator: Generator, features_path: Path, pictures: int, batch: int = 8) -> Encoder:
    """The trained encoder. Every second batch is drawn by the generator itself, whose w is exact."""
    torch.manual_seed(0)
    encoder = started(generator, features_path, 8192)
    loss_of = Reconstruction(generator, RULE, load_features(features_path))
    optimiser = torch.optim.Adam(encoder.parameters(), lr=3e-4)
    steps = pictures // batch
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, eta_min=1e-5)
    spread = generator.style(torch.randn(1024, generator.style_dim)).var(dim=0).mean()
    painted = PaintedBatches(((generator.resolution, pictures),), batch, seed=32)
    for count, (z, picture, landmarks) in enumerate(bar := tqdm(painted.in_background(), total=steps)):
        w = generator.style(z)  # [N, D]
        if count % 2:
            picture = generator(w[:, None].expand(-1, generator.n_style, -1), noise="none").clamp(-1, 1)
        latents = encoder(downsample(augment(picture, 0.7), SIZE))  # [N, n_style, D]
        known = (latents - w[:, None]).square().mean() / spread
        loss = LATENTS * known + loss_of(latents, picture, landmarks)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        bar.set_postfix(loss=f"{loss.item():.3f}", w=f"{known.item():.3f}")
    return encoder.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the encoder of a run's generator.")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--pictures", type=int, default=8_000)
    arguments = parser.parse_args()
    generator = trained_generator(arguments.run)
    encoder = train(generator, arguments.run / "features.safetensors", arguments.pictures)
    export_encoder(encoder, SIZE, arguments.run / "encoder.onnx")


if __name__ == "__main__":
    main()
