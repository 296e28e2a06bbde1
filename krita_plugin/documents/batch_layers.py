"""What a Krita document holds beside the picture in front, for a batch: its layers, and the frames of one.

A batch's edits are made in a copy of the document that nobody sees, and come over in one: an undo step for
all of them, whatever steps it took there. Nodes of the document itself are never kept.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Hashable, Iterable, List, Optional, Tuple

from krita import Document, Node

from ...bridge.messages import Layer
from ..qt import QtCore
from ..slices import OneAtATime, Slices, Steps
from ..state.batch_host import Item, Put, Source
from ..state.edit_layers import INDEX, ids_and_keys, is_edit
from ..state.kept_edit import new_key, with_key
from ..state.picture import SMALLEST_SIDE, Box, HostError, Picture, reduction
from ..words import mark_tr, tr
from .layer_pixels import LayerPixels
from .paint_layers import REFUSED, SRGB, drawing, last_of, new_layer, space, wipe
from .picture_reader import CHANGED, reading
from .placing import check_unlocked
from .underlying import all_nodes, layer_and_groups, name_of
from .views import active_node, view_of

PICTURES = ("paintlayer", "grouplayer", "clonelayer", "filelayer", "vectorlayer")
DRAWING = ("RGBA", "U8", SRGB)  # as the core's layers are
GONE = mark_tr("the layer is no longer there")
GONE_FRAME = mark_tr("the frame is no longer there")
GONE_LAYER = mark_tr("The active layer has no frames: select one that has, then begin again.")
EMPTY = mark_tr("there is nothing on it")
SMALL = mark_tr("it is too small for a face")


class BatchLayers:
    """See `BatchHost`. `find` gives an open document by its number, or raises HostError."""

    def __init__(
        self,
        find: Callable[[Hashable], Document],
        kept: Callable[[Hashable, str], bytes],
        turn: OneAtATime,
    ) -> None:
        self._find = find
        self._kept = kept
        self._turn = turn

    def selected_layers(self, document: Hashable) -> List[Item]:
        """Those selected in Krita's layers, without masks and edits."""
        held = self._find(document)
        view = view_of(held)
        nodes = [active_node(held)] if view is None else view.selectedNodes()
        return self._items(document, [node for node in nodes if node is not None and node.type() in PICTURES])

    def visible_layers(self, document: Hashable) -> List[Item]:
        """All paint layers that are shown, without edits."""
        nodes = [node for node in all_nodes(self._find(document).rootNode()) if node.type() == "paintlayer"]
        return self._items(
            document, [node for node in nodes if all(one.visible() for one in layer_and_groups(node))]
        )

    def frames(self, document: Hashable) -> Tuple[str, List[Item]]:
        """See `BatchHost`."""
        held = self._find(document)
        node = _animated(held)
        if node is None:
            return "", []
        return node.name(), [Item(tr("Frame {n}", n=time), time) for time in _times(held, node)]

    def layers_source(self, document: Hashable, name: str, together: bool) -> Source:
        return (_Group if together else _Layers)(partial(self._find, document), self._turn, name)

    def frames_source(self, document: Hashable, name: str) -> Source:
        held = self._find(document)
        node = _animated(held)
        if node is None:
            raise HostError(tr(GONE_LAYER))
        layer, times = node.uniqueId().toString(), _times(held, node)
        return _Frames(partial(self._find, document), self._turn, name, layer, times)

    def _items(self, document: Hashable, nodes: Iterable[Node]) -> List[Item]:
        """From the lowest to the top one."""
        keys = ids_and_keys(self._kept(document, INDEX))
        wanted = [
            node.uniqueId()
            for node in nodes
            if not any(is_edit(name_of(one), keys) for one in layer_and_groups(node))
        ]
        return [
            Item(node.name(), node.uniqueId().toString())
            for node in all_nodes(self._find(document).rootNode())
            if node.uniqueId() in wanted
        ]


class _Pictures:
    """Reads layers, or frames of one, and draws their edits in a copy of the document; see `Source`."""

    def __init__(self, find: Callable[[], Document], turn: OneAtATime) -> None:
        """`find` gives the document, or raises HostError once it is closed."""
        self._find = find
        self._turn = turn
        self._work: Optional[Slices[Any]] = None
        self._copied: Optional[Document] = None
        self._over = False

    def read(self, item: Item, done: Callable[[Picture], None], failed: Callable[[str], None]) -> None:
        self._work = Slices(self._reading(item), done, failed)

    def put(
        self,
        item: Item,
        picture: Picture,
        layer: Layer,
        done: Callable[[Put], None],
        failed: Callable[[str], None],
    ) -> None:
        self._work = Slices(self._putting(item, picture, layer), done, failed)

    def finish(self, done: Callable[[None], None], failed: Callable[[str], None]) -> None:
        self._over = True
        self._work = Slices(self._finishing(), done, failed)

    def _reading(self, item: Item) -> Steps[Picture]:
        yield from self._turn.free()
        pixels, box = self._pixels(self._find(), item)
        if min(box[2:]) < SMALLEST_SIDE:
            raise HostError(tr(SMALL) if min(box[2:]) > 0 else tr(EMPTY))
        return (yield from reading(pixels, box, reduction(*box[2:])))

    def _putting(self, item: Item, picture: Picture, layer: Layer) -> Steps[Put]:
        """Returns what became of this edit."""
        raise NotImplementedError

    def _finishing(self) -> Steps[None]:
        """Bring what the copy has over to the document, if there is anything."""
        yield from self._turn.free()
        try:
            found = None if self._copied is None else self._made(self._copied)
            if found is not None:
                group, above = self._place(self._find())
                self._add(group, found, above)
        finally:
            if self._copied is not None:
                self._copied.setModified(False)
                self._copied.close()
                self._copied = None

    def _pixels(self, document: Document, item: Item) -> Tuple[LayerPixels, Box]:
        raise NotImplementedError

    def _made(self, copy: Document) -> Optional[Node]:
        """A node for the document, made of what was drawn in the copy."""
        raise NotImplementedError

    def _place(self, document: Document) -> Tuple[Node, Optional[Node]]:
        """In which group it goes, over which node; on top without one."""
        return document.rootNode(), None

    def _same(self, picture: Picture) -> Document:
        document = self._find()
        if (document.width(), document.height()) != picture.document_size:
            raise HostError(tr(CHANGED))
        return document

    def _drawn(self, node: Node, picture: Picture, layer: Layer) -> Steps[bool]:
        """Whether it was drawn to the end, with the document still there and as large."""
        for _strip in drawing(node, picture, layer):
            yield
            if self._over:
                return False
            self._same(picture)
        return True

    def _copy(self) -> Document:
        """The copy, made when it is first needed."""
        if self._copied is None:
            self._copied = self._find().clone()
        return self._copied

    def _add(self, group: Node, node: Node, above: Optional[Node]) -> None:
        with self._turn:
            if not group.addChildNode(node, above):
                raise HostError(tr(REFUSED))


class _Layers(_Pictures):
    """Each layer's edit above it: an undo step each."""

    def __init__(self, find: Callable[[], Document], turn: OneAtATime, name: str) -> None:
        super().__init__(find, turn)
        self._name = name

    def _pixels(self, document: Document, item: Item) -> Tuple[LayerPixels, Box]:
        node = last_of(document, [item.key])
        if node is None:
            raise HostError(tr(GONE))
        box = node.bounds().intersected(QtCore.QRect(0, 0, document.width(), document.height()))
        return LayerPixels(document, node), (box.x(), box.y(), max(0, box.width()), max(0, box.height()))

    def _putting(self, item: Item, picture: Picture, layer: Layer) -> Steps[Put]:
        node = new_layer(self._same(picture), _edit_name(self._name))
        if not (yield from self._drawn(node, picture, layer)):
            return Put()
        yield from self._turn.free()
        own = last_of(self._same(picture), [item.key])
        if own is None:
            return Put(tr(GONE))
        try:
            check_unlocked(own.parentNode())
        except HostError as error:
            return Put(str(error))
        self._add(own.parentNode(), node, own)
        return Put(layer=name_of(node))

    def _made(self, copy: Document) -> Optional[Node]:
        return None


class _Group(_Layers):
    """All layers' edits in one group on top, in one undo step; each is called as its layer."""

    _group: Optional[Node] = None  # in the copy

    def _putting(self, item: Item, picture: Picture, layer: Layer) -> Steps[Put]:
        self._same(picture)
        yield from self._turn.free()
        copy = self._copy()
        group = self._group or copy.createNode(_edit_name(self._name), "grouplayer")
        if group is None:
            raise HostError(tr(REFUSED))
        if self._group is None:
            self._group = group
            self._add(copy.rootNode(), group, None)
        node = new_layer(copy, item.name)
        if (yield from self._drawn(node, picture, layer)):
            self._add(group, node, None)
        return Put()

    def _made(self, copy: Document) -> Optional[Node]:
        copy.waitForDone()
        return self._group.clone() if self._group is not None and self._group.childNodes() else None


class _Frames(_Pictures):
    """The frames' edits as those of one layer, a copy of theirs, in one undo step."""

    def __init__(
        self, find: Callable[[], Document], turn: OneAtATime, name: str, layer: str, times: List[int]
    ) -> None:
        super().__init__(find, turn)
        self._name = name
        self._layer = layer  # its id, in the copy too
        self._times = times  # of all its frames
        self._drawn_times: List[int] = []

    def _pixels(self, document: Document, item: Item) -> Tuple[LayerPixels, Box]:
        node = last_of(document, [self._layer])
        if node is None or not node.hasKeyframeAtTime(_time(item)):
            raise HostError(tr(GONE_FRAME))
        box = (0, 0, document.width(), document.height())
        return LayerPixels(document, node, _time(item)), box

    def _putting(self, item: Item, picture: Picture, layer: Layer) -> Steps[Put]:
        self._same(picture)
        yield from self._turn.free()
        if self._copied is None:
            yield from self._wiping_all()
        if (yield from self._drawn(self._at(_time(item)), picture, layer)):
            self._drawn_times.append(_time(item))
        return Put()

    def _wiping_all(self) -> Steps[None]:
        """Every frame, before any is drawn: two frames may be one and the same to Krita."""
        for time in self._times:
            wipe(self._at(time))
            yield
            if self._over:
                return

    def _at(self, time: int) -> Node:
        """The layer in the copy, whose frame at this time is the one to draw on."""
        copy = self._copy()
        copy.setCurrentTime(time)
        copy.waitForDone()
        node = last_of(copy, [self._layer])
        if node is None:
            raise HostError(tr(GONE_LAYER))
        if space(node) != DRAWING:
            node.setColorSpace(*DRAWING)
        return node

    def _made(self, copy: Document) -> Optional[Node]:
        """A clone of the copy's layer as a plain one. Krita 5.1 crashes where a clone's opacity is set."""
        if not self._drawn_times:
            return None
        for time in self._times:
            if time not in self._drawn_times:
                wipe(self._at(time))  # it may be half drawn
        node = self._at(self._times[0])
        node.setName(_edit_name(self._name))
        node.setOpacity(255)
        node.setBlendingMode("normal")
        node.setVisible(True)
        node.setLocked(False)
        copy.waitForDone()
        return node.clone()

    def _place(self, document: Document) -> Tuple[Node, Optional[Node]]:
        own = last_of(document, [self._layer])
        return (document.rootNode(), None) if own is None else (own.parentNode(), own)


def _edit_name(name: str) -> str:
    """By which Project and the next batch see that it is no part of the picture."""
    return with_key(name, new_key())


def _animated(document: Document) -> Optional[Node]:
    """The active layer, if it has frames."""
    layers = [node for node in layer_and_groups(active_node(document)) if not node.type().endswith("mask")]
    return layers[0] if layers and layers[0].type() == "paintlayer" and layers[0].animated() else None


def _times(document: Document, node: Node) -> List[int]:
    whole = range(document.fullClipRangeStartTime(), document.fullClipRangeEndTime() + 1)
    return [time for time in whole if node.hasKeyframeAtTime(time)]


def _time(item: Item) -> int:
    assert isinstance(item.key, int)
    return item.key
