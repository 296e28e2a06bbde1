"""Pictures over one of Krita's canvases, where a document's pixels lie there.

A widget, not a layer. Krita 5.1 cannot add a layer and leave the undo history alone: `addChildNode` is a step
of it and drops what could be redone; undoing that step leaves it there to be redone; after a stroke it is no
longer the last one. The stack itself is out of Python's reach. A layer would also count as a change, be
saved, exported, read by Project and found again after a crash. A widget does none of that: it is a child of
the canvas, lets every event through and goes with the canvas. Its pictures lie over all layers, where Apply
puts its own, and over what Krita draws there, such as the brush's outline.
"""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

from ..qt import Qt, QtCore, QtGui, QtWidgets

LARGEST_SCREEN = 1 << 14  # px: the overlay is as large as any canvas, so nobody has to follow its size
CONTROLLER = "KisCanvasController"  # Krita's class: a scroll area whose bars say where the picture lies


class Spread(NamedTuple):
    """How a canvas shows its document."""

    size: Tuple[int, int]  # of the document, in its pixels
    zoom: float  # screen pixels that one of the document's covers, a side
    angle: float  # degrees clockwise
    mirrored: bool

    def on_canvas(self, left: int, top: int) -> QtGui.QTransform:
        """Document pixels -> the canvas's, where (left, top) of the spread picture is the canvas's corner."""
        turned = QtGui.QTransform().rotate(self.angle)
        flip = -self.zoom if self.mirrored else self.zoom
        spread = QtGui.QTransform.fromScale(flip, self.zoom) * turned
        corner = spread.mapRect(QtCore.QRectF(0, 0, *self.size)).topLeft()
        return spread * QtGui.QTransform.fromTranslate(-corner.x() - left, -corner.y() - top)


class Laid(NamedTuple):
    """An image and where it lies."""

    image: QtGui.QImage
    on_document: QtGui.QTransform  # its pixels -> the document's
    size: Tuple[int, int]  # of the document, in its pixels: it does not show once that has another


class CanvasOverlay(QtWidgets.QWidget):
    """Shows images on one canvas. `spread` is asked with every painting; None shows nothing."""

    def __init__(
        self,
        area: QtWidgets.QAbstractScrollArea,
        canvas: QtWidgets.QWidget,
        spread: Callable[[], Optional[Spread]],
    ) -> None:
        super().__init__(canvas)
        self.setObjectName("anycost_canvas_preview")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.resize(LARGEST_SCREEN, LARGEST_SCREEN)
        self.lower()  # under Krita's own palettes on the canvas
        self.hide()
        self._area = area
        self._spread = spread
        self.laid: List[Laid] = []

    def lay(self, images: Sequence[Laid]) -> None:
        """Show these, and nothing else."""
        if len(images) == len(self.laid) and all(a.image is b.image for a, b in zip(images, self.laid)):
            return  # painting the canvas under them takes longest
        self.update(self._covered())
        self.laid = list(images)
        self.update(self._covered())
        self.setVisible(bool(images))

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        spread, placed = self._spread(), self.on_canvas()
        if spread is None or placed is None:
            return
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        for image, on_document, size in self.laid:
            if size == spread.size:
                painter.setTransform(on_document * placed)
                painter.drawImage(0, 0, image)
        painter.end()

    def on_canvas(self) -> Optional[QtGui.QTransform]:
        """Document pixels -> the canvas's. Krita's scroll bars hold where the picture's corner is."""
        spread = self._spread()
        if spread is None:
            return None
        return spread.on_canvas(
            self._area.horizontalScrollBar().value(), self._area.verticalScrollBar().value()
        )

    def _covered(self) -> QtCore.QRect:
        """The canvas's pixels that images cover."""
        placed, box = self.on_canvas(), QtCore.QRectF()
        if placed is None or not self.laid:
            return QtCore.QRect()
        for image, on_document, _size in self.laid:
            box = box.united((on_document * placed).mapRect(QtCore.QRectF(image.rect())))
        return box.toAlignedRect().adjusted(-1, -1, 1, 1)


def canvas_of(view: QtWidgets.QWidget) -> Optional[Tuple[QtWidgets.QAbstractScrollArea, QtWidgets.QWidget]]:
    """The scroll area and the canvas in one of Krita's views; None where this Krita has others."""
    for area in view.findChildren(QtWidgets.QAbstractScrollArea):
        if area.metaObject().className() == CONTROLLER:
            inside = [child for child in area.viewport().children() if isinstance(child, QtWidgets.QWidget)]
            return (area, inside[0]) if inside else None
    return None
