"""What a batch needs of the program that holds the documents. Plain data, no Qt, no krita."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Hashable, List, Optional, Protocol, Tuple

from ...bridge.messages import Layer
from .edit_layers import LayerName
from .picture import Picture


@dataclass(frozen=True)
class Item:
    """One picture: a layer, or a frame of one."""

    name: str  # as the artist knows it
    key: Hashable


@dataclass(frozen=True)
class Put:
    """What became of one edit."""

    why: str = ""  # it has no place any more; empty where it has
    layer: Optional[LayerName] = None  # that it has alone, over the one that was read


class Source(Protocol):
    """Where the pictures are, and where their edits go. Each calls one of its two functions later."""

    def read(self, item: Item, done: Callable[[Picture], None], failed: Callable[[str], None]) -> None:
        """Gives the picture, or why there is none."""
        ...

    def put(
        self,
        item: Item,
        picture: Picture,
        layer: Layer,
        done: Callable[[Put], None],
        failed: Callable[[str], None],
    ) -> None:
        """Takes the edit of one picture; `failed` where none can be written."""
        ...

    def finish(self, done: Callable[[None], None], failed: Callable[[str], None]) -> None:
        """Shows what was put, in the document; one edit that is being put is dropped."""
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
