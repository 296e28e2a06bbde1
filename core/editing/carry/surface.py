"""A picture's pixels around one face, and the two ways between them and the face's square."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ....bridge.messages import Placement
from ...faces.placement import to_picture, to_unit
from .movement import LATTICE

REMEMBERED = 1 << 20  # pixels of a surface whose places are kept from frame to frame


@dataclass(frozen=True, eq=False)
class Surface:
    """Pixels uint8 [h, w, 3], their corner at (x, y) of the picture in which `placement` is the square."""

    rgb: np.ndarray
    placement: Placement
    x: int = 0
    y: int = 0
    _kept: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def of_square(cls, rgb: np.ndarray) -> Surface:
        """From the cropped square itself, uint8 [S, S, 3]."""
        side = len(rgb)
        return cls(rgb, Placement(side / 2, side / 2, side))

    def unit(self, top: int, bottom: int) -> np.ndarray:
        """Unit coordinates float32 [bottom - top, w, 2] of the centres of its pixels in some rows."""
        return self._places(top, bottom)[0]

    def lattice_places(self, top: int, bottom: int) -> np.ndarray:
        """The same pixels on LATTICE."""
        return self._places(top, bottom)[1]

    def _places(self, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray]:
        if (top, bottom) in self._kept:
            return self._kept[top, bottom]
        unit = self.unit_of_box(0, top, self.rgb.shape[1], bottom)
        places = unit, LATTICE.place(unit)
        if self.rgb.shape[0] * self.rgb.shape[1] <= REMEMBERED:
            self._kept[top, bottom] = places
        return places

    def unit_of_box(self, left: int, top: int, right: int, bottom: int) -> np.ndarray:
        """Unit coordinates float32 [bottom - top, right - left, 2] of the centres of a box of its pixels."""
        across, down = np.arange(left, right) + self.x + 0.5, np.arange(top, bottom) + self.y + 0.5
        return to_unit(self.placement, np.stack(np.meshgrid(across, down), axis=-1)).astype(np.float32)

    def pixels(self, unit: np.ndarray) -> np.ndarray:
        """Unit coordinates [..., 2] -> its pixels [..., 2], whose centres are at .5."""
        return to_picture(self.placement, unit) - (self.x, self.y)

    def shifts(self, unit: np.ndarray) -> np.ndarray:
        """Vectors of the square [..., 2] -> the same in pixels."""
        here = to_picture(self.placement, np.zeros(2))
        across = to_picture(self.placement, np.array([1.0, 0])) - here
        down = to_picture(self.placement, np.array([0.0, 1])) - here
        return unit @ np.stack([across, down]).astype(np.float32)
