"""The pixels of one layer, without the others."""

from __future__ import annotations

from typing import Optional, Tuple

from krita import Document, Node

from ..qt import QtCore, QtGui
from ..state.picture import Box
from .paint_layers import SRGB, space


class LayerPixels:
    """A layer as a picture, or its frame at one time; see `Readable`. Its colours become sRGB."""

    def __init__(self, document: Document, node: Node, time: Optional[int] = None) -> None:
        """The node may leave the document while it is read: it is asked for nothing but its pixels."""
        self._document = document
        self._node = node
        self._time = time

    def width(self) -> int:
        return self._document.width()

    def height(self) -> int:
        return self._document.height()

    def projection(self, x: int, y: int, w: int, h: int) -> QtGui.QImage:
        node = self._node
        if self._time is None:
            data = node.projectionPixelData(x, y, w, h)  # a group's own are none
        else:
            data = node.pixelDataAtTime(x, y, w, h, self._time)
        if space(node) != ("RGBA", "U8", SRGB):
            data = self._as_srgb(space(node), data, (x, y, w, h))
        if data.size() != 4 * w * h:
            return QtGui.QImage()
        return QtGui.QImage(bytes(data), w, h, 4 * w, QtGui.QImage.Format.Format_ARGB32).copy()

    def _as_srgb(self, colours: Tuple[str, str, str], data: QtCore.QByteArray, box: Box) -> QtCore.QByteArray:
        """Krita converts it, on a layer that no document gets."""
        node = self._document.createNode("", "paintlayer")
        if node is None:
            return QtCore.QByteArray()
        node.setColorSpace(*colours)  # False where nothing changes
        node.setPixelData(data, *box)
        node.setColorSpace("RGBA", "U8", SRGB)
        return node.pixelData(*box)
