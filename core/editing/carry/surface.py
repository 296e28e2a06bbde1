"""A picture's pixels around one face, and the two ways between them and the face's square."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ....bridge.messages import Placement
from ...faces.placement import to_picture, to_unit

Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, eq=False)
class Surface:
    """Pixels uint8 [h, w, 3], their corner at (x, y) of the picture in which `placement` is the square."""

    rgb: np.ndarray
    placement: Placement
    x: int = 0
    y: int = 0

    @classmethod
    def of_square(cls, rgb: np.ndarray) -> Surface:
        """From the cropped square itself, uint8 [S, S, 3]."""
        side = len(rgb)
        return cls(rgb, Placement(side / 2, side / 2, side))

    @cached_property
    def is_gray(self) -> bool:
        red, green, blue = (self.rgb[..., channel] for channel in range(3))
        return bool((red == green).all() and (green == blue).all())

    def unit(self, box: Box) -> np.ndarray:
        """Unit coordinates float32 [h, w, 2] of the centres of the pixels in a box."""
        left, top, right, bottom = box
        across = np.stack([np.arange(left, right) + 0.5, np.zeros(right - left)], axis=-1)
        down = np.stack([np.zeros(bottom - top), np.arange(top, bottom) + 0.5], axis=-1)
        corner = np.array([self.x, self.y])
        columns = to_unit(self.placement, across + corner).astype(np.float32)
        rows = to_unit(self.placement, down + corner) - to_unit(self.placement, corner.astype(float))
        x, y = (columns[:, axis] + rows.astype(np.float32)[:, None, axis] for axis in (0, 1))
        return cv2.merge([x, y])  # a sum whose last axis has two numbers is slow

    def box(self, low: np.ndarray, high: np.ndarray) -> Box:
        """The pixels that a box of the square touches, given by two corners [2] in unit coordinates."""
        corners = self.pixels(np.array([low, (high[0], low[1]), high, (low[0], high[1])]))
        height, width = self.rgb.shape[:2]
        left, top = np.floor(corners.min(axis=0)).astype(int).clip(0, (width, height))
        right, bottom = np.ceil(corners.max(axis=0)).astype(int).clip((left, top), (width, height))
        return int(left), int(top), int(right), int(bottom)

    def grown(self, box: Box, margin: int) -> Box:
        """A box with so many more pixels on every side, where there are any."""
        height, width = self.rgb.shape[:2]
        left, top, right, bottom = box
        return (
            max(left - margin, 0),
            max(top - margin, 0),
            min(right + margin, width),
            min(bottom + margin, height),
        )

    def pixels(self, unit: np.ndarray) -> np.ndarray:
        """Unit coordinates [..., 2] -> its pixels [..., 2], whose centres are at .5."""
        return to_picture(self.placement, unit) - (self.x, self.y)

    def shifts(self, unit: np.ndarray) -> np.ndarray:
        """Vectors of the square [..., 2] -> the same in pixels."""
        here = to_picture(self.placement, np.zeros(2))
        across = to_picture(self.placement, np.array([1.0, 0])) - here
        down = to_picture(self.placement, np.array([0.0, 1])) - here
        return cv2.transform(unit, np.stack([across, down], axis=1))


def mixed(before: np.ndarray, after: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Pixels uint8 between two, `share` 0..1 of the way: exactly `before` where that is 0."""
    return np.rint(np.clip(before + share * (after.astype(np.float32) - before), 0, 255)).astype(np.uint8)
