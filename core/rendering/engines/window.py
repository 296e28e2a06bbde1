"""Which part of each layer's maps a part of the picture needs: rectangles and their halos.

A 3x3 convolution reads one more pixel on every side. A layer that doubles reads, for the output pixels p to
q - 1, the inputs floor(p / 2) - 1 to floor((q + 1) / 2): the FIR filter reaches one pixel back and two ahead,
and the transposed convolution makes its pixel r from the inputs ceil(r / 2) - 1 to floor(r / 2). A window may
reach beyond its map, where there are zeros.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """The pixels of rows top to bottom - 1 and columns left to right - 1 of a square map."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @classmethod
    def whole(cls, side: int) -> Window:
        """The whole of a map of `side` pixels a side."""
        return cls(0, 0, side, side)

    def fits(self, side: int) -> bool:
        """Whether it has pixels, and none outside a map of `side` pixels a side."""
        return 0 <= self.top < self.bottom <= side and 0 <= self.left < self.right <= side

    def grown(self, before: int, after: int) -> Window:
        """The window with `before` more pixels at top and left, and `after` more at bottom and right."""
        return Window(self.top - before, self.left - before, self.bottom + after, self.right + after)

    def clipped(self, side: int) -> Window:
        """The part of it inside a map of `side` pixels a side."""
        return Window(max(0, self.top), max(0, self.left), min(side, self.bottom), min(side, self.right))

    def halved(self) -> Window:
        """The part of its input that a layer that doubles reads to make this window."""
        return Window(
            self.top // 2 - 1, self.left // 2 - 1, (self.bottom + 1) // 2 + 1, (self.right + 1) // 2 + 1
        )

    def doubled(self) -> Window:
        """The same part of a map with twice as many pixels a side."""
        return Window(2 * self.top, 2 * self.left, 2 * self.bottom, 2 * self.right)

    def scaled(self, factor: float) -> Window:
        """The pixels that it touches in a map with `factor` times as many a side."""
        top, left = (math.floor(factor * start) for start in (self.top, self.left))
        bottom, right = (math.ceil(factor * end) for end in (self.bottom, self.right))
        return Window(top, left, bottom, right)

    def beyond(self, side: int) -> tuple[int, int, int, int]:
        """How far it reaches beyond a map of `side` pixels a side, at the top, left, bottom and right."""
        inside = self.clipped(side)
        return (
            inside.top - self.top,
            inside.left - self.left,
            self.bottom - inside.bottom,
            self.right - inside.right,
        )

    def within(self, outer: Window) -> Window:
        """The same pixels, counted from the corner of `outer`."""
        return Window(
            self.top - outer.top, self.left - outer.left, self.bottom - outer.top, self.right - outer.left
        )

    def strips(self, rows: int) -> list[Window]:
        """The window cut from top to bottom into parts of `rows` rows; the last may have fewer."""
        return [
            Window(top, self.left, min(top + rows, self.bottom), self.right)
            for top in range(self.top, self.bottom, rows)
        ]
