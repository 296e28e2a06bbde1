"""Reads a picture of a document between the program's own events."""

from __future__ import annotations

import mmap
from typing import Callable, Iterator, Optional, Protocol, cast

from ..pixels import rgba_bytes, scaled
from ..qt import QtCore, QtGui
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


class PictureReader(QtCore.QObject):
    """Reads one box of a document a strip at a time, then calls `done` (or `failed`) once."""

    def __init__(
        self,
        document: Readable,
        box: Box,
        factor: int,
        selection: Optional[Box],
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._document = document
        self._done = done
        self._failed = failed
        self._size = (document.width(), document.height())
        self._selection = selection
        self._box = box
        self._factor = factor
        self._sent = self._box[2] // self._factor, self._box[3] // self._factor
        self._pixels = mmap.mmap(-1, 4 * self._sent[0] * self._sent[1])  # its pages come as they are written
        self._slices = self._read()
        QtCore.QTimer.singleShot(0, self._step)

    def _step(self) -> None:
        try:
            next(self._slices)
        except StopIteration:
            self._finish()
        except HostError as error:
            self._failed(str(error))
        else:
            QtCore.QTimer.singleShot(0, self._step)

    def _read(self) -> Iterator[None]:
        """Cuts a scaled picture to whole multiples of the factor, so that all strips are averaged alike."""
        left, top = self._box[:2]
        (width, height), factor = self._sent, self._factor
        most = max(1, STRIP_PIXELS // (width * factor) // factor)
        for y in range(0, height, most):
            rows = min(most, height - y)
            strip = self._document.projection(left, top + y * factor, width * factor, rows * factor)
            if strip.isNull() or (self._document.width(), self._document.height()) != self._size:
                raise HostError(tr(CHANGED))
            rgba, start = rgba_bytes(scaled(strip, width, rows)), 4 * width * y
            self._pixels[start : start + len(rgba)] = rgba
            yield

    def _finish(self) -> None:
        left, top = self._box[:2]
        rgba = cast(bytes, memoryview(self._pixels).toreadonly())  # not copied
        self._done(Picture(*self._sent, rgba, left, top, self._factor, self._size, self._selection))
