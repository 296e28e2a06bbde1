"""Icons of what opens below the status line: paths in the square of icons.py."""

from __future__ import annotations

from ..qt import QtCore, QtGui


def undo_path(redo: bool = False) -> QtGui.QPainterPath:
    """An arrow that turns back to the left, or forth to the right."""
    path = QtGui.QPainterPath()
    path.moveTo(3, 6)
    path.lineTo(10, 6)
    path.arcTo(QtCore.QRectF(6.5, 6, 7, 7), 90, -180)
    path.lineTo(6, 13)
    path.moveTo(6, 3)
    path.lineTo(3, 6)
    path.lineTo(6, 9)
    return QtGui.QTransform(-1, 0, 0, 1, 16, 0).map(path) if redo else path


def clock_path() -> QtGui.QPainterPath:
    path = QtGui.QPainterPath()
    path.addEllipse(QtCore.QPointF(8, 8), 5.5, 5.5)
    path.moveTo(8, 4.8)
    path.lineTo(8, 8)
    path.lineTo(10.4, 9.6)
    return path


def sliders_path() -> QtGui.QPainterPath:
    """Three sliders, set."""
    path = QtGui.QPainterPath()
    for y, x in ((4, 10), (8, 5.5), (12, 8.5)):
        path.moveTo(2.5, y)
        path.lineTo(x - 1.6, y)
        path.addEllipse(QtCore.QPointF(x, y), 1.6, 1.6)
        path.moveTo(x + 1.6, y)
        path.lineTo(13.5, y)
    return path


def dice_path() -> QtGui.QPainterPath:
    path = QtGui.QPainterPath()
    path.addRoundedRect(QtCore.QRectF(3, 3, 10, 10), 2, 2)
    for x, y in ((5.8, 5.8), (8, 8), (10.2, 10.2)):
        path.addEllipse(QtCore.QPointF(x, y), 0.5, 0.5)
    return path


def mix_path() -> QtGui.QPainterPath:
    """Two circles that overlap."""
    path = QtGui.QPainterPath()
    path.addEllipse(QtCore.QPointF(6, 8), 4, 4)
    path.addEllipse(QtCore.QPointF(10, 8), 4, 4)
    return path


def split_path() -> QtGui.QPainterPath:
    """A and B."""
    path = QtGui.QPainterPath()
    path.moveTo(2, 11.5)
    path.lineTo(4.5, 4.5)
    path.lineTo(7, 11.5)
    path.moveTo(2.9, 9)
    path.lineTo(6.1, 9)
    path.moveTo(9.8, 4.5)
    path.lineTo(9.8, 11.5)
    path.lineTo(12, 11.5)
    path.arcTo(QtCore.QRectF(10.2, 8, 3.6, 3.5), -90, 180)
    path.lineTo(9.8, 8)
    path.lineTo(11.8, 8)
    path.arcTo(QtCore.QRectF(10, 4.5, 3.4, 3.5), -90, 180)
    path.lineTo(9.8, 4.5)
    return path


def plus_path() -> QtGui.QPainterPath:
    path = QtGui.QPainterPath()
    path.moveTo(8, 3.5)
    path.lineTo(8, 12.5)
    path.moveTo(3.5, 8)
    path.lineTo(12.5, 8)
    return path


def star_path() -> QtGui.QPainterPath:
    path = QtGui.QPainterPath()
    points = [(8, 2.5), (9.6, 6.2), (13.5, 6.5), (10.6, 9.1), (11.5, 13), (8, 10.9), (4.5, 13), (5.4, 9.1)]
    points += [(2.5, 6.5), (6.4, 6.2)]
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    path.closeSubpath()
    return path


def lock_path() -> QtGui.QPainterPath:
    path = QtGui.QPainterPath()
    path.addRoundedRect(QtCore.QRectF(3.5, 7.5, 9, 6), 1.2, 1.2)
    path.moveTo(5.5, 7.5)
    path.lineTo(5.5, 5.5)
    path.arcTo(QtCore.QRectF(5.5, 3, 5, 5), 180, -180)
    path.lineTo(10.5, 7.5)
    return path
