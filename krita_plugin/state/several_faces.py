"""All edited faces of a picture: from one to the next, and a layer for each. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Hashable, List, Optional

from .document_faces import Face
from .topic import Topic

if TYPE_CHECKING:
    from .state import PanelState


class SeveralFaces:
    """One panel's."""

    def __init__(self, state: PanelState) -> None:
        self._state = state
        self._waiting: List[Face] = []  # for their layers
        self._document: Optional[Hashable] = None
        self._first: Optional[Face] = None  # to which the artist comes back
        self._asked = False  # whether the layer of the face in front was asked for
        state.listeners.append(self._heard)

    @property
    def edited(self) -> List[Face]:
        faces = self._state.faces
        return [] if faces is None else [one for one in faces.all if not one.portrait.adjustment.plain]

    def next_face(self, step: int = 1) -> None:
        """Edit the next face to image right, or to image left; after the last comes the first."""
        faces = self._state.faces
        if faces is None or len(faces.all) < 2:
            return
        chosen = faces.chosen if faces.chosen in faces.all else None
        at = (0 if step > 0 else -1) if chosen is None else faces.all.index(chosen) + step
        self._state.pick(faces.all[at % len(faces.all)])

    # Apply all

    @property
    def applying(self) -> bool:
        return bool(self._waiting)

    def apply_all(self) -> None:
        """A layer for each edited face, one after the other. The first that fails ends it."""
        if self.applying or self._state.faces is None:
            return
        self._waiting, self._document = self.edited, self._state.document
        self._first = self._state.faces.chosen
        self._next()

    def _next(self) -> None:
        self._asked = False
        if self._waiting:
            self._state.pick(self._waiting[0])
            self._go_on()
        elif self._first is not None:
            first, self._first = self._first, None
            self._state.pick(first)

    def _heard(self, topic: Topic) -> None:
        said = topic is Topic.MESSAGE and bool(self._state.message)
        if self._waiting and (said or topic in (Topic.PROGRESS, Topic.DOCUMENT, Topic.CONNECTION)):
            self._go_on()

    def _go_on(self) -> None:
        state, face = self._state, self._waiting[0]
        faces = state.faces
        gone = state.document != self._document or faces is None or face not in faces.all
        if gone or state.message or not state.core.connected:
            self._stop()
        elif state.busy or face.portrait.applying:
            return
        elif self._asked:
            self._done()
        elif state.portrait is not face.portrait or not state.can_edit:
            self._stop()  # the artist went to another face, or cancelled the projection
        elif state.can_apply:
            self._asked = True
            state.apply()
        elif not state.changes:
            self._done()  # its sliders do not work on it

    def _done(self) -> None:
        self._waiting.pop(0)
        self._next()

    def _stop(self) -> None:
        self._waiting, self._first = [], None
