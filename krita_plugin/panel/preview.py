"""The newest frame over a hatched background. Hold the mouse on it to see the original."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Callable, Optional

from ...bridge.messages import Frame, Placement
from ..pixels import face_image, image_over, scaled
from ..qt import Qt, QtCore, QtGui, QtWidgets, Signal
from ..slices import Steps
from ..state.picture import Picture
from ..words import tr

LARGEST = 384  # pixels a side of a picture of faces in the panel
BAND = 192  # rows of a crop that are drawn at a time
CROP = 768  # pixels a side of the original that the preview is compared with
SMALLEST = 120
SPIN_MS = 60


class Preview(QtWidgets.QWidget):
    """Shows one image in a square, or the outline of a head while there is none."""

    comparing = Signal(bool)  # the mouse holds the preview
    compared = Signal(bool)  # the original is shown, or no longer

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("anycost_preview")
        self.setAccessibleName(tr("Preview of the face"))
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Preferred)
        self.setMinimumSize(1, 1)  # its place decides
        self.image: Optional[QtGui.QImage] = None
        self.part: Optional[QtGui.QImage] = None  # laid over the image...
        self._place = QtCore.QRectF()  # ...here, in fractions of its sides
        self.original: Optional[QtGui.QImage] = None
        self._window = QtCore.QRectF(0, 0, 1, 1)  # what is shown of the square, in fractions of its sides
        self.compare = False
        self._backdrop: Optional[QtGui.QPixmap] = None  # the hatching at this size and in these colours
        # paints over the face in its square, and returns the words for the corner
        self.over: Callable[[QtGui.QPainter, QtCore.QRectF], str] = lambda _painter, _square: ""
        self._share: Optional[float] = None  # of the work under way; negative: unknown
        self._turn = 0
        self._spinner = QtCore.QTimer(self)
        self._spinner.setInterval(SPIN_MS)
        self._spinner.timeout.connect(self._spin)

    # What is shown

    def show_frame(self, frame: Optional[Frame], part: Optional[Frame] = None) -> None:
        """Shows a whole frame, with a part of a better one over it."""
        self.image = None if frame is None else face_image(frame)
        self.part = None
        if part is not None:
            side = part.side
            self.part = face_image(part)
            self._place = QtCore.QRectF(part.x / side, part.y / side, part.width / side, part.height / side)
        self.update()

    def show_original(self, image: Optional[QtGui.QImage], placement: Optional[Placement] = None) -> None:
        """Shows the picture as it is, and from now on only what `placement` shows of the square."""
        self.original = image
        left, top, right, bottom = (0.0, 0.0, 1.0, 1.0) if placement is None else placement.shown
        self._window = QtCore.QRectF(left, top, right - left, bottom - top)
        self.update()

    def show_progress(self, share: Optional[float]) -> None:
        """Shows which share of the work is done, 0 to 1; negative if unknown, None for no work."""
        self._share = share
        if share is not None and share < 0 and self.isVisible():
            self._spinner.start()
        else:
            self._spinner.stop()
        self.update()

    def set_compare(self, compare: bool) -> None:
        if compare != self.compare:
            self.compare = compare
            self.update()
            self.compared.emit(compare)

    def shown(self) -> Optional[QtGui.QImage]:
        """The image on screen: the original while comparing and before the first frame."""
        return self.original if self.compare or self.image is None else self.image

    # Events

    def sizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(self.width(), self.width())

    def changeEvent(self, event: QtCore.QEvent) -> None:
        if event.type() == QtCore.QEvent.Type.PaletteChange:
            self._backdrop = None

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        self._backdrop = None
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()  # stays square where there is room

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.comparing.emit(True)

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        self.comparing.emit(False)

    def hideEvent(self, event: QtGui.QHideEvent) -> None:
        self._spinner.stop()

    def _spin(self) -> None:
        self._turn = (self._turn + 12) % 360
        self.update(self._ring().toAlignedRect())

    # Painting

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        if self._backdrop is None or self._backdrop.devicePixelRatioF() != self.devicePixelRatioF():
            self._backdrop = self._hatching()
        painter.drawPixmap(0, 0, self._backdrop)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        image = self.shown()
        if image is not None:
            square = self.square()
            painter.setClipRect(self._shown())
            painter.drawImage(square, image)
            if image is not self.original and self.part is not None:
                painter.drawImage(_within(square, self._place), self.part)
            words = tr("Original") if image is self.original else self.over(painter, square)
            painter.setClipping(False)
            if words:
                self._paint_badge(painter, words)
        else:
            self._paint_outline(painter)
        if self._share is not None:
            self._paint_ring(painter)

    def square(self) -> QtCore.QRectF:
        side = min(self.width(), self.height())
        return QtCore.QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _shown(self) -> QtCore.QRectF:
        """Where the face's square, or what is shown of it, lies in this widget."""
        return _within(self.square(), self._window)

    def _hatching(self) -> QtGui.QPixmap:
        palette = self.palette()
        ratio = self.devicePixelRatioF()
        backdrop = QtGui.QPixmap(self.size() * ratio)
        backdrop.setDevicePixelRatio(ratio)
        backdrop.fill(palette.color(QtGui.QPalette.ColorRole.Base))
        line = palette.color(QtGui.QPalette.ColorRole.Text)
        line.setAlpha(28)
        painter = QtGui.QPainter(backdrop)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtGui.QPen(line, 1))
        for x in range(-self.height(), self.width(), 8):
            painter.drawLine(x, self.height(), x + self.height(), 0)
        painter.end()
        return backdrop

    def _paint_outline(self, painter: QtGui.QPainter) -> None:
        """A head and shoulders, to show what belongs here."""
        colour = self.palette().color(QtGui.QPalette.ColorRole.Text)
        colour.setAlpha(80)
        painter.setPen(QtGui.QPen(colour, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        centre, unit = QtCore.QPointF(self.width() / 2, self.height() * 0.44), self.square().height() / 12
        painter.drawEllipse(centre, 1.9 * unit, 2.4 * unit)
        shoulders = QtCore.QRectF(centre.x() - 3.6 * unit, centre.y() + 3.2 * unit, 7.2 * unit, 5.2 * unit)
        painter.drawArc(shoulders, 0, 180 * 16)

    def _paint_badge(self, painter: QtGui.QPainter, text: str) -> None:
        metrics = painter.fontMetrics()
        corner = self._shown().topLeft()
        badge = QtCore.QRectF(
            corner.x() + 6, corner.y() + 6, metrics.horizontalAdvance(text) + 12, metrics.height() + 4
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(0, 0, 0, 150))
        painter.drawRoundedRect(badge, 4, 4)
        painter.setPen(QtGui.QColor(255, 255, 255))
        painter.drawText(badge, int(Qt.AlignmentFlag.AlignCenter), text)

    def _ring(self) -> QtCore.QRectF:
        corner = self._shown().bottomRight()
        return QtCore.QRectF(corner.x() - 38, corner.y() - 38, 30, 30)

    def _paint_ring(self, painter: QtGui.QPainter) -> None:
        ring, share = self._ring(), self._share
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(0, 0, 0, 150))
        painter.drawEllipse(ring)
        pen = QtGui.QPen(self.palette().color(QtGui.QPalette.ColorRole.Highlight), 3)
        painter.setPen(pen)
        arc = ring.adjusted(4, 4, -4, -4)
        if share is None or share < 0:
            painter.drawArc(arc, (90 - self._turn) * 16, -90 * 16)
            return
        painter.drawArc(arc, 90 * 16, -round(share * 360) * 16)
        font = painter.font()
        font.setPixelSize(9)
        painter.setFont(font)
        painter.setPen(QtGui.QColor(255, 255, 255))
        painter.drawText(ring, int(Qt.AlignmentFlag.AlignCenter), f"{share * 100:.0f}")


def _within(square: QtCore.QRectF, place: QtCore.QRectF) -> QtCore.QRectF:
    """A rectangle given in fractions of a square's sides."""
    x, y = square.x() + place.x() * square.width(), square.y() + place.y() * square.height()
    return QtCore.QRectF(x, y, place.width() * square.width(), place.height() * square.height())


def face_crop(picture: Picture, placement: Placement, side: int = CROP) -> QtGui.QImage:
    """The face of the sent picture, turned and cropped as the core does, `side` pixels square."""
    steps = cropping(picture, placement, side)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def cropping(picture: Picture, placement: Placement, side: int = CROP) -> Steps[QtGui.QImage]:
    """The same in steps: a large face takes a tenth of a second."""
    whole = image_over(picture.rgba, picture.width, picture.height)
    length = side if placement.size <= side else 2 * side  # bilinear sampling alone would alias
    crop = QtGui.QImage(length, length, QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    crop.fill(Qt.GlobalColor.transparent)
    for top in range(0, length, BAND):
        painter = QtGui.QPainter(crop)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipRect(0, top, length, BAND)
        painter.translate(length / 2, length / 2)
        painter.scale(length / placement.size, length / placement.size)
        painter.rotate(-placement.angle)
        painter.translate(-placement.x, -placement.y)
        painter.drawImage(0, 0, whole)
        painter.end()
        yield
    return scaled(crop, side, side)
