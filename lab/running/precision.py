"""Which number type a run computes in: bfloat16 if the machine is fast at it."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import Literal

import torch
import torch.nn.functional as F

WORTH = 1.3  # times faster: less is not worth the rounding
NAMES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Precision = Literal["auto", "float32", "bfloat16"]


def chosen(name: Precision, device: torch.device) -> torch.dtype:
    """The type that "float32", "bfloat16" or "auto" means here.

    "auto" times one convolution in both: some processors only emulate bfloat16.
    """
    if name != "auto":
        return NAMES[name]
    if device.type != "cpu":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    faster = _seconds(torch.float32) > WORTH * _seconds(torch.bfloat16)
    return torch.bfloat16 if faster else torch.float32


def _seconds(dtype: torch.dtype) -> float:
    x = torch.zeros(4, 64, 64, 64, dtype=dtype).contiguous(memory_format=torch.channels_last)  # [N, C, H, W]
    weight = torch.zeros(64, 64, 3, 3, dtype=dtype)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        F.conv2d(x, weight, padding=1)
        best = min(best, time.perf_counter() - start)
    return best


def autocast(dtype: torch.dtype, device: torch.device) -> AbstractContextManager:
    """Runs convolutions and products in `dtype` within the block."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)
