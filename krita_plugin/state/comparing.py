"""What the present face is compared with, and how. No Qt; compared_view.py paints it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Optional

from ...bridge.messages import Frame, Thumbnail
from .history import PastState
from .portrait import Portrait
from .topic import Topic

if TYPE_CHECKING:
    from .state import PanelState

SIDE = 384  # pixels of a state that is drawn to compare with


class Manner(Enum):
    """How A and the face as it is now are shown."""

    NOW = "now"
    A = "a"
    WIPE = "wipe"  # A to the left of a line
    DIFFERENCE = "difference"  # where they differ, and how much


class Comparing:
    """One panel's. A is the original until the artist takes another: a state, or the face as it is."""

    def __init__(self, state: PanelState) -> None:
        self._state = state
        self.manner = Manner.NOW
        self.line = 0.5  # where the wipe's line is, in fractions of the width
        self.frame: Optional[Frame] = None  # A, where it was on screen
        self.drawn: Optional[Thumbnail] = None  # A, where it was drawn for this
        self.chosen: Optional[PastState] = None
        self._portrait: Optional[Portrait] = None
        state.listeners.append(self._heard)

    @property
    def is_original(self) -> bool:
        return self.frame is None and self.drawn is None

    def set_manner(self, manner: Manner) -> None:
        """A second time: the face as it is again."""
        self.manner = Manner.NOW if manner is self.manner else manner
        self._state.tell(Topic.COMPARING)

    def move_line(self, share: float) -> None:
        self.line = min(max(share, 0.0), 1.0)
        self._state.tell(Topic.COMPARING)

    def take_original(self) -> None:
        self.frame, self.drawn, self.chosen = None, None, None
        self._state.tell(Topic.COMPARING)

    def take_now(self) -> None:
        """A is the face as it is on screen."""
        portrait = self._state.portrait
        if portrait is not None and portrait.frame is not None:
            self._portrait = portrait
            self.frame, self.drawn, self.chosen = portrait.frame, None, None
            self._state.tell(Topic.COMPARING)

    def take_state(self, past: PastState) -> None:
        """A is a state of the history, as soon as the core has drawn it."""
        portrait = self._state.portrait
        if portrait is None:
            return
        self._portrait, self.chosen = portrait, past

        def came(picture: Optional[Thumbnail]) -> None:
            if picture is not None and self.chosen is past and self._portrait is portrait:
                self.frame, self.drawn = None, picture
                self._state.tell(Topic.COMPARING)

        self._state.core.draw_small(portrait, past.adjustment, SIDE, came, "preview")

    def _heard(self, topic: Topic) -> None:
        other = self._portrait is not None and self._portrait is not self._state.portrait
        if topic is Topic.DOCUMENT and other:
            self._portrait = None
            self.take_original()
