"""Krita's documents as the panel's state needs them: read as sRGB, written as one new layer.

paint_layers.py finds and fills the layers. Nodes are never kept: flattening the image deletes them.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import Callable, Dict, Hashable, Iterator, List, Optional, Sequence, cast

from krita import Document

from ..bridge.messages import Layer, Selected
from .annotations import Annotations
from .paint_layers import REFUSED, STRIP_PIXELS, emptied_copy, fill, last_of, new_layer, space, strips
from .picture import Box, Edge, HostError, Picture, reduction, with_surroundings
from .pixels import placed, rgba_bytes, scaled
from .qt import QtCore
from .selections import SelectedMask, box_of, selected_box, shown_selection
from .views import is_open

CLOSED = "The picture was closed: open it again and press Project."
RESIZED = "The picture's size has changed since it was projected: press Project, then apply again."


class KritaDocuments:
    """The host inside Krita. Documents have our own numbers, since copying a document copies Krita's id."""

    selects = True
    keeps = True

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._held: Dict[int, Document] = {}
        self._readers: List[_Reader] = []  # at work
        self._masks: List[SelectedMask] = []  # being made
        self._annotations = Annotations(self._open)
        self.keep, self.kept = self._annotations.keep, self._annotations.kept

    def number(self, document: Document) -> Hashable:
        """The number of an open document, from the first time that it is asked for."""
        for number, held in self._held.items():
            if held == document:
                return number
        number = next(self._numbers)
        self._held[number] = document
        return number

    def selection(self, document: Document) -> Optional[Box]:
        """The box of what is selected in a document."""
        selection = shown_selection(document)
        return None if selection is None else box_of(selection)

    def closed(self) -> List[Hashable]:
        """The documents that were closed since the last call."""
        gone = [number for number, held in self._held.items() if not is_open(held)]
        for number in gone:
            del self._held[number]
            self._annotations.forget(number)
        return list(gone)

    def read(
        self,
        document: Hashable,
        around: bool,
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
    ) -> None:
        """See `Host`; in slices between Krita's own events."""
        try:
            held = self._held_open(document)
            selection = selected_box(held)
        except HostError as error:
            failed(str(error))
            return

        def ended(answer: Callable[..., None], *values: object) -> None:
            self._readers.remove(reader)
            answer(*values)

        reader = _Reader(held, selection, around, partial(ended, done), partial(ended, failed))
        self._readers.append(reader)

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
            selection = shown_selection(self._same(document, picture))
        except HostError as error:
            failed(str(error))
            return
        if selection is None:
            done(None)
            return

        def made(mask: SelectedMask, found: Selected) -> None:
            self._masks.remove(mask)
            done(found)

        self._masks.append(SelectedMask(selection, picture, box, edge, made))

    def _open(self, document: Hashable) -> Optional[Document]:
        """A document by its number; None if it was closed."""
        held = next((held for number, held in self._held.items() if number == document), None)
        return held if held is not None and is_open(held) else None

    def _held_open(self, document: Hashable) -> Document:
        held = self._open(document)
        if held is None:
            raise HostError(CLOSED)
        return held

    def _same(self, document: Hashable, picture: Picture) -> Document:
        """The document that a picture was read from; HostError if it was closed or resized since."""
        held = self._held_open(document)
        if (held.width(), held.height()) != picture.document_size:
            raise HostError(RESIZED)
        return held


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
