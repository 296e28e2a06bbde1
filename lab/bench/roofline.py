"""The machine's roofline: the top speed of its 3x3 convolutions, with which every rung is compared."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F

SHAPES = ((512, 32), (512, 64), (256, 64), (256, 128), (128, 128), (64, 256))  # channels, side in px
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}
SHORT = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}  # the bench's names for engine precisions
SECONDS = 0.3  # per shape and precision
FEWEST = 3  # runs of each, unless they take longer than:
LONGEST = 1.0  # seconds; a CPU without bfloat16 takes this for one run


def roofline() -> dict[str, float]:
    """GFLOP/s of torch's channels-last convolutions on this process's cores, by precision.

    Takes the fastest run of the best shape. A multiply-accumulate counts as two operations.
    """
    return {
        name: max(_gflops(dtype, channels, side) for channels, side in SHAPES)
        for name, dtype in PRECISIONS.items()
    }


def higher(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    """The higher of two measurements for each precision: other work on the machine can only lower one."""
    return {name: max(one[name], other[name]) for name in one}


@torch.inference_mode()
def _gflops(dtype: torch.dtype, channels: int, side: int) -> float:
    last = torch.channels_last
    x = torch.randn(1, channels, side, side).to(dtype, memory_format=last)  # [1, C, H, W]
    weight = torch.randn(channels, channels, 3, 3).to(dtype, memory_format=last)  # [C, C, 3, 3]
    flop = 2 * 9 * channels * channels * side * side
    times: list[float] = []
    while sum(times) < SECONDS or (len(times) < FEWEST and sum(times) < LONGEST):
        start = time.perf_counter()
        F.conv2d(x, weight, padding=1)
        times.append(time.perf_counter() - start)
    return flop / min(times) / 1e9
