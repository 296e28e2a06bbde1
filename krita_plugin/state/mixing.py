"""Taking something of another face, of a made-up one, or of a state of the history. No Qt.

Of another face the core takes layers, or shape and colours as they are read (docs/protocol.md, `mix`). A
state of the same face differs in its sliders alone, so those of each band go toward it: that works on any
picture.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Tuple

from ...bridge.messages import MAX_SEED, Mix, Slider
from .history import Adjustment, PastState
from .portrait import Portrait

if TYPE_CHECKING:
    from .state import PanelState

BANDS: Tuple[str, ...] = ("coarse", "middle", "fine")
SHAPE_GROUPS = ("Pose", "Shape")  # whose sliders count as turn and shape...
COLOUR_GROUPS = ("Hair", "Make-up", "Light", "Extras")  # ...and as colours; those of others as features


@dataclass(frozen=True)
class MixSource:
    """Whose something is taken: one of three."""

    face: Optional[Portrait] = None
    seed: Optional[int] = None
    state: Optional[PastState] = None


def band_of(slider: Slider) -> str:
    if slider.group in SHAPE_GROUPS:
        return "coarse"
    return "fine" if slider.group in COLOUR_GROUPS else "middle"


def toward(
    edits: Mapping[str, float],
    other: Mapping[str, float],
    amounts: Mapping[str, float],
    sliders: List[Slider],
) -> Dict[str, float]:
    """Sliders that go toward others', those of each band by its amount, 0 to 1."""
    mixed = dict(edits)
    for slider in sliders:
        share, name = amounts[band_of(slider)], slider.name
        here, there = edits.get(name, 0.0), other.get(name, 0.0)
        mixed[name] = round(here + share * (there - here), 4)
    return {name: value for name, value in mixed.items() if value}


class Mixing:
    """One panel's: the source, and how much of it is taken in each band."""

    def __init__(self, state: PanelState) -> None:
        self._state = state
        self._source: Optional[MixSource] = None
        self._of: Optional[Portrait] = None  # whose sliders are mixed
        self._before = Adjustment()  # what a state is mixed into
        self._set: Optional[Adjustment] = None  # what that made of the sliders
        self._amounts: Dict[str, float] = dict.fromkeys(BANDS, 0.0)  # of a state

    @property
    def source(self) -> Optional[MixSource]:
        """What is mixed into the present face; None for nothing."""
        portrait = self._state.portrait
        if portrait is None:
            return None
        if portrait.mix is None:
            return self._source if self._of is portrait else None
        if portrait.mix.picture is None:
            return MixSource(seed=portrait.mix.seed)
        other = self._state.core.mixed_in(portrait)
        return None if other is None else MixSource(face=other)

    def amount(self, band: str) -> float:
        portrait, source = self._state.portrait, self.source
        if portrait is None or source is None:
            return 0.0
        if source.state is not None:
            return self._amounts[band]
        return 0.0 if portrait.mix is None else float(getattr(portrait.mix, band))

    @property
    def faces(self) -> List[Portrait]:
        """The other faces that were projected, of all documents."""
        core, portrait = self._state.core, self._state.portrait
        keys = set() if portrait is None else {portrait.key}
        return [one for one in core.portraits() if one.key not in keys and core.has_latents(one)]

    @property
    def can_make_up(self) -> bool:
        """Whether a made-up face can be mixed in: not into a picture that the generator does not draw."""
        portrait = self._state.portrait
        return portrait is not None and self._state.core.draws(portrait)

    # What the artist does

    def choose(self, source: Optional[MixSource]) -> None:
        """Take from this one from now on; the amounts stay, and begin at 0."""
        portrait = self._state.portrait
        if portrait is None:
            return
        amounts = {band: self.amount(band) for band in BANDS}
        old = self.source
        mixed = old is not None and old.state is not None and portrait.adjustment == self._set
        before = self._before if mixed else portrait.adjustment
        self._source, self._of, self._before = source, portrait, replace(before, mix=None)
        self._mix(amounts if source is not None else dict.fromkeys(BANDS, 0.0), "", False)

    def make_up(self) -> None:
        """Take from a new face that the generator makes up."""
        self.choose(MixSource(seed=random.SystemRandom().randint(0, MAX_SEED)))

    def set_amount(self, band: str, amount: float, dragging: bool = False) -> None:
        source = self.source
        if source is not None:
            self._source, self._of = source, self._state.portrait
            amounts = {one: self.amount(one) for one in BANDS}
            if source.state is not None and self._of is not None and self._of.adjustment != self._set:
                self._before, amounts = self._of.adjustment, dict.fromkeys(BANDS, 0.0)  # sliders were moved
            self._mix({**amounts, band: min(max(amount, 0.0), 1.0)}, f"mix {band}", dragging)

    def _mix(self, amounts: Dict[str, float], what: str, dragging: bool) -> None:
        portrait, source = self._state.portrait, self._source
        if portrait is None:
            return
        wanted = self._before if source is None else replace(portrait.adjustment, mix=None)
        if source is not None and source.state is not None:
            self._amounts = amounts
            sliders = list(self._state.core.opened.directions)
            there = source.state.adjustment.edits
            wanted = replace(self._before, edits=toward(self._before.edits, there, amounts, sliders))
        elif source is not None:
            key = None if source.face is None else source.face.key
            wanted = replace(wanted, mix=Mix(key, source.seed, *(amounts[band] for band in BANDS)))
        released = bool(what) and not dragging  # then it is drawn in full
        if wanted != portrait.adjustment or released:
            self._state.adjust(wanted, what, dragging)
        self._set = portrait.adjustment
