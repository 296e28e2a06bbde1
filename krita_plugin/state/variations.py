"""Surprise me: other faces near the present one, from seeds that bring them back. No Qt.

On any picture a variation moves sliders by chance. Where the generator draws the picture, it also takes a
little of a face that the generator makes up.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Collection, Dict, List, Optional, Sequence, Set

from ...bridge.messages import MAX_SEED, Mix, Slider, Thumbnail
from .history import Adjustment
from .portrait import Portrait
from .topic import Topic

if TYPE_CHECKING:
    from .state import PanelState

LEAST, MOST = 4, 9
SMALL = 96  # pixels a side
MOVED = 0.35  # of the sliders move
REACH = 1.7  # of sliders at their end: how far a variation of full strength goes in all
COARSE, MIDDLE, FINE = 0.3, 0.55, 0.4  # of a made-up face at full strength
MADE_UP = "made up"  # the lock of what the generator makes up
STILL = ("Pose", "Light")  # groups that a variation leaves alone until the artist wants them moved


def varied(
    base: Adjustment,
    seed: int,
    strength: float,
    sliders: Sequence[Slider],
    locked: Collection[str] = (),
    draws: bool = False,
) -> Adjustment:
    """The variation of a seed: the same for the same arguments, in every version of Python.

    Each slider has its own chance, so that a lock changes nothing about the others but how far they go in
    all. Sliders end where the pack's measured ranges end.
    """
    steps: Dict[str, float] = {}
    for slider in sliders:
        chance = random.Random(f"{seed} {slider.name}")
        moves, step = chance.random() < MOVED, chance.gauss(0.0, 1.0)
        if moves and slider.group not in locked:
            steps[slider.name] = step
    length = math.sqrt(sum(step * step for step in steps.values()))
    edits = dict(base.edits)
    for slider in sliders:
        step = steps.get(slider.name, 0.0) * (strength * REACH / length if length else 0.0)
        if step:
            step = min(max(step, -1.0), 1.0)
            value = base.edits.get(slider.name, 0.0) + step * (slider.high if step > 0 else -slider.low)
            edits[slider.name] = round(min(max(value, slider.low), slider.high), 2)
    mix = base.mix
    if draws and mix is None and MADE_UP not in locked and strength > 0:
        mix = Mix(None, seed, strength * COARSE, strength * MIDDLE, strength * FINE)
    return replace(base, edits={name: value for name, value in edits.items() if value}, mix=mix)


@dataclass
class Variation:
    """One of the pictures that are shown."""

    seed: int
    adjustment: Adjustment
    picture: Optional[Thumbnail] = None
    asked: bool = False


class Variations:
    """One panel's. Pictures are asked for one at a time, so that an edit never waits for more than one."""

    def __init__(self, state: PanelState) -> None:
        self._state = state
        self.count = 6
        self.strength = 0.6
        self.locked: Set[str] = set(STILL)
        self.all: List[Variation] = []
        self.base = Adjustment()  # around which they lie
        self._portrait: Optional[Portrait] = None
        self._seeds: List[int] = []
        self._before: List[List[int]] = []  # sets of seeds that were shown before
        self._request: Optional[int] = None
        state.listeners.append(self._heard)

    # What the artist does

    def make(self, seeds: Optional[Sequence[int]] = None) -> None:
        """New variations around the face as it is now: of these seeds, else of new ones."""
        portrait = self._state.portrait
        if portrait is None:
            return
        if self._seeds:
            self._before = [*self._before, self._seeds][-100:]
        fresh = random.SystemRandom()
        self._seeds = list(seeds or ())[:MOST]
        self._seeds += [fresh.randint(0, MAX_SEED) for _ in range(self.count - len(self._seeds))]
        self._start(portrait, portrait.adjustment)

    def back(self) -> None:
        """The set before, around the same face."""
        if self._before and self._portrait is not None:
            self._seeds = self._before.pop()
            self._start(self._portrait, self.base)

    @property
    def can_go_back(self) -> bool:
        return bool(self._before) and self._portrait is self._state.portrait

    def set_strength(self, strength: float) -> None:
        """The same seeds, nearer or further."""
        self.strength = min(max(strength, 0.0), 1.0)
        self._again()

    def set_count(self, count: int) -> None:
        self.count = min(max(count, LEAST), MOST)
        if self._seeds:
            missing = self.count - len(self._seeds)
            fresh = random.SystemRandom()
            self._seeds = [*self._seeds, *(fresh.randint(0, MAX_SEED) for _ in range(missing))][: self.count]
            self._again()

    def lock(self, group: str, locked: bool) -> None:
        (self.locked.add if locked else self.locked.discard)(group)
        self._again()

    def take(self, variation: Variation) -> None:
        """Make it the present edit, one step to undo."""
        if self._portrait is self._state.portrait:
            self._state.adjust(variation.adjustment)
            self._state.history.chosen()

    def clear(self) -> None:
        """Forget the pictures; what was asked for is not awaited any more."""
        if self._request is not None:
            self._state.core.link.cancel(self._request)
        self._request, self._portrait, self.all = None, None, []
        self._state.tell(Topic.VARIATIONS)

    @property
    def groups(self) -> List[str]:
        """What can be locked, in the pack's order."""
        found = list(dict.fromkeys(slider.group for slider in self._state.core.opened.directions))
        portrait = self._state.portrait
        draws = portrait is not None and self._state.core.draws(portrait)
        return [*found, MADE_UP] if draws else found

    def heading(self, group: str) -> str:
        """What a group is called in the artist's language."""
        sliders = self._state.core.opened.directions
        return next((slider.heading for slider in sliders if slider.group == group and slider.heading), group)

    # How they are drawn

    def _again(self) -> None:
        if self._portrait is not None and self._portrait is self._state.portrait:
            self._start(self._portrait, self.base)

    def _start(self, portrait: Portrait, base: Adjustment) -> None:
        core = self._state.core
        if self._request is not None:
            core.link.cancel(self._request)
        limited = core.limited(portrait)
        sliders = [slider for slider in core.opened.directions if slider.name not in limited]
        self._request, self._portrait, self.base = None, portrait, base
        self.all = [
            Variation(seed, varied(base, seed, self.strength, sliders, self.locked, core.draws(portrait)))
            for seed in self._seeds[: self.count]
        ]
        self._state.tell(Topic.VARIATIONS)
        self._draw_next()

    def _draw_next(self) -> None:
        core, portrait = self._state.core, self._portrait
        missing = next((one for one in self.all if not one.asked), None)
        if missing is None or portrait is None or not core.connected or not portrait.drawable:
            return
        shown = self.all

        def drawn(picture: Optional[Thumbnail]) -> None:
            if self.all is not shown:
                return
            self._request = None
            missing.picture = picture  # none where the core is gone: asked for again when it is back
            self._state.tell(Topic.VARIATIONS)
            self._draw_next()

        missing.asked = True
        self._request = core.draw_small(portrait, missing.adjustment, SMALL, drawn)

    def _heard(self, topic: Topic) -> None:
        if topic is not Topic.DOCUMENT and topic is not Topic.CONNECTION:
            return
        if self._portrait is not None and self._portrait is not self._state.portrait:
            self.clear()  # another face is in front
        elif self._request is None:
            for one in self.all:
                one.asked = one.picture is not None
            self._draw_next()
