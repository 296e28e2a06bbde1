"""A picture at halved sizes, so that a crop of any size costs about the same."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from PIL import Image

from ...bridge.messages import Placement
from .placement import bounds, over_white, to_picture

SMALLEST = 64  # px: a picture's shorter side is not halved below this
BAND_ROWS = 512  # halved at a time
REACH = 2  # px around a sample that the bicubic filter sees


class Pyramid:
    """Quick crops of a picture uint8 [H, W, 4], straight alpha, for networks to look at.

    `placement.crop` is the exact way, for pixels that are edited.
    """

    def __init__(self, rgba: np.ndarray):
        self._levels = [rgba]
        while min(self._levels[-1].shape[:2]) >= 2 * SMALLEST:
            self._levels.append(_halved(self._levels[-1]))

    @property
    def width(self) -> int:
        return self._levels[0].shape[1]

    @property
    def height(self) -> int:
        return self._levels[0].shape[0]

    def crop(self, placement: Placement, size: int) -> np.ndarray:
        """The square at `placement` as uint8 [size, size, 3], over white; beyond the border the edge pixels
        repeat."""
        number = min(max(round(math.log2(placement.size / size)), 0), len(self._levels) - 1)
        level, shrink = self._levels[number], 2**number
        near = replace(
            placement, x=placement.x / shrink, y=placement.y / shrink, size=placement.size / shrink
        )
        left, top, right, bottom = bounds(near)
        x0, y0 = math.floor(left) - REACH, math.floor(top) - REACH
        columns = np.clip(np.arange(x0, math.ceil(right) + REACH), 0, level.shape[1] - 1)
        rows = np.clip(np.arange(y0, math.ceil(bottom) + REACH), 0, level.shape[0] - 1)
        region = Image.fromarray(over_white(level[np.ix_(rows, columns)]))
        corner, across, down = to_picture(near, np.array([[0.0, 0], [1, 0], [0, 1]])) - (x0, y0)  # [3, 2]
        steps = np.column_stack([(across - corner) / size, (down - corner) / size, corner])  # [2, 3]
        affine, bicubic = Image.Transform.AFFINE, Image.Resampling.BICUBIC
        return np.asarray(region.transform((size, size), affine, steps.ravel().tolist(), bicubic))

    def reduced(self, ratio: float) -> Image.Image:
        """The whole picture at 1 / `ratio` of its size, over white."""
        number = min(max(math.floor(math.log2(ratio)), 0), len(self._levels) - 1)
        size = (max(1, round(self.width / ratio)), max(1, round(self.height / ratio)))
        return Image.fromarray(over_white(self._levels[number])).resize(size, Image.Resampling.BICUBIC)


def _halved(rgba: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 4] -> half as high and wide, rounded up; in bands, since Pillow copies what it reads."""
    bands = [rgba[row : row + BAND_ROWS] for row in range(0, len(rgba), BAND_ROWS)]
    with ThreadPoolExecutor(2) as pool:  # Pillow works outside Python's lock
        return np.concatenate(list(pool.map(lambda band: np.asarray(Image.fromarray(band).reduce(2)), bands)))
