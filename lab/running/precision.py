"""Which number type a run computes in: bfloat16 if the machine is fast at it."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F

from . import distributed

WORTH = 1.3  # times faster: less is not worth the rounding
ENOUGH = 0.1  # seconds of timing: what is only emulated takes longer than that once
NAMES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Precision = Literal["auto", "float32", "bfloat16"]


def chosen(name: Precision, device: torch.device) -> torch.dtype:
    """The type that "float32", "bfloat16" or "auto" means here: one for all processes.

    "auto" is bfloat16 where every process is fast at it. On a processor one convolution is timed in both
    types: some only emulate bfloat16.
    """
    if name != "auto":
        return NAMES[name]
    return torch.bfloat16 if distributed.all_agree(_fast(device)) else torch.float32


@cache  # a process may train many times
def _fast(device: torch.device) -> bool:
    """Whether this process is fast at bfloat16."""
    if device.type != "cpu":
        return torch.cuda.is_bf16_supported()
    return _seconds(torch.float32) > WORTH * _seconds(torch.bfloat16)


def _seconds(dtype: torch.dtype) -> float:
    x = torch.zeros(4, 64, 64, 64, dtype=dtype).contiguous(memory_format=torch.channels_last)  # [N, C, H, W]
    weight = torch.zeros(64, 64, 3, 3, dtype=dtype)
    best, begin = float("inf"), time.perf_counter()
    for _ in range(5):
        start = time.perf_counter()
        F.conv2d(x, weight, padding=1)
        best = min(best, time.perf_counter() - start)
        if start + best > begin + ENOUGH:
            break
    return best


def autocast(dtype: torch.dtype, device: torch.device) -> AbstractContextManager:
    """Runs convolutions and products in `dtype` within the block."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)
