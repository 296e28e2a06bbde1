"""Which layers of a document are edits, and what is kept of each. No Qt, no krita.

The document itself keeps it (`Host.keep`): under INDEX the keys of the edits by the ids of their layers, and
each edit under its key. A layer is found by its id, which stays when it is renamed, moved or saved. A copy
has another id, so a key also ends the layer's name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Callable, Dict, Hashable, Iterable, List, Optional, Protocol, Tuple

from ...bridge.framing import parse
from ...bridge.protocol import ProtocolError
from .kept_edit import KEY_LENGTH, KeptEdit, key_in, packed, unpacked

INDEX = "edits"
OF_EDIT = "edit-"  # before a key
MOST_LAYERS = 1024
LONGEST_ID = 64
MOST_INDEX = 1 << 17  # bytes; those of MOST_LAYERS layers are fewer
MOST_SWEPT = 64  # that are remembered, should an undo bring their layers back
NOT_KEPT = (
    "Krita could not keep the sliders in the picture, whose layers are as they should be: make room in "
    "memory and leave it open; it is tried again."
)


@dataclass(frozen=True)
class LayerName:
    """A layer of a document: its id there, which a copy does not share, and what the artist calls it."""

    id: str
    name: str


class Keeper(Protocol):
    """What keeps bytes in documents; a host does."""

    def keep(self, document: Hashable, name: str, data: bytes, at_once: bool = False) -> bool: ...

    def kept(self, document: Hashable, name: str) -> bytes: ...


class EditLayers:
    """The layers with edits of all documents."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        # the layers' ids and the edit, by document and key
        self._swept: Dict[Tuple[Hashable, str], Tuple[Tuple[str, ...], bytes]] = {}

    def keys(self, document: Hashable) -> Dict[str, str]:
        """The keys by the layers' ids. What cannot be read counts as none."""
        data = self._keeper.kept(document, INDEX)
        return ids_and_keys(data) if data else {}

    def key_of(self, document: Hashable, layer: LayerName) -> Optional[str]:
        """The key of a layer's edit; None for a layer that is none."""
        self.learn(document, [layer])
        return self.keys(document).get(layer.id)

    def learn(self, document: Hashable, layers: Iterable[LayerName]) -> None:
        """Remember copies by their ids: they may be renamed. That is no change of the document."""
        keys = self.keys(document)
        copies = {one.id: key_in(one.name) or "" for one in layers if one.id not in keys}
        found = {id: key for id, key in copies.items() if key and self._keeper.kept(document, OF_EDIT + key)}
        if found:
            self._write(document, {**keys, **found}, at_once=False)

    def edit_of(self, document: Hashable, key: str) -> KeptEdit:
        """UnreadableEdit where there is none any more, or something else."""
        return unpacked(self._keeper.kept(document, OF_EDIT + key))

    def keep(self, document: Hashable, layer_id: str, key: str, edit: KeptEdit) -> bool:
        """From now on this layer has this edit. False where the document has not taken it yet.

        TooDetailed where that is too large.
        """
        kept = self._keeper.keep(document, OF_EDIT + key, packed(edit), at_once=True)
        return self._write(document, {**self.keys(document), layer_id: key}) and kept

    def sweep(self, document: Hashable, layers: Iterable[LayerName]) -> None:
        """Drop what is kept of layers that the document no longer has; `layers` are those it has."""
        present, keys = list(layers), self.keys(document)
        ids = {layer.id for layer in present}
        wanted = {keys.get(layer.id) or key_in(layer.name) for layer in present}
        for key in {key for key in keys.values() if key not in wanted}:
            name = OF_EDIT + key
            own = tuple(id for id in keys if keys[id] == key and id not in ids)
            self._remember((document, key), own, self._keeper.kept(document, name))
            self._keeper.keep(document, name, b"", at_once=True)
        left = {id: key for id, key in keys.items() if key in wanted}
        if left != keys:
            self._write(document, left)

    def bring_back(self, document: Hashable, layers: Callable[[], Iterable[LayerName]]) -> None:
        """Keep again what was dropped of layers that an undo brought back, or that were cut and pasted.

        `layers` tells those that the document has; it is asked only where something was dropped.
        """
        dropped = [one for one in self._swept if one[0] == document]
        for layer in layers() if dropped else []:
            for one in dropped:
                ids, edit = self._swept.get(one, ((), b""))
                if layer.id in ids or (edit and key_in(layer.name) == one[1]):
                    del self._swept[one]
                    self._keeper.keep(document, OF_EDIT + one[1], edit, at_once=True)
                    self._write(document, {**self.keys(document), **dict.fromkeys(ids, one[1])})

    def forget(self, document: Hashable) -> None:
        """The document was closed."""
        for one in [one for one in self._swept if one[0] == document]:
            del self._swept[one]

    def _remember(self, one: Tuple[Hashable, str], ids: Tuple[str, ...], edit: bytes) -> None:
        self._swept[one] = ids, edit
        while len(self._swept) > MOST_SWEPT:
            del self._swept[next(iter(self._swept))]

    def _write(self, document: Hashable, keys: Dict[str, str], at_once: bool = True) -> bool:
        newest = dict(list(keys.items())[-MOST_LAYERS:])
        index = json.dumps(newest, separators=(",", ":")).encode("ascii")
        return self._keeper.keep(document, INDEX, index, at_once)


def ids_and_keys(data: bytes) -> Dict[str, str]:
    """An index as it is kept; what is no id with its key is left out."""
    try:
        found = parse(data) if len(data) <= MOST_INDEX else {}
    except ProtocolError:
        return {}
    pairs: List[Tuple[str, object]] = list(found.items())[:MOST_LAYERS]
    return {
        id: key
        for id, key in pairs
        if len(id) <= LONGEST_ID and isinstance(key, str) and len(key) == KEY_LENGTH and key_in(f" #{key}")
    }


def is_edit(layer: LayerName, keys: Dict[str, str]) -> bool:
    """Whether a layer shows an edit, also a copy from another document: such are not read as the picture."""
    return layer.id in keys or (key_in(layer.name) is not None and "Anycost" in layer.name)
