"""What a batch needs of the program that holds the documents. Plain data, no Qt, no krita."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Hashable, List, Protocol, Tuple

from ..bridge.messages import Layer
from .picture import Picture


@dataclass(frozen=True)
class Item:
    """One picture: a layer, or a frame of one."""

    name: str  # as the artist knows it
    key: Hashable


class LeftOut(Exception):
    """Why a picture gets no edit."""


class Source(Protocol):
    """Where the pictures are, and where their edits go."""

    def read(self, item: Item, done: Callable[[Picture], None], failed: Callable[[str], None]) -> None:
        """One of both is called later, with the picture or with why there is none."""
        ...

    def put(self, item: Item, picture: Picture, layer: Layer) -> None:
        """Take the edit of one picture. LeftOut where that one has no place any more, HostError where none
        can be written."""
        ...

    def finish(self) -> None:
        """Show what was put in the document; nothing where nothing was. HostError as for `put`."""
        ...


class BatchHost(Protocol):
    """What a document holds beside the picture in front."""

    def selected_layers(self, document: Hashable) -> List[Item]: ...

    def visible_layers(self, document: Hashable) -> List[Item]: ...

    def frames(self, document: Hashable) -> Tuple[str, List[Item]]:
        """The active layer's name, and its frames in order; their keys are their times."""
        ...

    def layers_source(self, document: Hashable, name: str, together: bool) -> Source:
        """The edits become layers called `name`: `together` in one group on top, or each above its own."""
        ...

    def frames_source(self, document: Hashable, name: str) -> Source:
        """The edits become the frames of one layer above the active one."""
        ...
