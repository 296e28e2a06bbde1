"""What engines that run a rung's graph share: they draw the whole picture or nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor

from ....models.widths import SubGenerator
from .engine import Stopped, never
from .layers import cut
from .window import Window


class GraphEngine(ABC):
    """See `Engine`. A window is cut out of the whole picture."""

    name: str
    precision: str

    def __init__(self, rung: SubGenerator):
        self.resolution, self.channels = rung.resolution, rung.channels

    def draw(
        self,
        w: Tensor,
        resolution: int | None = None,
        window: Window | None = None,
        stopped: Stopped = never,
    ) -> Tensor | None:
        """See `Engine.draw`; ValueError for any resolution but its own."""
        if resolution not in (None, self.resolution):
            raise ValueError(f"This engine draws {self.resolution} px, not {resolution}.")
        if window is not None and not window.fits(self.resolution):
            raise ValueError(f"The picture of {self.resolution} px has no such window.")
        if stopped():
            return None
        picture = self._run(w.to("cpu", torch.float32).contiguous().numpy(), stopped)  # [3, R, R]
        if picture is None:
            return None
        rgb = torch.from_numpy(picture)
        return rgb if window is None else cut(rgb, window)

    @abstractmethod
    def _run(self, w: np.ndarray, stopped: Stopped) -> np.ndarray | None:
        """The whole picture float32 [3, R, R], in memory that none will reuse; None once `stopped()`."""
