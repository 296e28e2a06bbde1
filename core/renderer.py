"""Drawing one rung: latents in, pixels out, with a way to stop halfway."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..models.generator import Generator
from ..models.manifest import Rung
from .engine import SubGenerator

Stopped = Callable[[], bool]

PREPARED = 4  # sub-generators that are kept ready; each holds a copy of the weights it runs with


def use_available_cores() -> None:
    """Lets torch use the cores this process may run on; it counts the machine's, more in a container."""
    if hasattr(os, "sched_getaffinity"):
        torch.set_num_threads(max(1, min(torch.get_num_threads(), len(os.sched_getaffinity(0)))))


class Renderer:
    """Draws with a generator's sub-generators, which it prepares when they are first asked for."""

    def __init__(self, generator: Generator):
        self._generator = generator
        self._prepared: OrderedDict[Rung, SubGenerator] = OrderedDict()

    def render(self, w: np.ndarray, rung: Rung, stopped: Stopped) -> np.ndarray | None:
        """The picture of w+ float32 [n_style, style_dim] by a rung's sub-generator: uint8 [R, R, 3].

        `stopped` is asked between two resolution blocks; None when it said yes. The noise maps are the stored
        ones, so that two edits differ by what was edited alone.
        """
        sub = self.prepare(rung)
        with torch.inference_mode():
            blocks = sub.blocks(torch.from_numpy(w)[None])
            rgb = next(blocks)  # [1, 3, 4, 4]
            while rgb.shape[-1] < rung.resolution:
                if stopped():
                    return None
                rgb = next(blocks)  # [1, 3, r, r]
            return to_pixels(rgb)[0]

    def prepare(self, rung: Rung) -> SubGenerator:
        """The sub-generator of a rung; the first time takes as long as a frame or two."""
        if rung not in self._prepared:
            self._prepared[rung] = SubGenerator(self._generator, rung)
            if len(self._prepared) > PREPARED:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(rung)
        return self._prepared[rung]


def to_pixels(rgb: Tensor) -> np.ndarray:
    """[N, 3, R, R] in -1..1 -> uint8 [N, R, R, 3]."""
    scaled = (rgb.float() * 127.5 + 127.5).round_().clamp_(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
