"""What the artist has selected, and a copy of it with another edge."""

from __future__ import annotations

import threading
from typing import Callable, Optional

from krita import Document, Selection

from ..bridge.messages import Selected
from .picture import Box, Edge, Picture, check_size
from .pixels import scaled_mask
from .qt import QtCore, Signal


def selected_box(document: Document) -> Optional[Box]:
    """The selection's bounding box within the picture; HostError if that or the picture is too small."""
    width, height = document.width(), document.height()
    selection = document.selection()
    if selection is None:
        check_size(width, height, "picture")
        return None
    left, top = max(0, selection.x()), max(0, selection.y())
    right = min(width, selection.x() + selection.width())
    bottom = min(height, selection.y() + selection.height())
    check_size(right - left, bottom - top, "selection")
    return left, top, right - left, bottom - top


class SelectedMask(QtCore.QObject):
    """Changes the edge of a copy of a selection, then calls `made` once with what it selects of a box.

    In a thread: Krita takes half a second to feather a million pixels. Of the selection only what can reach
    the box is copied, so that one of a large picture costs no more than the face.
    """

    _read = Signal(bytes)

    def __init__(
        self,
        selection: Selection,
        picture: Picture,
        box: Box,
        edge: Edge,
        made: Callable[[SelectedMask, Selected], None],
    ) -> None:
        super().__init__()
        self._box = box
        self._in_document = picture.in_document(box)
        self._edge = edge
        self._made = made
        self._copy = selection.duplicate()
        self._copy.intersect(_rectangle(self._in_document, abs(edge.grow) + edge.feather + 1))
        self._read.connect(self._finish)  # a method of this object: called in its thread, Krita's
        threading.Thread(target=self._make).start()

    def _make(self) -> None:
        copy, grow = self._copy, self._edge.grow
        if grow > 0:
            copy.grow(grow, grow)
        elif grow < 0:
            copy.shrink(-grow, -grow, False)
        if self._edge.feather:
            copy.feather(self._edge.feather)
        mask = bytes(copy.pixelData(*self._in_document))
        self._read.emit(scaled_mask(mask, self._in_document[2:], self._box[2:]))

    def _finish(self, mask: bytes) -> None:
        self._made(self, Selected(*self._box, mask))


def _rectangle(box: Box, around: int) -> Selection:
    """A box with a margin, as a selection."""
    left, top, width, height = box
    found = Selection()
    found.select(left - around, top - around, width + 2 * around, height + 2 * around, 255)
    return found
