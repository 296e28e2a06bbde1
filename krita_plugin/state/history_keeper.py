"""Remembers what was worth it of each face's edits, and keeps that in the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Hashable, List, Optional

from ...bridge.messages import Thumbnail
from ..words import tr
from .document_faces import Faces
from .edit_layers import NOT_KEPT
from .history import SMALL_SIDE, Adjustment, PastState
from .history_pictures import small_rgb, thumbnail_rgb
from .kept_history import NAME, FaceHistory, packed, read, written
from .picture import HostError
from .portrait import Portrait
from .topic import Topic

if TYPE_CHECKING:
    from .state import PanelState


class HistoryKeeper:
    """One panel's; the states themselves are the faces'."""

    def __init__(self, state: PanelState) -> None:
        self._state = state
        state.listeners.append(self._heard)

    @property
    def states(self) -> List[PastState]:
        """Those of the face that the artist edits, newest first."""
        portrait = self._state.portrait
        return [] if portrait is None else portrait.past.states[::-1]

    def rested(self) -> None:
        """The artist has not touched anything for a moment: what is on screen in full is worth a state."""
        portrait = self._state.portrait
        if portrait is not None and portrait.drawn_in_full:
            self._remember(self._state.document, portrait, portrait.adjustment)

    def applied(self, document: Hashable, portrait: Portrait) -> None:
        """A layer was added."""
        self._remember(document, portrait, portrait.applied, applied=True)

    def chosen(self) -> None:
        """The artist took something as a whole, such as a preset. Its picture is drawn for it, since he may
        move on before the face is there in full."""
        portrait, document = self._state.portrait, self._state.document
        if portrait is None:
            return
        now = portrait.adjustment
        self._remember(document, portrait, now)

        def drawn(small: Optional[Thumbnail]) -> None:
            waits = any(one.adjustment == now and not one.picture for one in portrait.past.states)
            if small is not None and waits:
                portrait.past.remember(now, packed(thumbnail_rgb(small)))
                self._save(document)

        if portrait.drawable and self._state.core.connected:
            self._state.core.draw_small(portrait, now, SMALL_SIDE, drawn)

    def discard(self, past: PastState) -> None:
        portrait = self._state.portrait
        if portrait is not None:
            portrait.past.discard(past)
            self._save(self._state.document, at_once=True)

    def discard_all(self) -> None:
        portrait = self._state.portrait
        if portrait is not None:
            portrait.past.states = []
            self._save(self._state.document, at_once=True)

    def _remember(
        self, document: Optional[Hashable], portrait: Portrait, adjustment: Adjustment, applied: bool = False
    ) -> None:
        before = list(portrait.past.states)
        shown = portrait.frame if portrait.drawn_in_full and portrait.adjustment == adjustment else None
        portrait.past.remember(adjustment, b"" if shown is None else packed(small_rgb(shown)), applied)
        if portrait.past.states != before:
            self._save(document)

    def _save(self, document: Optional[Hashable], at_once: bool = False) -> None:
        """Who only looked at a face is not asked to save; who discards something is."""
        faces = None if document is None else self._state.core.faces.get(document)
        if document is not None and faces is not None:
            told = [FaceHistory(one.portrait.key, one.spot, one.portrait.past.states) for one in faces.all]
            waiting = self._state.core.histories.get(document)  # None: what it keeps could not be read...
            kept = waiting is not None  # ...and is not written over
            if waiting is not None:
                kept = self._state.host.keep(document, NAME, written([*told, *waiting]), at_once)
            if not kept:
                self._state.say(tr(NOT_KEPT))
        self._state.tell(Topic.HISTORY)

    # What a document brings

    def _heard(self, topic: Topic) -> None:
        document, faces = self._state.document, self._state.faces
        if topic is Topic.DOCUMENT and document is not None and faces is not None:
            self._claim(document, faces)
        elif topic is Topic.FRAME:
            self._fill()

    def _fill(self) -> None:
        """A state that was remembered before it was drawn gets its picture."""
        portrait = self._state.portrait
        if portrait is None or not portrait.drawn_in_full:
            return
        now = portrait.adjustment
        if any(one.adjustment == now and not one.picture for one in portrait.past.states):
            self._remember(self._state.document, portrait, now)

    def _claim(self, document: Hashable, faces: Faces) -> None:
        """Give the faces what the document has kept for them."""
        histories = self._state.core.histories
        if document not in histories:
            try:
                histories[document] = read(self._state.host.kept(document, NAME))
            except HostError:
                return  # the next look at the document tries again
        waiting = histories[document]
        for face in faces.all:
            found = next((one for one in waiting if face.lies_around(one.spot)), None)
            if found is None or face.portrait.past.states:
                continue
            waiting.remove(found)
            face.portrait.key, face.portrait.past.states = found.key, list(found.states)
            self._state.tell(Topic.HISTORY)
