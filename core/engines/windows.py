"""Which part of each layer's maps a part of the picture needs: rectangles and their halos.

A 3x3 convolution looks one pixel further on every side. A layer that doubles reads, for the output pixels
p to q - 1, the inputs floor(p / 2) - 1 to floor((q + 1) / 2): the FIR filter reaches one pixel back and two
on, and the transposed convolution makes its pixel r of the inputs ceil(r / 2) - 1 to floor(r / 2).
"""

from __future__ import annotations

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
        """All of a map of `side` pixels a side."""
        return cls(0, 0, side, side)

    def fits(self, side: int) -> bool:
        """Whether it holds a pixel, and none outside a map of `side` pixels a side."""
        return 0 <= self.top < self.bottom <= side and 0 <= self.left < self.right <= side

    def holds(self, other: Window) -> bool:
        """Whether all of `other` lies in it."""
        return (
            self.top <= other.top
            and self.left <= other.left
            and other.bottom <= self.bottom
            and other.right <= self.right
        )

    def grown(self, by: int, side: int) -> Window:
        """Wider by `by` pixels on every side, within a map of `side` pixels a side."""
        return Window(
            max(0, self.top - by),
            max(0, self.left - by),
            min(side, self.bottom + by),
            min(side, self.right + by),
        )

    def halved(self, side: int) -> Window:
        """What a layer that doubles reads of its input, of `side` pixels a side, to make this window."""
        return Window(
            max(0, self.top // 2 - 1),
            max(0, self.left // 2 - 1),
            min(side, (self.bottom + 1) // 2 + 1),
            min(side, (self.right + 1) // 2 + 1),
        )

    def within(self, outer: Window) -> Window:
        """The same pixels, counted from the corner of `outer`."""
        return Window(
            self.top - outer.top, self.left - outer.left, self.bottom - outer.top, self.right - outer.left
        )

    def strips(self, rows: int) -> list[Window]:
        """The window from top to bottom in parts of `rows` rows, the last of which may have fewer."""
        return [
            Window(top, self.left, min(top + rows, self.bottom), self.right)
            for top in range(self.top, self.bottom, rows)
        ]
