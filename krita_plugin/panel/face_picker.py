"""The whole picture with a box for each face, or with three handles that the artist drags onto a face."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import List, Optional, Tuple

from ...bridge.messages import Placement
from ..pixels import image_over, scaled, scaled_part
from ..qt import QT6, Qt, QtCore, QtGui, QtWidgets, Signal
from ..state.document_faces import Face, Faces, View, box_around
from ..state.handles import MOUTH, NAMES, Handles
from ..state.picture import Picture
from ..words import tr
from .preview import LARGEST, SMALLEST

COPY = 2 * LARGEST  # the longest side of the copy that is kept: enough for screens with small pixels
REACH = 14.0  # screen pixels from a handle's middle within which the mouse takes it
RADIUS = 6.0
CORNER = 0.16  # of a box's side
STEP_SHARE = (
    100  # an arrow key moves a handle by this part of the picture's shorter side; with Shift, a pixel
)
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class FaceMap(QtWidgets.QWidget):
    """The picture as large as fits. Tab walks through its boxes or handles; Enter picks, arrows move."""

    picked = Signal(object)  # a Face
    moved = Signal(int, float, float)  # a handle, to pixels of the picture

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("anycost_face_map")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.faces: List[Face] = []
        self.chosen: Optional[Face] = None
        self.handles: Optional[Handles] = None
        self.at: Optional[int] = None  # the box or handle under the mouse, or that the keys act on
        self.dragging = False
        self._picture: Optional[Picture] = None
        self._copy = QtGui.QImage()  # of the picture, small
        self._pixmap = QtGui.QPixmap()  # the same at the size on screen

    # What is shown

    def show_faces(self, faces: Faces) -> None:
        if faces.shown is not self._picture:
            self._picture = faces.shown
            self._copy = _small(faces.shown)
            self._pixmap = QtGui.QPixmap()
        placing = faces.view is View.PLACING
        if (self.handles is None) == placing:  # the other view
            self.at, self.dragging = None, False
        self.faces, self.chosen = ([] if placing else faces.all), faces.chosen
        self.handles = faces.handles if placing else None
        if self.at is not None and self.at >= self._count():
            self.at = None
        self.setAccessibleName(tr("The three handles") if placing else tr("The picture's faces"))
        self._say_where()
        self.update()

    def clear(self) -> None:
        """Release the picture."""
        self._picture, self.faces, self.handles, self.chosen = None, [], None, None
        self._copy, self._pixmap = QtGui.QImage(), QtGui.QPixmap()

    def _count(self) -> int:
        return len(self.faces) if self.handles is None else len(self.handles.points)

    def to_screen(self, x: float, y: float) -> QtCore.QPointF:
        """A pixel of the picture, on this widget."""
        place, scale = self._place(), self._scale()
        return QtCore.QPointF(place.x() + x * scale, place.y() + y * scale)

    def _to_picture(self, where: QtCore.QPointF) -> QtCore.QPointF:
        place, scale = self._place(), self._scale()
        return QtCore.QPointF((where.x() - place.x()) / scale, (where.y() - place.y()) / scale)

    def _scale(self) -> float:
        if self._picture is None:
            return 1.0
        return max(1e-3, min(self.width() / self._picture.width, self.height() / self._picture.height))

    def _place(self) -> QtCore.QRectF:
        """Where the picture lies on this widget."""
        if self._picture is None:
            return QtCore.QRectF(self.rect())
        width, height = self._picture.width * self._scale(), self._picture.height * self._scale()
        return QtCore.QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    # The mouse

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._go_to(self._under(_position(event)))
        if self.at is None:
            return
        if self.handles is not None:
            self.dragging = True
        else:
            self.picked.emit(self.faces[self.at])

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        where = _position(event)
        if self.dragging and self.at is not None:
            spot = self._to_picture(where)
            self.moved.emit(self.at, spot.x(), spot.y())
        else:
            self._go_to(self._under(where))

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        self.dragging = False

    def leaveEvent(self, event: QtCore.QEvent) -> None:
        if not self.hasFocus():
            self._go_to(None)

    def _under(self, where: QtCore.QPointF) -> Optional[int]:
        """The smallest box around a point, or the nearest handle."""
        if self.handles is not None:
            spots = [self.to_screen(*point) for point in self.handles.points]
            far = [QtCore.QLineF(where, spot).length() for spot in spots]
            nearest = min(range(len(far)), key=lambda index: far[index])
            return nearest if far[nearest] <= REACH else None
        spot = self._to_picture(where)
        around = [
            (face.box.size, index)
            for index, face in enumerate(self.faces)
            if _shows(face.box, spot.x(), spot.y())
        ]
        return min(around)[1] if around else None

    def _go_to(self, index: Optional[int]) -> None:
        if index == self.at:
            return
        self.at = index
        hand = Qt.CursorShape.ArrowCursor if index is None else Qt.CursorShape.PointingHandCursor
        self.setCursor(hand)
        self._say_where()
        self.update()

    def _say_where(self) -> None:
        words = ""
        if self.at is not None:
            words = self._face_words(self.at) if self.handles is None else tr(NAMES[self.at])
        self.setToolTip(words)
        self.setAccessibleDescription(words)

    def _face_words(self, index: int) -> str:
        face = self.faces[index]
        parts = [tr("Face {n} of {all}", n=index + 1, all=len(self.faces))]
        parts += [tr("placed by hand")] if face.by_hand else [tr("a guess")] if face.guess else []
        parts += [tr("edited")] if not face.portrait.adjustment.plain else []
        return ", ".join(parts)

    # The keyboard

    def event(self, event: QtCore.QEvent) -> bool:
        if event.type() == QtCore.QEvent.Type.ShortcutOverride and isinstance(event, QtGui.QKeyEvent):
            tabs = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
            if event.key() in (*ARROWS, *ENTER, *tabs):  # Krita has shortcuts with some of them
                event.accept()
                return True
        return super().event(event)

    def focusInEvent(self, event: QtGui.QFocusEvent) -> None:
        reasons = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if event.reason() in reasons and self._count():
            self._go_to(0 if event.reason() == reasons[0] else self._count() - 1)
        self.update()

    def focusOutEvent(self, event: QtGui.QFocusEvent) -> None:
        self._go_to(None)
        self.update()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab: the next box or handle, and after the last one the next widget."""
        following = (-1 if self.at is None else self.at) + (1 if forward else -1)
        if not 0 <= following < self._count():
            return super().focusNextPrevChild(forward)
        self._go_to(following)
        return True

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        arrow = ARROWS.get(event.key())  # pyright: ignore[reportArgumentType, reportCallIssue]
        if arrow is not None and self.handles is not None:
            self._nudge(arrow, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif arrow is not None and self._count():
            start = -1 if self.at is None else self.at
            self._go_to((start + sum(arrow)) % self._count())
        elif event.key() in ENTER and self.at is not None and self.handles is None:
            self.picked.emit(self.faces[self.at])
        else:
            super().keyPressEvent(event)

    def _nudge(self, arrow: Tuple[int, int], fine: bool) -> None:
        assert self.handles is not None
        handle = self.at or 0
        picture = self.handles.picture
        step = 1.0 if fine else max(1.0, min(picture.width, picture.height) / STEP_SHARE)
        x, y = self.handles.points[handle]
        self._go_to(handle)
        self.moved.emit(handle, x + arrow[0] * step, y + arrow[1] * step)

    # Painting

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        self._pixmap = QtGui.QPixmap()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        place = self._place()
        painter.fillRect(self.rect(), self.palette().color(QtGui.QPalette.ColorRole.Base))
        if self._picture is None:
            return
        grey = QtGui.QColor("#bbbbbb")  # shows through where the picture is transparent
        painter.fillRect(place, QtGui.QBrush(grey, Qt.BrushStyle.Dense4Pattern))
        painter.drawPixmap(place.topLeft(), self._on_screen())
        painter.setClipRect(place)
        if self.handles is not None:
            self._paint_handles(painter, self.handles)
        for index, face in enumerate(self.faces):
            self._paint_face(painter, face, index == self.at)

    def _on_screen(self) -> QtGui.QPixmap:
        if self._pixmap.isNull():
            ratio, place = self.devicePixelRatioF(), self._place()
            width, height = round(place.width() * ratio), round(place.height() * ratio)
            self._pixmap = QtGui.QPixmap.fromImage(scaled(self._copy, max(1, width), max(1, height)))
            self._pixmap.setDevicePixelRatio(ratio)
        return self._pixmap

    def _paint_face(self, painter: QtGui.QPainter, face: Face, hovered: bool) -> None:
        highlight = self.palette().color(QtGui.QPalette.ColorRole.Highlight).lighter(130)
        colour = highlight if face is self.chosen else QtGui.QColor(255, 255, 255)
        width = 2.5 if hovered or face is self.chosen else 1.5
        self._paint_box(painter, face.box, QtGui.QPen(colour, width), face.guess, filled=hovered)
        if not face.portrait.adjustment.plain:
            corner = self.to_screen(*face.box.to_picture(1 - CORNER / 3, CORNER / 3))
            inside = self._place().adjusted(7, 7, -7, -7)  # a box may reach out of the picture
            corner.setX(min(max(corner.x(), inside.left()), inside.right()))
            corner.setY(min(max(corner.y(), inside.top()), inside.bottom()))
            painter.setPen(QtGui.QPen(QtGui.QColor(0, 0, 0, 170), 1.5))
            painter.setBrush(highlight)
            painter.drawEllipse(corner, 4.5, 4.5)

    def _paint_box(
        self, painter: QtGui.QPainter, box: Placement, bright: QtGui.QPen, dashed: bool, filled: bool
    ) -> None:
        """A rounded rectangle, bright on dark so that it shows on any picture."""
        side = box.size * self._scale()
        left, top, right, bottom = ((edge - 0.5) * side for edge in box.shown)
        square = QtCore.QRectF(left, top, right - left, bottom - top)
        painter.save()
        painter.translate(self.to_screen(box.x, box.y))
        painter.rotate(box.angle)
        painter.setBrush(QtGui.QColor(255, 255, 255, 50) if filled else Qt.BrushStyle.NoBrush)
        for pen in (QtGui.QPen(QtGui.QColor(0, 0, 0, 130), bright.widthF() + 2), bright):
            if dashed:
                pen.setDashPattern([8 / pen.widthF(), 5 / pen.widthF()])
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawRoundedRect(square, CORNER * side, CORNER * side)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.restore()

    def _paint_handles(self, painter: QtGui.QPainter, handles: Handles) -> None:
        highlight = self.palette().color(QtGui.QPalette.ColorRole.Highlight).lighter(130)
        pen = QtGui.QPen(highlight, 1.5)
        self._paint_box(painter, box_around(handles.face), pen, dashed=False, filled=False)
        spots = [self.to_screen(*point) for point in handles.points]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QtGui.QPen(QtGui.QColor(0, 0, 0, 110), 3), QtGui.QPen(QtGui.QColor(255, 255, 255), 1)):
            painter.setPen(pen)
            painter.drawPolygon(QtGui.QPolygonF(spots))
        for index, spot in enumerate(spots):
            self._paint_handle(painter, spot, index, highlight)

    def _paint_handle(
        self, painter: QtGui.QPainter, spot: QtCore.QPointF, index: int, colour: QtGui.QColor
    ) -> None:
        """Round for an eye, wide for the mouth, filled in white for the one that mouse or keys act on."""
        wide = 1.7 if index == MOUTH else 1.0
        painter.setPen(QtGui.QPen(QtGui.QColor(0, 0, 0, 170), 2))
        painter.setBrush(QtGui.QColor(255, 255, 255) if index == self.at else colour)
        painter.drawEllipse(spot, RADIUS * wide, RADIUS if wide == 1 else RADIUS * 0.8)


class FacePicker(QtWidgets.QWidget):
    """The map of faces above its buttons; as large as the preview, whose place it takes."""

    by_hand = Signal()
    use = Signal()
    apply_all = Signal()
    back = Signal()

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("anycost_face_picker")
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Preferred)
        self.setMinimumSize(SMALLEST, SMALLEST)
        self.map = FaceMap(self)
        self.place = self._button("place_by_hand", tr("Place by hand"), self.by_hand)
        self.place.setToolTip(tr("Show where a face is that was not found, or was found in the wrong place"))
        self.every = self._button("apply_all", tr("Apply all"), self.apply_all)
        self.every.setToolTip(tr("Add a layer for each face that is edited"))
        self.use_place = self._button("use_place", tr("Use this place"), self.use)
        self.use_place.setToolTip(tr("Edit the face at the three handles"))
        self.leave = self._button("leave_placing", tr("Back"), self.back)
        self.leave.setToolTip(tr("Back to the faces"))
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(4)
        row.addStretch(1)
        for button in (self.place, self.every, self.use_place, self.leave):
            row.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.map, 1)
        column.addLayout(row)

    def _button(self, name: str, text: str, pressed: QtCore.pyqtBoundSignal) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton(self)
        button.setObjectName(f"anycost_{name}")
        button.setText(text)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda _checked=False: pressed.emit())
        return button

    def show_faces(self, faces: Optional[Faces], can_use: bool) -> None:
        """Show this document's faces; hidden while the chosen one is shown by itself."""
        shown = faces is not None and faces.view is not View.FACE
        self.setVisible(shown)
        if faces is None or not shown:
            self.map.clear()
            return
        placing = faces.view is View.PLACING
        self.place.setVisible(not placing)
        edited = sum(not face.portrait.adjustment.plain for face in faces.all)
        self.every.setVisible(not placing and edited > 1)
        self.use_place.setVisible(placing)
        self.use_place.setEnabled(can_use)
        self.leave.setVisible(placing and faces.can_leave)
        self.map.show_faces(faces)

    def sizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(self.width(), min(self.width(), LARGEST))

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()


def _small(picture: Picture) -> QtGui.QImage:
    """A copy of the picture whose longest side is COPY at most."""
    whole = image_over(picture.rgba, picture.width, picture.height)
    share = min(1.0, COPY / max(picture.width, picture.height))
    size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
    return scaled_part(whole, whole.rect(), *size)


def _position(event: QtGui.QMouseEvent) -> QtCore.QPointF:
    return event.position() if QT6 else event.localPos()  # pyright: ignore[reportAttributeAccessIssue]


def _shows(box: Placement, x: float, y: float) -> bool:
    """Whether a box shows a pixel of the picture."""
    left, top, right, bottom = box.shown
    u, v = box.to_unit(x, y)
    return left <= u <= right and top <= v <= bottom
