"""Drawing one rung: latents in, pixels out, with a way to stop halfway."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..models.generator import Generator
from ..models.manifest import Rung

Stopped = Callable[[], bool]


def use_available_cores() -> None:
    """Lets torch use the cores this process may run on; it counts the machine's, which in a container are
    more.
    """
    if hasattr(os, "sched_getaffinity"):
        torch.set_num_threads(max(1, min(torch.get_num_threads(), len(os.sched_getaffinity(0)))))


def render(generator: Generator, w: np.ndarray, rung: Rung, stopped: Stopped) -> np.ndarray | None:
    """The picture of w+ float32 [n_style, style_dim] by a rung's sub-generator: uint8 [R, R, 3].

    `stopped` is asked between two resolution blocks; None when it said yes. The noise maps are the stored
    ones, so that two edits differ by what was edited alone.
    """
    latents = torch.from_numpy(w)[None]  # [1, n_style, style_dim]
    with torch.inference_mode():
        blocks = generator.blocks(latents, rung.resolution, rung.channels, "constant")
        rgb = next(blocks)  # [1, 3, 4, 4]
        while rgb.shape[-1] < rung.resolution:
            if stopped():
                return None
            rgb = next(blocks)  # [1, 3, r, r]
        return to_pixels(rgb)[0]


def to_pixels(rgb: Tensor) -> np.ndarray:
    """[N, 3, R, R] in -1..1 -> uint8 [N, R, R, 3]."""
    scaled = (rgb.float() * 127.5 + 127.5).round_().clamp_(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
