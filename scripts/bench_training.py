"""Compare the speed of a training step with its textbook form, in turns in one run.

.venv/bin/python scripts/bench_training.py [--resolution 256] [--batch 4] [--steps 6]

The textbook form modulates each picture's weights, in one grouped convolution, with contiguous maps in
float32. Here we modulate activations, keep maps channels last, and use bfloat16 where that is faster.
Both take the same adversarial step (stage 1: discriminator, then generator, no regularisers), paint included.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor

from anycost.lab.generator.generating import Generating, GeneratorSettings
from anycost.lab.running.config import build
from anycost.models import generator as plain


def grouped(x: Tensor, weight: Tensor, style: Tensor, *, demodulate: bool, up: bool) -> Tensor:
    """models.generator.modulated_conv2d as the StyleGAN2 paper defines it."""
    count, inputs, height, width = x.shape
    outputs, size = weight.shape[0], weight.shape[-1]
    own = weight[None] * style[:, None, :, None, None]  # [N, O, I, k, k]
    if demodulate:
        own = own * torch.rsqrt(own.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8)
    x = x.reshape(1, count * inputs, height, width)
    if up:
        own = own.transpose(1, 2).reshape(count * inputs, outputs, size, size)
        x = F.conv_transpose2d(x, own, stride=2, groups=count)
    else:
        x = F.conv2d(x, own.reshape(count * outputs, inputs, size, size), padding=size // 2, groups=count)
    return x.view(count, outputs, *x.shape[2:])


def task(resolution: int, batch: int, precision: str) -> Generating:
    levels = int(math.log2(resolution)) - 1
    widths = [min(128, 8192 // (4 << k)) for k in range(levels)]  # caps as in the reference run
    table = {
        "batch": batch,
        "precision": precision,
        "generator": {"resolution": resolution, "channels": [w for w in widths for _ in (0, 1)]},
        "discriminator": {"channels": widths},
        "losses": {"r1": 0.0, "path_length": 0.0},
        "stages": [{"kind": "single", "pictures": 10**6, "resolutions": [resolution]}],
    }
    return Generating(build(GeneratorSettings, table))


def contiguous(made: Generating) -> Generating:
    for network in (made.generator, made.discriminator):
        for parameter in network.parameters():
            parameter.data = parameter.data.contiguous()
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="Time a training step against its textbook form.")
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=6)
    chosen = parser.parse_args()
    ours = task(chosen.resolution, chosen.batch, "auto")
    textbook = contiguous(task(chosen.resolution, chosen.batch, "float32"))
    batch = next(ours.batches(0))
    seconds: dict[str, list[float]] = {"textbook": [], "here": []}
    for step in range(chosen.steps + 1):
        for name, made in (("textbook", textbook), ("here", ours)):
            with mock.patch.object(
                plain, "modulated_conv2d", grouped if made is textbook else plain.modulated_conv2d
            ):
                start = time.perf_counter()
                made.step(batch, step * chosen.batch)
                if step:  # the first one warms up
                    seconds[name].append(time.perf_counter() - start)
    rates = {name: chosen.batch / statistics.median(found) for name, found in seconds.items()}
    ratio = statistics.median(t / h for t, h in zip(seconds["textbook"], seconds["here"], strict=True))
    print(f"{chosen.resolution} px, batch {chosen.batch}, {torch.get_num_threads()} threads, {ours.dtype}")
    print(
        f"textbook {rates['textbook']:.2f}, here {rates['here']:.2f} pictures per second: {ratio:.2f} times"
    )


if __name__ == "__main__":
    main()
