"""What a Krita document holds beside the picture in front, for a batch: its layers, and the frames of one.

A batch's edits are made in a copy of the document that nobody sees, and come over in one: an undo step for
all of them, whatever steps it took there. Nodes of the document itself are never kept.
"""

from __future__ import annotations

from functools import partial
from typing import Callable, Hashable, Iterable, List, Optional, Tuple

from krita import Document, Node

from ..bridge.messages import Layer
from .batch_host import Item, LeftOut, Source
from .edit_layers import INDEX, ids_and_keys, is_edit
from .kept_edit import new_key, with_key
from .layer_pixels import LayerPixels
from .paint_layers import REFUSED, SRGB, draw, last_of, new_layer, space, wipe
from .picture import SMALLEST_SIDE, Box, HostError, Picture, reduction
from .picture_reader import CHANGED, PictureReader
from .placing import check_unlocked
from .qt import QtCore
from .underlying import all_nodes, layer_and_groups, name_of
from .views import active_node, view_of
from .words import mark_tr, tr

PICTURES = ("paintlayer", "grouplayer", "clonelayer", "filelayer", "vectorlayer")
DRAWING = ("RGBA", "U8", SRGB)  # as the core's layers are
GONE = mark_tr("the layer is no longer there")
GONE_LAYER = mark_tr("The active layer has no frames: select one that has, then begin again.")
EMPTY = mark_tr("there is nothing on it")
SMALL = mark_tr("it is too small for a face")


class BatchLayers:
    """See `BatchHost`. `find` gives an open document by its number, or raises HostError."""

    def __init__(self, find: Callable[[Hashable], Document], kept: Callable[[Hashable, str], bytes]) -> None:
        self._find = find
        self._kept = kept

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
        return (_Group if together else _Layers)(partial(self._find, document), name)

    def frames_source(self, document: Hashable, name: str) -> Source:
        held = self._find(document)
        node = _animated(held)
        if node is None:
            raise HostError(tr(GONE_LAYER))
        return _Frames(partial(self._find, document), name, node.uniqueId().toString(), _times(held, node))

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
    """Reads layers, or frames of one, and draws their edits in a copy of the document."""

    def __init__(self, find: Callable[[], Document]) -> None:
        """`find` gives the document, or raises HostError once it is closed."""
        self._find = find
        self._reader: Optional[PictureReader] = None
        self._copied: Optional[Document] = None

    def _start(
        self,
        find: Callable[[Document], Tuple[LayerPixels, Box]],
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
    ) -> None:
        """Read what `find` gives for the document, or tell a moment later why it cannot be read."""
        try:
            pixels, box = find(self._find())
            if min(box[2:]) < SMALLEST_SIDE:
                raise LeftOut(tr(SMALL) if min(box[2:]) > 0 else tr(EMPTY))
        except (HostError, LeftOut) as error:
            why = str(error)
            QtCore.QTimer.singleShot(0, lambda: failed(why))
        else:
            self._reader = PictureReader(pixels, box, reduction(*box[2:]), None, done, failed)

    def _same(self, picture: Picture) -> Document:
        document = self._find()
        if (document.width(), document.height()) != picture.document_size:
            raise HostError(tr(CHANGED))
        return document

    def _copy(self) -> Document:
        """The copy, made when it is first needed."""
        if self._copied is None:
            self._copied = self._find().clone()
        return self._copied

    def _close_copy(self) -> None:
        if self._copied is not None:
            self._copied.setModified(False)
            self._copied.close()
            self._copied = None


class _Layers(_Pictures):
    """Each layer's edit above it: an undo step each."""

    def __init__(self, find: Callable[[], Document], name: str) -> None:
        super().__init__(find)
        self._name = name

    def read(self, item: Item, done: Callable[[Picture], None], failed: Callable[[str], None]) -> None:
        self._start(lambda document: _own_pixels(document, str(item.key)), done, failed)

    def put(self, item: Item, picture: Picture, layer: Layer) -> None:
        document = self._same(picture)
        own = last_of(document, [item.key])
        if own is None:
            raise LeftOut(tr(GONE))
        try:
            check_unlocked(own.parentNode())
        except HostError as error:
            raise LeftOut(str(error)) from error
        node = new_layer(document, _edit_name(self._name))
        draw(node, picture, layer)
        if not own.parentNode().addChildNode(node, own):
            raise HostError(tr(REFUSED))

    def finish(self) -> None:
        """They are there already."""


class _Group(_Layers):
    """All layers' edits in one group on top, in one undo step; each is called as its layer."""

    def __init__(self, find: Callable[[], Document], name: str) -> None:
        super().__init__(find, name)
        self._group: Optional[Node] = None  # in the copy

    def put(self, item: Item, picture: Picture, layer: Layer) -> None:
        self._same(picture)
        copy = self._copy()
        group = self._group or copy.createNode(_edit_name(self._name), "grouplayer")
        if group is None:
            raise HostError(tr(REFUSED))
        if self._group is None:
            self._group = group
            copy.rootNode().addChildNode(group, None)
        node = new_layer(copy, item.name)
        draw(node, picture, layer)
        group.addChildNode(node, None)

    def finish(self) -> None:
        try:
            if self._group is not None:
                self._copy().waitForDone()
                _add(self._find().rootNode(), self._group.clone(), None)
        finally:
            self._group = None
            self._close_copy()


class _Frames(_Pictures):
    """The frames' edits as those of one layer, a copy of theirs, in one undo step."""

    def __init__(self, find: Callable[[], Document], name: str, layer: str, times: List[int]) -> None:
        super().__init__(find)
        self._name = name
        self._layer = layer  # its id, in the copy too
        self._times = times  # of all its frames

    def read(self, item: Item, done: Callable[[Picture], None], failed: Callable[[str], None]) -> None:
        def frame(document: Document) -> Tuple[LayerPixels, Box]:
            box = (0, 0, document.width(), document.height())
            return LayerPixels(document, self._layer, _time(item)), box

        self._start(frame, done, failed)

    def put(self, item: Item, picture: Picture, layer: Layer) -> None:
        self._same(picture)
        if self._copied is None:
            self._wipe_all()
        draw(self._at(_time(item)), picture, layer)

    def finish(self) -> None:
        try:
            if self._copied is not None:
                document = self._find()
                own = last_of(document, [self._layer])
                group = document.rootNode() if own is None else own.parentNode()
                _add(group, self._named(), own)
        finally:
            self._close_copy()

    def _wipe_all(self) -> None:
        """Every frame, before any is drawn: two frames may be one and the same to Krita."""
        for time in self._times:
            wipe(self._at(time))

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

    def _named(self) -> Node:
        """A clone of the copy's layer as a plain one. Krita 5.1 crashes where a clone's opacity is set."""
        node = self._at(self._times[0])
        node.setName(_edit_name(self._name))
        node.setOpacity(255)
        node.setBlendingMode("normal")
        node.setVisible(True)
        node.setLocked(False)
        self._copy().waitForDone()
        return node.clone()


def _add(group: Node, node: Node, above: Optional[Node]) -> None:
    if not group.addChildNode(node, above):
        raise HostError(tr(REFUSED))


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


def _own_pixels(document: Document, layer: str) -> Tuple[LayerPixels, Box]:
    """A layer, and the box of the document that it covers."""
    node = last_of(document, [layer])
    if node is None:
        raise LeftOut(tr(GONE))
    box = node.bounds().intersected(QtCore.QRect(0, 0, document.width(), document.height()))
    return LayerPixels(document, layer), (box.x(), box.y(), max(0, box.width()), max(0, box.height()))
