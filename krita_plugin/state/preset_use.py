"""The preset that the artist tries: how strongly it is over what was there before. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Optional

from .history import Adjustment
from .presets import Preset, with_preset

if TYPE_CHECKING:
    from .state import PanelState

MOST = 1.5  # times what a preset says


class PresetUse:
    """The last preset that was chosen. Another strength begins again from what was there before it."""

    def __init__(self, state: PanelState) -> None:
        self._state = state
        self.preset: Optional[Preset] = None
        self.strength = 1.0
        self._before = Adjustment()
        self._set: Optional[Adjustment] = None  # what it made of the sliders

    def choose(self, preset: Preset) -> None:
        """Set its sliders, one step to undo."""
        portrait = self._state.portrait
        if portrait is None:
            return
        if not self._is_set:
            self._before = portrait.adjustment
        self.preset = preset
        self._apply(dragging=False)
        self._state.history.chosen()

    def set_strength(self, strength: float, dragging: bool = False) -> None:
        self.strength = min(max(strength, 0.0), MOST)
        if self.preset is not None and self._is_set:
            self._apply(dragging)

    @property
    def _is_set(self) -> bool:
        """Whether the sliders are as the preset left them."""
        portrait = self._state.portrait
        return portrait is not None and self._set is not None and portrait.adjustment == self._set

    def _apply(self, dragging: bool) -> None:
        portrait = self._state.portrait
        if portrait is None or self.preset is None:
            return
        edits = with_preset(self._before.edits, self.preset, self.strength)
        self._state.adjust(replace(self._before, edits=edits), "preset strength", dragging)
        self._set = portrait.adjustment
