"""Reads a picture of a document in steps, between the program's own events."""

from __future__ import annotations

import mmap
from typing import Optional, Protocol, Tuple, cast

from ..pixels import rgba_bytes, scaled
from ..qt import QtGui
from ..slices import Steps
from ..state.picture import Box, HostError, Picture
from ..words import tr

STRIP_PIXELS = 1 << 18  # read or written at a time: a few milliseconds in any colour model
CHANGED = "The picture was closed or resized while it was read: press Project again."


class Readable(Protocol):
    """A Krita document, or a part of one that is read in its place."""

    def width(self) -> int: ...

    def height(self) -> int: ...

    def projection(self, x: int, y: int, w: int, h: int) -> QtGui.QImage:
        """A box of it as sRGB; a null image where there is none any more."""
        ...


def reading(document: Readable, box: Box, factor: int, selection: Optional[Box] = None) -> Steps[Picture]:
    """Reads one box of a document, a strip a step; HostError once it has another size than now.

    A scaled picture is cut to whole multiples of the factor, so that all strips are averaged alike.
    """
    return _reading(document, box, factor, selection, (document.width(), document.height()))


def _reading(
    document: Readable, box: Box, factor: int, selection: Optional[Box], size: Tuple[int, int]
) -> Steps[Picture]:
    left, top = box[:2]
    width, height = box[2] // factor, box[3] // factor
    pixels = mmap.mmap(-1, 4 * width * height)  # its pages come as they are written
    most = max(1, STRIP_PIXELS // (width * factor) // factor)
    for y in range(0, height, most):
        rows = min(most, height - y)
        strip = document.projection(left, top + y * factor, width * factor, rows * factor)
        if strip.isNull() or (document.width(), document.height()) != size:
            raise HostError(tr(CHANGED))
        rgba, start = rgba_bytes(scaled(strip, width, rows)), 4 * width * y
        pixels[start : start + len(rgba)] = rgba
        yield
    rgba = cast(bytes, memoryview(pixels).toreadonly())  # not copied
    return Picture(width, height, rgba, left, top, factor, size, selection)
