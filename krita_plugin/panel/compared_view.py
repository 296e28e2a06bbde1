"""Paints the comparison over the preview: A, a wipe with its line, or a map of the difference."""

# PyQt5's stubs name event handlers' parameters differently
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

from typing import Optional, Tuple, Union

from ...bridge.messages import Frame, Thumbnail
from ..pixels import face_image, image_over, raw_bytes, scaled
from ..qt import QT6, Qt, QtCore, QtGui
from ..state.comparing import Comparing, Manner
from ..words import tr
from .preview import Preview

GAIN = 4  # times: a difference of a quarter of all levels has the hottest colour
FAINT = 4  # levels: a smaller difference is not shown
# from nothing over blue, magenta and orange to a pale yellow
HEAT = ((0, 0, 4), (60, 15, 110), (150, 40, 120), (225, 85, 60), (250, 170, 30), (252, 255, 170))
LINE = 2.0  # screen pixels


class ComparedView(QtCore.QObject):
    """Hooks into a preview: it paints after the face, and takes the mouse while there is a line to drag."""

    def __init__(self, comparing: Comparing, preview: Preview) -> None:
        super().__init__(preview)
        self._comparing, self._preview = comparing, preview
        self._made: Optional[Tuple[object, QtGui.QImage]] = None  # A, and what it was made from
        self._heat: Optional[Tuple[int, int, QtGui.QImage]] = None
        preview.over = self.paint
        preview.installEventFilter(self)

    @property
    def a(self) -> Optional[QtGui.QImage]:
        """What the face is compared with."""
        source = self._comparing.frame or self._comparing.drawn
        if source is None:
            return self._preview.original
        if self._made is None or self._made[0] is not source:  # else each move of the line would make it
            self._made = source, _image_of(source)
        return self._made[1]

    def paint(self, painter: QtGui.QPainter, square: QtCore.QRectF) -> str:
        """Over the face in its square; the words for the corner."""
        a, now, manner = self.a, self._preview.image, self._comparing.manner
        if a is None or now is None or manner is Manner.NOW or self._preview.compare:
            return ""
        if manner is Manner.A:
            painter.drawImage(square, a)
            return tr("A")
        if manner is Manner.DIFFERENCE:
            painter.drawImage(square, self._difference(a, now))
            return tr("Difference")
        self._wipe(painter, square, a)
        return tr("A | now")

    def _wipe(self, painter: QtGui.QPainter, square: QtCore.QRectF, a: QtGui.QImage) -> None:
        x = square.left() + self._comparing.line * square.width()
        left = QtCore.QRectF(square.left(), square.top(), x - square.left(), square.height())
        painter.save()
        painter.setClipRect(left, Qt.ClipOperation.IntersectClip)
        painter.drawImage(square, a)
        painter.restore()
        for colour, width in ((QtGui.QColor(0, 0, 0, 150), LINE + 2), (QtGui.QColor(255, 255, 255), LINE)):
            painter.setPen(QtGui.QPen(colour, width))
            painter.drawLine(QtCore.QPointF(x, square.top()), QtCore.QPointF(x, square.bottom()))
        painter.setPen(QtGui.QPen(QtGui.QColor(0, 0, 0, 150), 1))
        painter.setBrush(QtGui.QColor(255, 255, 255))
        painter.drawEllipse(QtCore.QPointF(x, square.center().y()), 5, 5)

    def _difference(self, a: QtGui.QImage, now: QtGui.QImage) -> QtGui.QImage:
        """Made anew only where one of both is another image."""
        keys = a.cacheKey(), now.cacheKey()
        known = self._heat
        if known is None or known[:2] != keys:
            self._heat = known = (*keys, heat_map(a, now))
        return known[2]

    # The line

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        kinds = QtCore.QEvent.Type
        moving = event.type() in (kinds.MouseButtonPress, kinds.MouseMove, kinds.MouseButtonRelease)
        if (
            not moving
            or self._comparing.manner is not Manner.WIPE
            or not isinstance(event, QtGui.QMouseEvent)
        ):
            return super().eventFilter(watched, event)
        if bool(event.buttons() & Qt.MouseButton.LeftButton):
            square = self._preview.square()
            x = event.position().x() if QT6 else event.localPos().x()  # pyright: ignore
            self._comparing.move_line((x - square.left()) / max(1.0, square.width()))
        return True


def _image_of(source: Union[Frame, Thumbnail]) -> QtGui.QImage:
    if isinstance(source, Frame):
        return face_image(source)
    return image_over(source.rgba, source.side, source.side)


def heat_map(a: QtGui.QImage, b: QtGui.QImage) -> QtGui.QImage:
    """How much two pictures differ at each place, as colours; transparent where they do not."""
    side = b.width(), b.height()
    apart = scaled(a, *side).convertToFormat(QtGui.QImage.Format.Format_RGB32)
    painter = QtGui.QPainter(apart)
    painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_Difference)
    painter.drawImage(0, 0, b.convertToFormat(QtGui.QImage.Format.Format_RGB32))
    painter.end()
    grey = apart.convertToFormat(QtGui.QImage.Format.Format_Grayscale8)
    data, line = raw_bytes(grey), grey.bytesPerLine()
    heat = QtGui.QImage(data, *side, line, QtGui.QImage.Format.Format_Indexed8)
    heat.setColorTable([_heat_of(level) for level in range(256)])
    shown = heat.convertToFormat(QtGui.QImage.Format.Format_ARGB32_Premultiplied)  # its own pixels
    painter.begin(shown)
    painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.drawImage(0, 0, scaled(a, *side))  # beside the picture nothing differs
    painter.end()
    return shown


def _heat_of(level: int) -> int:
    hot = min(1.0, GAIN * level / 255) * (len(HEAT) - 1)
    at = min(int(hot), len(HEAT) - 2)
    red, green, blue = (round(x + (hot - at) * (y - x)) for x, y in zip(HEAT[at], HEAT[at + 1]))
    return QtGui.QColor(red, green, blue, 0 if level < FAINT else 235).rgba()
