"""Draws one rung: latents in, pixels out, and can be stopped halfway."""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ...models.generator import Generator
from ...models.widths import SubGenerator
from ..errors import CoreError
from .engines.engine import Engine, Stopped
from .engines.registry import ALWAYS, Choice, open_engine
from .engines.window import Window

log = logging.getLogger(__name__)

UNDRAWABLE = (
    "The model cannot draw this face so (its values overflow): move the sliders back, or choose another one."
)
PREPARED = 6  # engines kept ready; each holds a copy of the weights it runs with


class Renderer:
    """Draws the rungs of a ladder, with engines that it prepares at their first use.

    `choose` gives the engine for a rung and whether only part of its picture is wanted; `key` is the hash of
    the generator's weights. If a rung is the beginning of another one (a lower resolution, equal channels),
    the other's engine draws it too, provided it is a torch engine: it can then continue to the larger one.
    """

    def __init__(
        self,
        generator: Generator,
        ladder: Sequence[SubGenerator] = (),
        choose: Callable[[SubGenerator, bool], Choice] = lambda rung, part: ALWAYS,
        key: str | None = None,
    ):
        self._generator, self._ladder = generator, ladder
        self._choose, self._key = choose, key
        self._prepared: OrderedDict[tuple[SubGenerator, Choice], Engine] = OrderedDict()

    def render(
        self, w: np.ndarray, rung: SubGenerator, stopped: Stopped, window: Window | None = None
    ) -> np.ndarray | None:
        """The picture of w+ float32 [n_style, style_dim] by a rung's sub-generator: uint8 [R, R, 3].

        With a `window`, only that part: [h, w, 3]. Asks `stopped` at least once for each resolution block and
        returns None when it says yes. The noise maps are the stored ones, so that two edits differ only in
        what was edited. CoreError "pack" when the picture has values that are not numbers.
        """
        part = window is not None and window != Window.whole(rung.resolution)
        engine = self.prepare(rung, part)
        rgb = engine.draw(torch.from_numpy(w), rung.resolution, window, stopped)  # [3, h, w]
        if rgb is None:
            return None
        if not math.isfinite(rgb.sum(dtype=torch.float32)):  # much quicker than to ask each value
            raise CoreError("pack", UNDRAWABLE)
        return to_pixels(rgb[None])[0]

    def prepare(self, rung: SubGenerator, part: bool = False) -> Engine:
        """The engine that draws a rung, or parts of it. The first call takes as long as a frame or two."""
        choice = self._choose(rung, part)
        key = self._drawn_by(rung, choice), choice
        if key not in self._prepared:
            self._prepared[key] = self._opened(*key)
            if len(self._prepared) > PREPARED:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        return self._prepared[key]

    def _opened(self, rung: SubGenerator, choice: Choice) -> Engine:
        try:
            return open_engine(choice, self._generator, rung, self._key)
        except Exception as error:  # libraries and drivers raise their own exceptions
            if choice == ALWAYS:
                raise
            log.warning("%s in %s cannot be used: %s", *choice, error)
            return open_engine(ALWAYS, self._generator, rung)

    def _drawn_by(self, rung: SubGenerator, choice: Choice) -> SubGenerator:
        """The largest rung of the ladder that begins with this one and has the same choice."""
        if not choice.draws_parts:  # nor lower resolutions
            return rung
        count = len(rung.channels)
        same = [
            other
            for other in self._ladder
            if other.channels[:count] == rung.channels and choice == self._choose(other, False)
        ]
        return max(same, key=lambda other: other.resolution, default=rung)


def to_pixels(rgb: Tensor) -> np.ndarray:
    """[N, 3, R, R] in -1..1 -> uint8 [N, R, R, 3]."""
    scaled = rgb.float().mul(127.5).add_(127.5).round_().clamp_(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
