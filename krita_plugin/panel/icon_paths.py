"""The panel's icons as paths in a square of 16 units."""

from __future__ import annotations

from typing import Tuple

from ..qt import QtCore, QtGui


def fold_path(shown: bool) -> QtGui.QPainterPath:
    """A corner that points down for what is shown, else to the right."""
    return _line((4, 6.5), (8, 10.5), (12, 6.5)) if shown else _line((6.5, 4), (10.5, 8), (6.5, 12))


def compare_path() -> QtGui.QPainterPath:
    """A picture cut in two, one half of it hatched."""
    path = QtGui.QPainterPath()
    path.addRoundedRect(QtCore.QRectF(2.5, 3, 11, 10), 1.5, 1.5)
    path.addPath(_line((8, 1), (8, 15)))
    for y in (5.5, 8, 10.5):
        path.addPath(_line((10, y + 0.8), (11.6, y - 0.8)))
    return path


def faces_path() -> QtGui.QPainterPath:
    """Two heads."""
    path = QtGui.QPainterPath()
    path.addEllipse(QtCore.QPointF(6, 5.6), 2.3, 2.7)
    path.arcMoveTo(QtCore.QRectF(1.8, 9.8, 8.4, 8), 0)
    path.arcTo(QtCore.QRectF(1.8, 9.8, 8.4, 8), 0, 180)
    path.arcMoveTo(QtCore.QRectF(8.6, 2.9, 4.6, 5.4), -110)
    path.arcTo(QtCore.QRectF(8.6, 2.9, 4.6, 5.4), -110, 220)
    path.arcMoveTo(QtCore.QRectF(7.8, 9.8, 6.6, 8), 0)
    path.arcTo(QtCore.QRectF(7.8, 9.8, 6.6, 8), 0, 75)
    return path


def more_path() -> QtGui.QPainterPath:
    """Three dots."""
    path = QtGui.QPainterPath()
    for x in (3, 8, 13):
        path.addEllipse(QtCore.QPointF(x, 8), 0.7, 0.7)
    return path


def close_path() -> QtGui.QPainterPath:
    path = _line((4.5, 4.5), (11.5, 11.5))
    path.addPath(_line((11.5, 4.5), (4.5, 11.5)))
    return path


def back_path() -> QtGui.QPainterPath:
    """An arrow that turns back."""
    path = QtGui.QPainterPath()
    path.arcMoveTo(QtCore.QRectF(3, 3.5, 10, 10), 140)
    path.arcTo(QtCore.QRectF(3, 3.5, 10, 10), 140, -285)
    path.moveTo(2.6, 2.2)
    path.lineTo(3.6, 6)
    path.lineTo(7.4, 5)
    return path


def canvas_path() -> QtGui.QPainterPath:
    """A picture on an easel."""
    path = QtGui.QPainterPath()
    path.addRect(QtCore.QRectF(2.5, 2.5, 11, 8))
    for x, end in ((5.5, 4), (8, 8), (10.5, 12)):
        path.moveTo(x, 10.5)
        path.lineTo(end, 14.5 if x != 8 else 13)
    return path


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


def _line(*points: Tuple[float, float]) -> QtGui.QPainterPath:
    path = QtGui.QPainterPath()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    return path
