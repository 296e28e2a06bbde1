"""Krita's documents as the panel's state needs them: read as sRGB, written as one new layer.

paint_layers.py finds and fills the layers. Nodes are never kept: flattening the image deletes them.
"""

from __future__ import annotations

import itertools
import threading
from typing import Callable, Dict, Hashable, Iterator, List, Optional, Sequence, cast

from krita import Document, Krita, Selection

from ..bridge.messages import Layer, Selected
from .paint_layers import REFUSED, STRIP_PIXELS, emptied_copy, fill, last_of, new_layer, space, strips
from .picture import Box, Edge, HostError, Picture, check_size, reduction, with_surroundings
from .pixels import placed, rgba_bytes, scaled, scaled_mask
from .qt import QtCore, Signal

CLOSED = "The picture was closed: open it again and press Project."
RESIZED = "The picture's size has changed since it was projected: press Project, then apply again."


class KritaDocuments:
    """The host inside Krita. Documents have our own numbers, since copying a document copies Krita's id."""

    selects = True

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._held: Dict[int, Document] = {}
        self._reading: Optional[_Reader] = None
        self._masks: List[_Mask] = []  # being made

    def current(self) -> Optional[Hashable]:
        document = _front()
        if document is None:
            return None
        for number, held in self._held.items():
            if held == document:
                return number
        number = next(self._numbers)
        self._held[number] = document
        return number

    def selection(self) -> Optional[Box]:
        """The box of the selection of the document in front."""
        document = _front()
        selection = None if document is None else document.selection()
        if selection is None:
            return None
        return selection.x(), selection.y(), selection.width(), selection.height()

    def closed(self) -> List[Hashable]:
        """The documents that were closed since the last call."""
        gone = [number for number, held in self._held.items() if not _is_open(held)]
        for number in gone:
            del self._held[number]
        return list(gone)

    def read(self, around: bool, done: Callable[[Picture], None], failed: Callable[[str], None]) -> None:
        """See `Host`; in slices between Krita's own events."""
        try:
            document = _front()
            if document is None:
                raise HostError("No picture is open: open one, then press Project.")
            selection = _selected_box(document)
        except HostError as error:
            failed(str(error))
            return
        self._reading = _Reader(document, selection, around, done, failed)

    def add_layer(
        self, document: Hashable, picture: Picture, layer: Layer, name: str, replaced: Sequence[Hashable] = ()
    ) -> Hashable:
        """Put one paint layer on top, in one undo step; HostError when Krita refuses.

        In the place of another it takes two: Krita 5.1 has no undoable way to change a layer's pixels, nor to
        join steps. The new layer comes before the old one goes, so that no step shows neither.
        """
        held = self._same(document, picture)
        old = last_of(held, replaced)
        node = new_layer(held, name)
        if old is not None and space(old) == space(node):
            node = emptied_copy(old, name)
        left, top, image = placed(picture, layer)
        for y, rows in strips(image.width(), image.height()):
            fill(node, image.copy(0, y, image.width(), rows), left, top + y)
        parent = held.rootNode() if old is None else old.parentNode()
        if not parent.addChildNode(node, old) or not (old is None or old.remove()):
            raise HostError(REFUSED)
        return node.uniqueId().toString()

    def selected(
        self,
        document: Hashable,
        picture: Picture,
        box: Box,
        edge: Edge,
        done: Callable[[Optional[Selected]], None],
        failed: Callable[[str], None],
    ) -> None:
        """How far the document's selection selects a box of the picture; see `Host`."""
        try:
            selection = self._same(document, picture).selection()
        except HostError as error:
            failed(str(error))
            return
        if selection is None:
            done(None)
            return

        def made(mask: _Mask, found: Selected) -> None:
            self._masks.remove(mask)
            done(found)

        self._masks.append(_Mask(selection, picture, box, edge, made))

    def _same(self, document: Hashable, picture: Picture) -> Document:
        """The document that a picture was read from; HostError if it was closed or resized since."""
        held = next((held for number, held in self._held.items() if number == document), None)
        if held is None or not _is_open(held):
            raise HostError(CLOSED)
        if (held.width(), held.height()) != picture.document_size:
            raise HostError(RESIZED)
        return held


class _Mask(QtCore.QObject):
    """Changes the edge of a copy of a selection, then calls `made` once with what it selects of a box.

    In a thread: Krita takes half a second to feather a million pixels. Of the selection only what can reach
    the box is copied, so that one of a large picture costs no more than the face.
    """

    _read = Signal(bytes)

    def __init__(
        self,
        selection: Selection,
        picture: Picture,
        box: Box,
        edge: Edge,
        made: Callable[[_Mask, Selected], None],
    ) -> None:
        super().__init__()
        self._box = box
        self._in_document = picture.in_document(box)
        self._edge = edge
        self._made = made
        self._copy = selection.duplicate()
        self._copy.intersect(_rectangle(self._in_document, abs(edge.grow) + edge.feather + 1))
        self._read.connect(self._finish)  # a method of this object: called in its thread, Krita's
        threading.Thread(target=self._make).start()

    def _make(self) -> None:
        copy, grow = self._copy, self._edge.grow
        if grow > 0:
            copy.grow(grow, grow)
        elif grow < 0:
            copy.shrink(-grow, -grow, False)
        if self._edge.feather:
            copy.feather(self._edge.feather)
        mask = bytes(copy.pixelData(*self._in_document))
        self._read.emit(scaled_mask(mask, self._in_document[2:], self._box[2:]))

    def _finish(self, mask: bytes) -> None:
        self._made(self, Selected(*self._box, mask))


def _rectangle(box: Box, around: int) -> Selection:
    """A box with a margin, as a selection."""
    left, top, width, height = box
    found = Selection()
    found.select(left - around, top - around, width + 2 * around, height + 2 * around, 255)
    return found


class _Reader(QtCore.QObject):
    """Reads one box of a document a strip at a time, then calls `done` (or `failed`) once."""

    def __init__(
        self,
        document: Document,
        selection: Optional[Box],
        around: bool,
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._document = document
        self._done = done
        self._failed = failed
        self._size = (document.width(), document.height())
        self._selection = selection
        box = (0, 0, *self._size) if selection is None else selection
        self._box = with_surroundings(box, *self._size) if around else box
        self._factor = reduction(*self._box[2:])
        self._sent = self._box[2] // self._factor, self._box[3] // self._factor
        self._pixels = bytearray(4 * self._sent[0] * self._sent[1])
        self._slices = self._read()
        QtCore.QTimer.singleShot(0, self._step)

    def _step(self) -> None:
        try:
            next(self._slices)
        except StopIteration:
            self._finish()
        except HostError as error:
            self._failed(str(error))
        else:
            QtCore.QTimer.singleShot(0, self._step)

    def _read(self) -> Iterator[None]:
        """Cuts a scaled picture to whole multiples of the factor, so that all strips are averaged alike."""
        left, top = self._box[:2]
        (width, height), factor = self._sent, self._factor
        most = max(1, STRIP_PIXELS // (width * factor) // factor)
        for y in range(0, height, most):
            rows = min(most, height - y)
            strip = self._document.projection(left, top + y * factor, width * factor, rows * factor)
            if strip.isNull() or (self._document.width(), self._document.height()) != self._size:
                raise HostError("The picture was closed or resized while it was read: press Project again.")
            rgba, start = rgba_bytes(scaled(strip, width, rows)), 4 * width * y
            self._pixels[start : start + len(rgba)] = rgba
            yield

    def _finish(self) -> None:
        left, top = self._box[:2]
        rgba = cast(bytes, self._pixels)  # not copied: nobody changes them any more
        self._pixels = bytearray()
        self._done(Picture(*self._sent, rgba, left, top, self._factor, self._size, self._selection))


def _is_open(document: Document) -> bool:
    return any(document == other for other in Krita.instance().documents())


def _front() -> Optional[Document]:
    """The document in front. Krita still names the last one for a moment after it is closed."""
    document = Krita.instance().activeDocument()
    return document if document is not None and _is_open(document) else None


def _selected_box(document: Document) -> Optional[Box]:
    """The selection's bounding box within the picture; HostError if that or the picture is too small."""
    width, height = document.width(), document.height()
    selection = document.selection()
    if selection is None:
        check_size(width, height, "picture")
        return None
    left, top = max(0, selection.x()), max(0, selection.y())
    right = min(width, selection.x() + selection.width())
    bottom = min(height, selection.y() + selection.height())
    check_size(right - left, bottom - top, "selection")
    return left, top, right - left, bottom - top
