"""Paint layers of Krita's documents: found, made and filled.

Nodes are never kept: flattening the image deletes them.
"""

from __future__ import annotations

from typing import Dict, Hashable, Iterator, Optional, Sequence, Tuple

from krita import Document, Node

from ...bridge.messages import Layer
from ..pixels import placed_over, raw_bytes
from ..qt import QtCore, QtGui
from ..slices import Steps
from ..state.picture import Box, HostError, Picture
from ..words import tr
from .picture_reader import STRIP_PIXELS
from .underlying import all_nodes

SRGB = "sRGB-elle-V2-srgbtrc.icc"  # Krita's built-in profile
REFUSED = (
    "Krita could not write the layer: save your work, make room in memory and on disk, then apply again."
)


def last_of(document: Document, names: Sequence[Hashable]) -> Optional[Node]:
    """The node with the last of these ids that the document still has, in whatever group."""
    found: Dict[Hashable, Node] = {
        node.uniqueId().toString(): node for node in all_nodes(document.rootNode())
    }
    return next((found[name] for name in reversed(names) if name in found), None)


def new_layer(document: Document, name: str) -> Node:
    """An empty layer of 8-bit sRGB, not in the document yet, so that what is done to it is no undo step.

    It suits a document of any colour model: where it is transparent, Krita leaves what is below as it is, to
    the bit.
    """
    node = document.createNode(name, "paintlayer")
    if node is None:
        raise HostError(tr(REFUSED))
    node.setColorSpace("RGBA", "U8", SRGB)  # False where nothing changes
    if space(node)[:2] != ("RGBA", "U8"):
        raise HostError(tr(REFUSED))
    return node


def space(node: Node) -> Tuple[str, str, str]:
    return node.colorModel(), node.colorDepth(), node.colorProfile()


def paint_in(node: Node) -> Node:
    """The paint layer of an edit: the layer itself, or the lowest one in its group."""
    if node.type() == "paintlayer":
        return node
    found = [paint_in(child) for child in node.childNodes() if child.type() in ("paintlayer", "grouplayer")]
    return next((child for child in found if child.type() == "paintlayer"), node)


def painted(node: Node) -> Box:
    """The box of what is painted on an edit's layer."""
    bounds = paint_in(node).bounds()
    return bounds.x(), bounds.y(), bounds.width(), bounds.height()


def copied(node: Node, name: str) -> Optional[Node]:
    """A copy of an edit's layer or group, with its opacity, masks and whatever else the artist gave it. Wipe
    what is painted in it. None where there is nothing in it to paint an edit on.

    Krita 5.1 crashes where a copy's colour space is set.
    """
    copy = node.clone()
    paint = paint_in(copy)
    if paint.type() != "paintlayer" or space(paint) != ("RGBA", "U8", SRGB):
        return None
    copy.setName(name)
    copy.setVisible(True)  # else an update of a hidden layer would seem to do nothing
    return copy


def wipe(node: Node) -> None:
    """Leave nothing on a layer of 8-bit sRGB; of an animated one, on its frame at the current time."""
    for _strip in wiping(node):
        pass


def wiping(node: Node) -> Steps[None]:
    """The same in steps."""
    bounds = node.bounds()
    for y, rows in strips(bounds.width(), bounds.height()):
        blank = QtGui.QImage(bounds.width(), rows, QtGui.QImage.Format.Format_ARGB32)
        blank.fill(0)
        fill(node, blank, bounds.x(), bounds.y() + y)
        yield


def drawing(node: Node, picture: Picture, layer: Layer) -> Steps[None]:
    """Writes what the core drew for a picture, a strip a step."""
    left, top, image = placed_over(picture, layer)
    for y, rows in strips(image.width(), image.height()):
        fill(node, image.copy(0, y, image.width(), rows), left, top + y)
        yield


def strips(width: int, height: int) -> Iterator[Tuple[int, int]]:
    """The first row and the count of each strip of an image."""
    most = max(1, STRIP_PIXELS // max(1, width))
    for y in range(0, height, most):
        yield y, min(most, height - y)


def fill(node: Node, strip: QtGui.QImage, left: int, top: int) -> None:
    """Writes a strip and reads it back: Krita 5.1 does not report a failed or short write."""
    bgra = strip.convertToFormat(QtGui.QImage.Format.Format_ARGB32)
    data, size = QtCore.QByteArray(raw_bytes(bgra)), (strip.width(), strip.height())
    node.setPixelData(data, left, top, *size)
    if node.pixelData(left, top, *size) != data:
        raise HostError(tr(REFUSED))
