"""The panels of all windows, as the one to whom a conversation speaks. No Qt, no krita."""

from __future__ import annotations

from typing import Hashable, Iterator, List, Optional, Protocol

from ...bridge.messages import EditState
from .picture import Box
from .portrait import Portrait
from .topic import Topic


class Viewer(Protocol):
    """One window's panel: what it shows, and how it hears of what has changed."""

    @property
    def portrait(self) -> Optional[Portrait]:
        """The one of the chosen face of the document in front."""
        ...

    document: Optional[Hashable]  # in front in this window
    selection: Optional[Box]  # of that document

    def edit_state(self, portrait: Portrait) -> EditState: ...

    def say(self, sentence: str) -> None: ...

    def hear(self, topic: Topic) -> None: ...


class Viewers:
    """Windows come and go; the one that the artist used last leads.

    Two windows may show one document: its faces and edits are the same in both, and what the next frame
    depends on beside them, as the quality, is the leading window's.
    """

    def __init__(self) -> None:
        self._all: List[Viewer] = []  # the leading one first

    def join(self, viewer: Viewer) -> None:
        self._all.append(viewer)

    def leave(self, viewer: Viewer) -> None:
        """A closed window's panel hears nothing any more."""
        self._all = [other for other in self._all if other is not viewer]

    def lead(self, viewer: Viewer) -> None:
        """The artist works in this window now."""
        if self._all[:1] != [viewer]:
            self._all.sort(key=lambda other: other is not viewer)

    def __bool__(self) -> bool:
        """Whether any window has a panel: the last one closes while the core still answers."""
        return bool(self._all)

    def showing(self, document: Optional[Hashable]) -> List[Viewer]:
        """Those with this document in front."""
        return [viewer for viewer in self._all if document is not None and viewer.document == document]

    def portraits(self) -> Iterator[Portrait]:
        """Every portrait that somebody looks at, once."""
        seen: List[Portrait] = []
        for viewer in self._all:
            portrait = viewer.portrait
            if portrait is not None and portrait not in seen:
                seen.append(portrait)
        return iter(seen)

    def selection(self, document: Hashable) -> Optional[Box]:
        """What is selected in a document, as far as a window shows it."""
        return next((viewer.selection for viewer in self.showing(document)), None)

    def edit_state(self, portrait: Portrait) -> EditState:
        """As the leading one of the windows that show it wants it; else as the leading one of all does."""
        showing = [viewer for viewer in self._all if viewer.portrait is portrait]
        return (showing or self._all)[0].edit_state(portrait)

    def say(self, sentence: str, document: Optional[Hashable] = None) -> None:
        """Show a sentence about a document where that is in front, or else in every window."""
        for viewer in self.showing(document) or list(self._all):
            viewer.say(sentence)

    def tell(self, topic: Topic) -> None:
        """Something has changed: whatever a panel shows of it is shown anew."""
        for viewer in list(self._all):
            viewer.hear(topic)
