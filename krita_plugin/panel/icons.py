"""Buttons with icons, painted in the colours of the theme at any resolution."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Optional

from ..qt import Qt, QtCore, QtGui, QtWidgets

SIDE = 16  # units of a path (icon_paths.py), and screen pixels of an icon


def paint_path(
    painter: QtGui.QPainter, path: QtGui.QPainterPath, square: QtCore.QRectF, colour: QtGui.QColor
) -> None:
    """Draw a path of the 16 units into a square."""
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.translate(square.topLeft())
    painter.scale(square.width() / SIDE, square.height() / SIDE)
    pen = QtGui.QPen(colour, 1.4)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.restore()


def faded(colour: QtGui.QColor, alpha: int) -> QtGui.QColor:
    """A colour with another alpha, 0 to 255."""
    changed = QtGui.QColor(colour)
    changed.setAlpha(alpha)
    return changed


class IconButton(QtWidgets.QToolButton):
    """A flat button with a path. It has a name for screen readers and no arrow for its menu."""

    def __init__(
        self, name: str, words: str, path: QtGui.QPainterPath, parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"anycost_{name}")
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self._path = path

    def set_path(self, path: QtGui.QPainterPath) -> None:
        self._path = path
        self.update()

    def sizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(SIDE + 6, SIDE + 6)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        palette, role = self.palette(), QtGui.QPalette.ColorRole
        colour = palette.color(role.WindowText)
        frame = QtCore.QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked():
            colour = palette.color(role.HighlightedText)
            painter.setBrush(palette.color(role.Highlight))
            painter.drawRoundedRect(frame, 3, 3)
        elif self.isEnabled() and (self.underMouse() or self.isDown()):
            painter.setBrush(faded(colour, 70 if self.isDown() else 35))
            painter.drawRoundedRect(frame, 3, 3)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(palette.color(role.Highlight))
            painter.drawRoundedRect(frame, 3, 3)
        square = QtCore.QRectF(0, 0, SIDE, SIDE)
        square.moveCenter(QtCore.QRectF(self.rect()).center())
        paint_path(painter, self._path, square, colour if self.isEnabled() else faded(colour, 90))
