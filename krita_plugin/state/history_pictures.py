"""The small pictures of states, from frames and to the screen."""

from __future__ import annotations

from ...bridge.messages import Frame, Thumbnail
from ..pixels import face_image, raw_bytes, scaled
from ..qt import QtGui
from .history import SMALL_SIDE
from .kept_history import unpacked


def small_rgb(frame: Frame) -> bytes:
    """A frame as RGB, SMALL_SIDE pixels a side."""
    small = scaled(face_image(frame), SMALL_SIDE, SMALL_SIDE)
    return raw_bytes(small.convertToFormat(QtGui.QImage.Format.Format_RGB888))  # rows fill whole words


def thumbnail_rgb(small: Thumbnail) -> bytes:
    """A picture that was drawn small, as RGB."""
    rgb = bytearray(3 * small.side * small.side)
    for channel in range(3):
        rgb[channel::3] = small.rgba[channel::4]
    return bytes(rgb)


def state_image(picture: bytes) -> QtGui.QImage:
    """A state's picture; a null image where it has none, or anything else."""
    rgb = unpacked(picture) if picture else None
    if rgb is None:
        return QtGui.QImage()
    side, form = SMALL_SIDE, QtGui.QImage.Format.Format_RGB888
    return QtGui.QImage(rgb, side, side, 3 * side, form).copy()
