"""Where a new layer goes in one of Krita's documents, and the group with a mask that it may lie in."""

from __future__ import annotations

import os
import tempfile
import zipfile
from typing import Dict, NamedTuple, Optional

from krita import Document, Krita, Node

from ...bridge.messages import Selected
from ..pixels import scaled_mask
from ..qt import QtCore
from ..slices import Steps
from ..state.edit_layers import is_edit
from ..state.layer_place import LayerPlace
from ..state.picture import Box, HostError, Picture
from ..words import tr
from .paint_layers import strips
from .underlying import layer_and_groups, name_of
from .views import active_node


class Spot(NamedTuple):
    """Between the nodes of a group: over `under`, or on top of all."""

    group: Node
    under: Optional[Node]


def new_spot(document: Document, place: LayerPlace, keys: Dict[str, str]) -> Spot:
    """Where a new layer goes. `keys` are those of the document's edits: one inside another would be part of
    it. HostError where a locked group is in the way."""
    under = under_new_layer(document, keys) if place is LayerPlace.ABOVE else None
    if under is None:
        return Spot(document.rootNode(), None)
    spot = Spot(under.parentNode(), under)
    check_unlocked(spot.group)
    return spot


def spot_of(old: Node) -> Spot:
    """Over the layer that a new one replaces; HostError where that, or what it lies in, is locked."""
    check_unlocked(old)
    return Spot(old.parentNode(), old)


def under_new_layer(document: Document, keys: Dict[str, str]) -> Optional[Node]:
    """The active layer: not a mask, nor what lies in the group of an edit, but what has them."""
    chain = [node for node in layer_and_groups(active_node(document)) if not node.type().endswith("mask")]
    edits = [node for node in chain if is_edit(name_of(node), keys)]
    return (edits[-1:] or chain[:1] or [None])[0]


def check_unlocked(node: Node) -> None:
    """HostError that names a locked layer or group, which Krita lets scripts change all the same."""
    locked = next((one for one in layer_and_groups(node) if one.locked()), None)
    if locked is not None:
        raise HostError(
            tr(
                "“{name}” is locked: unlock it in Krita's layers, or choose another place.",
                name=locked.name(),
            )
        )


# A group with a mask. Krita 5.1 gives a mask that a script makes no pixels, and crashes when it saves that.
# One that was read from a file has them, and so has its clone.

_group: Optional[Node] = None  # to be cloned; reading the file takes Krita a third of a second

_LAYER = (
    '<{kind} nodetype="{node}" name="{name}" uuid="{{{uuid}}}" filename="{file}" opacity="255"'
    ' compositeop="normal" channelflags="" colorlabel="0" x="0" y="0" visible="1" locked="0" collapsed="0"'
    ' passthrough="0" intimeline="0" colorspacename="RGBA">{inside}</{kind}>'
)
_IMAGE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<!DOCTYPE DOC PUBLIC '-//KDE//DTD krita 2.0//EN' 'http://www.calligra.org/DTD/krita-2.0.dtd'>"
    '<DOC xmlns="http://www.calligra.org/DTD/krita" editor="Krita" syntaxVersion="2.0" kritaVersion="5.1.5">'
    '<IMAGE description="" width="64" height="64" name="group" x-res="72" y-res="72"'
    ' profile="sRGB-elle-V2-srgbtrc.icc" colorspacename="RGBA" mime="application/x-kra">'
    "<layers>{layers}</layers></IMAGE></DOC>"
)
_NO_PIXELS = "VERSION 2\nTILEWIDTH 64\nTILEHEIGHT 64\nPIXELSIZE {size}\nDATA 0\n"


def masked_group(name: str) -> Node:
    """A group, not in any document yet, with an empty paint layer and a mask that shows nothing of it."""
    global _group
    if _group is None:
        _group = _read_group()
    group = _group.clone()
    group.setName(name)
    for node in group.childNodes():
        node.setName(tr("Selected part") if _is_mask(node) else tr("Edit"))
    return group


def showing_in_mask(group: Node, whole: Box, picture: Picture, only: Optional[Selected]) -> Steps[None]:
    """Let the mask of a new group show what is selected, or else the `whole` document."""
    mask = next(node for node in group.childNodes() if _is_mask(node))
    left, top, width, height = whole
    pixels = b""
    if only is not None:
        left, top, width, height = picture.in_document((only.x, only.y, only.width, only.height))
        pixels = scaled_mask(only.mask, (only.width, only.height), (width, height))
    for y, rows in strips(width, height):
        shown = pixels[width * y : width * (y + rows)] or b"\xff" * (width * rows)
        mask.setPixelData(QtCore.QByteArray(shown), left, top + y, width, rows)
        yield


def _is_mask(node: Node) -> bool:
    return node.type() == "transparencymask"


def _read_group() -> Node:
    folder = tempfile.mkdtemp(prefix="anycost-")
    path = os.path.join(folder, "group.kra")
    try:
        _write_group(path)
        document = Krita.instance().openDocument(path)
        if document is None:
            raise HostError(
                tr("Krita could not make a group with a mask: choose another place for the layer.")
            )
        group = document.rootNode().childNodes()[0].clone()
        document.setModified(False)
        document.close()
    finally:
        os.unlink(path)
        os.rmdir(folder)
    return group


def _write_group(path: str) -> None:
    mask = _LAYER.format(
        kind="mask", node="transparencymask", name="mask", uuid=_uuid(1), file="mask1", inside=""
    )
    paint = _LAYER.format(
        kind="layer", node="paintlayer", name="paint", uuid=_uuid(2), file="layer2", inside=""
    )
    inside = f"<layers>{mask}{paint}</layers>"
    group = _LAYER.format(
        kind="layer", node="grouplayer", name="group", uuid=_uuid(3), file="layer3", inside=inside
    )
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/x-krita")
        file.writestr("maindoc.xml", _IMAGE.format(layers=group))
        for name, size in (("mask1.pixelselection", 1), ("layer2", 4)):
            file.writestr(f"group/layers/{name}", _NO_PIXELS.format(size=size))
            file.writestr(f"group/layers/{name}.defaultpixel", bytes(size))


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"
