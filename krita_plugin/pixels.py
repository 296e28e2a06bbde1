"""Converts between QImage and bytes. Sizes are checked here: Qt crashes on a buffer that is too short."""

from __future__ import annotations

from typing import Tuple

from ..bridge.messages import Frame, Layer
from .qt import Qt, QtCore, QtGui
from .state.picture import Picture


def image_over(rgba: bytes, width: int, height: int) -> QtGui.QImage:
    """A QImage that borrows these pixels, so keep them; ValueError if the bytes do not fill it."""
    if len(rgba) != width * height * 4:
        raise ValueError(f"{len(rgba)} bytes do not make a {width} × {height} RGBA image")
    return QtGui.QImage(rgba, width, height, width * 4, QtGui.QImage.Format.Format_RGBA8888)


def face_image(frame: Frame) -> QtGui.QImage:
    """The whole face of a frame: its alpha only says what the edit changed."""
    return image_over(frame.rgba, frame.width, frame.height).convertToFormat(QtGui.QImage.Format.Format_RGB32)


def changed_image(frame: Frame) -> QtGui.QImage:
    """What the edit changed of a frame, transparent elsewhere."""
    premultiplied = QtGui.QImage.Format.Format_ARGB32_Premultiplied
    return image_over(frame.rgba, frame.width, frame.height).convertToFormat(premultiplied)


def covering_image(frame: Frame, below: Frame) -> QtGui.QImage:
    """The same, and the frame's colours wherever another edit of the face, which lies below, changed it."""
    image = scaled(changed_image(below), frame.width, frame.height)
    painter = QtGui.QPainter(image)
    painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.drawImage(0, 0, face_image(frame))
    painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.drawImage(0, 0, changed_image(frame))
    painter.end()
    return image


def raw_bytes(image: QtGui.QImage) -> bytes:
    """An image's bytes, with what pads its rows where a pixel has not 4 bytes."""
    pointer = image.constBits()
    if pointer is None:
        raise ValueError("an image without pixels")
    return pointer.asstring(image.sizeInBytes())


def rgba_bytes(image: QtGui.QImage) -> bytes:
    """Straight-alpha RGBA8 of any image."""
    return raw_bytes(image.convertToFormat(QtGui.QImage.Format.Format_RGBA8888))


def scaled(image: QtGui.QImage, width: int, height: int) -> QtGui.QImage:
    """The image in another size, averaged or interpolated; the same object if the size is the same."""
    if (image.width(), image.height()) == (width, height):
        return image
    mode = Qt.TransformationMode.SmoothTransformation
    return image.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, mode)


def scaled_part(image: QtGui.QImage, box: QtCore.QRect, width: int, height: int) -> QtGui.QImage:
    """A part of an image in another size. Of a much larger one, 16 pixels are averaged for each new one, not
    all: those of a photograph of 24 megapixels would hold the window up for 0.1 s."""
    thin = QtCore.QSize(min(box.width(), 4 * width), min(box.height(), 4 * height))
    if thin == box.size():
        return scaled(image.copy(box), width, height)
    part = QtGui.QImage(thin, QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    painter = QtGui.QPainter(part)
    painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(part.rect(), image, box)
    painter.end()
    return scaled(part, width, height)


def scaled_mask(mask: bytes, size: Tuple[int, int], to: Tuple[int, int]) -> bytes:
    """A mask of one byte a pixel in another size; `size` and `to` are widths and heights."""
    if len(mask) != size[0] * size[1]:
        raise ValueError(f"{len(mask)} bytes do not make a {size[0]} × {size[1]} mask")
    if size == to:
        return mask
    grey = QtGui.QImage.Format.Format_Grayscale8
    small = scaled(QtGui.QImage(mask, *size, size[0], grey), *to).convertToFormat(grey)
    rows, line = raw_bytes(small), small.bytesPerLine()  # Qt fills each row up to 4 bytes
    return b"".join(rows[line * y : line * y + to[0]] for y in range(to[1]))


def placed(picture: Picture, layer: Layer) -> Tuple[int, int, QtGui.QImage]:
    """Where a layer goes in the document, and its pixels there: ARGB32, which is BGRA in memory."""
    left, top, image = placed_over(picture, layer)
    return left, top, image.convertToFormat(QtGui.QImage.Format.Format_ARGB32)


def placed_over(picture: Picture, layer: Layer) -> Tuple[int, int, QtGui.QImage]:
    """The same in another format, over the layer's own bytes where they are not scaled: so keep it."""
    factor = picture.factor
    image = image_over(layer.rgba, layer.width, layer.height)
    image = scaled(image, layer.width * factor, layer.height * factor)
    return picture.left + layer.x * factor, picture.top + layer.y * factor, image
