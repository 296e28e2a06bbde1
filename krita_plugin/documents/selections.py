"""What the artist has selected, and a copy of it with another edge."""

from __future__ import annotations

import re
import threading
from typing import Callable, List, Optional

from krita import Document, Selection, SelectionMask, View

from ...bridge.messages import Selected
from ..pixels import scaled_mask
from ..qt import QtCore, QtWidgets, Signal
from ..state.picture import Box, Edge, Picture, check_size
from .views import active_node, view_of


def shown_selection(document: Document) -> Optional[Selection]:
    """What Krita shows as marching ants: a local selection of the active layer, or else the global one.

    A layer may have several local ones, all of them out of use. Krita does not tell scripts which is in use,
    but it tells the artist where that lies. One that a script made is not in use: it counts where nothing is.
    """
    local, overall = _local_selections(document), document.selection()
    if not local:
        return overall
    view = view_of(document)
    told = None if view is None else _told_box(view)
    both = [*local, *filter(None, [overall])]
    return both[0] if not told else next((one for one in both if list(box_of(one)) == told), None)


def box_of(selection: Selection) -> Box:
    """A selection's bounding box; 0 wide where it is empty."""
    return selection.x(), selection.y(), selection.width(), selection.height()


def selected_box(document: Document) -> Optional[Box]:
    """The selection's bounding box within the picture; HostError if that or the picture is too small."""
    width, height = document.width(), document.height()
    selection = shown_selection(document)
    if selection is None:
        check_size(width, height, "picture")
        return None
    x, y, across, down = box_of(selection)
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + across), min(height, y + down)
    check_size(right - left, bottom - top, "selection")
    return left, top, right - left, bottom - top


def _local_selections(document: Document) -> List[Selection]:
    """Those of the active layer that are not hidden; the layer of a mask is the one that has it."""
    node = active_node(document)
    if node is not None and node.type().endswith("mask"):
        node = node.parentNode()
    children = [] if node is None else node.childNodes()
    masks = [child for child in children if isinstance(child, SelectionMask)]
    return [mask.selection() for mask in masks if mask.visible()]


def _told_box(view: View) -> Optional[List[int]]:
    """The box of the selection in use as the status bar has it, no numbers where there is none.

    None where Krita has no such field. Its words and the way numbers are grouped follow the language.
    """
    bar = view.window().qwindow().statusBar()
    field = None if bar is None else bar.findChild(QtWidgets.QToolButton, "selection status")
    if field is None:
        return None
    numbers = re.findall(
        r"[-\u2212]?\d+(?:[.,'\u2019\u00a0\u202f]\d{3})*", field.toolTip() if field.isEnabled() else ""
    )
    return [int(re.sub(r"[^\d-]", "", number.replace("\u2212", "-"))) for number in numbers[:4]]


class SelectedMask(QtCore.QObject):
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
        made: Callable[[SelectedMask, Selected], None],
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
