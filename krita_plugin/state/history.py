"""What a face's sliders said before: steps to undo, and states to come back to. Plain data, no Qt.

kept_history.py writes the states into the document.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Dict, List, Optional

from ...bridge.messages import Mix

MOST_STATES = 50  # of one face
MOST_STEPS = 200
SMALL_SIDE = 64  # pixels of a state's picture


@dataclass(frozen=True)
class Adjustment:
    """What all sliders say, and what is taken of another face."""

    edits: Dict[str, float] = field(default_factory=dict)  # only those that are not at 0
    mix: Optional[Mix] = None  # its `picture` is a portrait's `key`

    @property
    def plain(self) -> bool:
        return not self.edits and self.mix is None

    def differs_in(self, other: Adjustment) -> int:
        """In how many sliders; a mix counts as one."""
        names = {*self.edits, *other.edits}
        apart = sum(self.edits.get(name, 0.0) != other.edits.get(name, 0.0) for name in names)
        return apart + (self.mix != other.mix)


@dataclass(frozen=True)
class PastState:
    """A state that was worth to be remembered."""

    adjustment: Adjustment
    picture: bytes = field(
        default=b"", repr=False
    )  # RGB, SMALL_SIDE pixels a side, deflated; empty where none was drawn
    applied: bool = False


class Steps:
    """Undo and redo of one face's sliders."""

    def __init__(self) -> None:
        self.before: List[Adjustment] = []
        self.after: List[Adjustment] = []
        self._dragged = ""  # the slider that the mouse still holds

    def moved(self, before: Adjustment, what: str, dragging: bool) -> None:
        """The artist moves something, which was like `before`. One drag is one step."""
        same_drag = bool(what) and what == self._dragged
        self._dragged = what if dragging else ""
        if same_drag:
            return
        self.before = [*self.before, before][-MOST_STEPS:]
        self.after = []

    def undo(self, now: Adjustment) -> Optional[Adjustment]:
        """What to go back to from how it is now; None where there is nothing."""
        return self._step(self.before, self.after, now)

    def redo(self, now: Adjustment) -> Optional[Adjustment]:
        return self._step(self.after, self.before, now)

    def _step(
        self, source: List[Adjustment], target: List[Adjustment], now: Adjustment
    ) -> Optional[Adjustment]:
        self._dragged = ""
        while source:
            found = source.pop()
            if found != now:  # a slider that was released where it had been pressed is no step
                target.append(now)
                return found
        return None


class Past:
    """The states and steps of one face. States are few and small: they share the face's latents."""

    def __init__(self) -> None:
        self.states: List[PastState] = []  # oldest first
        self.steps = Steps()

    def remember(self, adjustment: Adjustment, picture: bytes = b"", applied: bool = False) -> None:
        """Add a state, or renew the one that says the same.

        Where the artist only went on with a slider, it takes the place of the last state, unless that was
        applied.
        """
        if adjustment.plain and not applied:
            return
        old = next((state for state in self.states if state.adjustment == adjustment), None)
        if old is not None:
            self._replace(old, PastState(adjustment, picture or old.picture, applied or old.applied))
            return
        last = self.states[-1] if self.states else None
        goes_on = last is not None and not last.applied and adjustment.differs_in(last.adjustment) == 1
        if last is not None and goes_on and set(adjustment.edits) == set(last.adjustment.edits):
            self.states.pop()
        self.states.append(PastState(adjustment, picture, applied))
        self._make_room()

    def discard(self, state: PastState) -> None:
        self.states = [one for one in self.states if one is not state]

    def _replace(self, old: PastState, new: PastState) -> None:
        self.states[[one is old for one in self.states].index(True)] = new

    def _make_room(self) -> None:
        """The oldest go first, those that were applied last."""
        while len(self.states) > MOST_STATES:
            spare = next((state for state in self.states[:-1] if not state.applied), self.states[0])
            self.discard(spare)


def without_faces(adjustment: Adjustment) -> Adjustment:
    """An adjustment for any face: what is taken of another face of the picture stays behind."""
    mix = adjustment.mix
    return adjustment if mix is None or mix.picture is None else replace(adjustment, mix=None)
