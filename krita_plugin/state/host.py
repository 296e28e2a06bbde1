"""What the panel's state needs of the program that holds the documents: document.py's Krita, or studio.py."""

from __future__ import annotations

from typing import Callable, Hashable, List, Optional, Protocol, Sequence

from ...bridge.messages import Layer, Selected
from .batch_host import BatchHost
from .edit_layers import LayerName
from .kept_edit import KeptEdit
from .layer_place import LayerPlace
from .picture import Box, Edge, Picture


class Host(Protocol):
    """Documents have the numbers that the host gave them, layers the names."""

    selects: bool  # whether its documents have selections
    keeps: bool  # whether what is kept in a document is saved with it

    @property
    def batches(self) -> Optional[BatchHost]:
        """What documents hold beside the picture in front; None: nothing."""
        ...

    def keep(self, document: Hashable, name: str, data: bytes, at_once: bool = False) -> bool:
        """Keep bytes in a document under a name, in place of those before. False where the document did not
        take them: `kept` gives them all the same, and it is tried again while the document is open.

        `at_once` is a change of the document. Else it takes them once a second, without being marked as
        modified: they are saved when it is.
        """
        ...

    def kept(self, document: Hashable, name: str) -> bytes:
        """The bytes kept under a name, perhaps by somebody who means harm; empty for none. HostError where
        nobody can tell."""
        ...

    def read(
        self,
        document: Hashable,
        around: bool,
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
        up_to_active: bool = False,
    ) -> None:
        """Read the selection's box, with what is around it or alone, or else the whole picture.

        As if no layer of an edit were there, and with `up_to_active` nothing that lies over the active layer.
        """
        ...

    def read_under(
        self,
        document: Hashable,
        layer: LayerName,
        edit: KeptEdit,
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
    ) -> None:
        """Read the box of a kept edit again, as it is below the edit's layer."""
        ...

    def layer_names(self, document: Hashable) -> List[LayerName]:
        """Every layer of a document."""
        ...

    def painted(self, document: Hashable, layer: Hashable) -> Box:
        """The box of what is painted on a layer."""
        ...

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
        """Put a layer in its place, or in that of the last of `replaced` that is still there. `done` gets its
        own name, or `failed` a sentence.

        `mask` is what the mask of a new group shows, in the picture's pixels; else it shows all.
        """
        ...

    def selected(
        self,
        document: Hashable,
        picture: Picture,
        box: Box,
        edge: Edge,
        done: Callable[[Optional[Selected]], None],
        failed: Callable[[str], None],
    ) -> None:
        """How far the document's selection, with another edge, selects a box of the picture's own pixels: one
        of both is called, with None where there is no selection."""
        ...
