"""Krita's documents as the panel's state needs them: read as sRGB, written as one new layer.

paint_layers.py finds and fills the layers. Nodes are never kept: flattening the image deletes them.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from functools import partial
from typing import Callable, Dict, Hashable, List, Optional, Sequence, Tuple

from krita import Document, Node

from ...bridge.messages import Layer, Selected
from ..slices import OneAtATime, Slices, Steps
from ..state.edit_layers import INDEX, EditLayers, LayerName, ids_and_keys
from ..state.kept_edit import KeptEdit, where_now
from ..state.layer_place import LayerPlace
from ..state.picture import Box, Edge, HostError, Picture, reduction, with_surroundings
from ..words import tr
from .annotations import Annotations
from .batch_layers import BatchLayers
from .paint_layers import REFUSED, copied, drawing, last_of, new_layer, paint_in, painted, wiping
from .picture_reader import reading
from .placing import Spot, masked_group, new_spot, showing_in_mask, spot_of, under_new_layer
from .selections import SelectedMask, box_of, selected_box, shown_selection
from .underlying import Underlying, all_nodes, layer_and_groups, name_of
from .views import active_node, is_open

CLOSED = "The picture was closed: open it again and press Project."
RESIZED = "The picture's size has changed since it was projected: press Project, then apply again."


class KritaDocuments:
    """The host inside Krita. Documents have our own numbers, since copying a document copies Krita's id."""

    selects = True
    keeps = True

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._held: Dict[int, Document] = {}
        self._readers: List[Slices[Picture]] = []  # at work
        self._writers: List[Slices[Hashable]] = []  # at work
        self._adding = OneAtATime()
        self._masks: List[SelectedMask] = []  # being made
        self._annotations = Annotations(self._open)
        self.keep, self.kept = self._annotations.keep, self._annotations.kept
        self.batches = BatchLayers(self._held_open, self.kept, self._adding)

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
        up_to_active: bool = False,
    ) -> None:
        """See `Host`; in slices between Krita's own events."""
        try:
            held = self._held_open(document)
            selection, keys = selected_box(held), self._keys(document)
        except HostError as error:
            failed(str(error))
            return
        size, under = (held.width(), held.height()), None
        if up_to_active:
            under = under_new_layer(held, keys)
        box = (0, 0, *size) if selection is None else selection
        box = with_surroundings(box, *size) if around else box
        lying = Underlying(held, keys, up_to=None if under is None else name_of(under).id)
        self._start_reading(document, lying, box, reduction(*box[2:]), selection, done, failed)

    def read_under(
        self,
        document: Hashable,
        layer: LayerName,
        edit: KeptEdit,
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
    ) -> None:
        """See `Host`."""
        try:
            held = self._held_open(document)
            node = last_of(held, [layer.id])
            if node is None:
                raise HostError(tr("This layer is no longer in the picture: select another."))
            box, selection = where_now(edit, (held.width(), held.height()), painted(node))
            keys = self._keys(document)
        except HostError as error:
            failed(str(error))
            return
        lying = Underlying(held, keys, below=layer.id)
        self._start_reading(document, lying, box, edit.factor, selection, done, failed)

    def painted(self, document: Hashable, layer: Hashable) -> Box:
        """The box of what is painted on an edit's layer; empty where that is gone."""
        held = self._open(document)
        node = None if held is None else last_of(held, [layer])
        return (0, 0, 0, 0) if node is None else painted(node)

    def layer_names(self, document: Hashable) -> List[LayerName]:
        """Every layer, mask and group of a document; none of one that was closed."""
        held = self._open(document)
        return [] if held is None else [name_of(node) for node in all_nodes(held.rootNode())]

    def sweep_saved(self, path: str, layers: EditLayers) -> None:
        """This file was saved: of layers that are gone, its document keeps nothing on. Only after a save,
        since an undo may still bring them back before; the next save then leaves it out of the file."""
        for number, held in list(self._held.items()):
            if held.fileName() == path and is_open(held):
                modified = held.modified()
                with suppress(HostError):  # the next save sweeps
                    layers.sweep(number, self.layer_names(number))
                if not modified:
                    held.setModified(False)

    def in_use(self, document: Document) -> Tuple[LayerName, ...]:
        """The active layer or mask and what it lies in, from inside to outside."""
        return tuple(name_of(node) for node in layer_and_groups(active_node(document)))

    def _keys(self, document: Hashable) -> Dict[str, str]:
        return ids_and_keys(self.kept(document, INDEX))

    def _start_reading(
        self,
        document: Hashable,
        lying: Underlying,
        box: Box,
        factor: int,
        selection: Optional[Box],
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
    ) -> None:
        def ended(answer: Callable[..., None], *values: object) -> None:
            self._readers.remove(reader)
            lying.close()
            if self._open(document) is None:
                failed(tr(CLOSED))
            else:
                answer(*values)

        steps = reading(lying.document, box, factor, selection)
        reader = Slices(steps, partial(ended, done), partial(ended, failed))
        self._readers.append(reader)

    def add_layer(
        self,
        document: Hashable,
        picture: Picture,
        layer: Layer,
        name: str,
        done: Callable[[Hashable], None],
        failed: Callable[[str], None],
        replaced: Sequence[Hashable] = (),
        place: LayerPlace = LayerPlace.TOP,
        mask: Optional[Selected] = None,
    ) -> None:
        """See `Host`; in slices between Krita's own events, and one undo step.

        In the place of another it takes two: Krita 5.1 has no undoable way to change a layer's pixels, nor to
        join steps. The new layer comes before the old one goes, so that no step shows neither.
        """

        def ended(answer: Callable[..., None], *values: object) -> None:
            self._writers.remove(writer)
            answer(*values)

        steps = self._writing(document, picture, layer, name, replaced, place, mask)
        writer = Slices(steps, partial(ended, done), partial(ended, failed))
        self._writers.append(writer)

    def _writing(
        self,
        document: Hashable,
        picture: Picture,
        layer: Layer,
        name: str,
        replaced: Sequence[Hashable],
        place: LayerPlace,
        mask: Optional[Selected],
    ) -> Steps[Hashable]:
        held = self._same(document, picture)
        old = last_of(held, replaced)
        self._spot(held, document, old, place)  # says why there is none before all the work
        node = None if old is None else copied(old, name)
        if node is not None:
            yield from self._while_open(document, picture, wiping(paint_in(node)))
        elif place is LayerPlace.GROUP:
            node = masked_group(name)
            whole = (0, 0, held.width(), held.height())
            yield from self._while_open(document, picture, showing_in_mask(node, whole, picture, mask))
        else:
            node = new_layer(held, name)
        yield from self._while_open(document, picture, drawing(paint_in(node), picture, layer))
        yield from self._adding.free()
        held = self._same(document, picture)
        old = last_of(held, replaced)  # again: it may be gone
        spot = self._spot(held, document, old, place)
        added = node.uniqueId().toString()
        with self._adding:
            if not spot.group.addChildNode(node, spot.under):
                raise HostError(tr(REFUSED))
            yield  # Krita tells its own dockers first
            old = None if old is None else last_of(self._same(document, picture), replaced)
            if not (old is None or old.remove()):
                raise HostError(tr(REFUSED))
        yield
        return added

    def _while_open(self, document: Hashable, picture: Picture, steps: Steps[None]) -> Steps[None]:
        """HostError as soon as the document is closed or resized: a layer must not outlive its document."""
        for _step in steps:
            yield
            self._same(document, picture)

    def _spot(self, held: Document, document: Hashable, old: Optional[Node], place: LayerPlace) -> Spot:
        return new_spot(held, place, self._keys(document)) if old is None else spot_of(old)

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
            raise HostError(tr(CLOSED))
        return held

    def _same(self, document: Hashable, picture: Picture) -> Document:
        """The document that a picture was read from; HostError if it was closed or resized since."""
        held = self._held_open(document)
        if (held.width(), held.height()) != picture.document_size:
            raise HostError(tr(RESIZED))
        return held
